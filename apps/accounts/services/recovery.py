"""Sign-up, a new password and the proof of an address. No answer tells who has an account, nor how long it takes.

Each mail is asked for in the request, alike for every address, and looked up, written and sent by the worker.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm, UserTokenForm, default_token_generator
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.password_reset import (
    finalize_password_reset,
    request_password_reset,
    reset_password,
)
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.errors import BadCredentials, LinkRefused, SignupClosed
from apps.accounts.models import User
from apps.accounts.services.mail_requests import ask_for_mail, sends


def register(request: HttpRequest, *, email: str, password: str, name: str = "") -> None:
    """Make an account and mail a link that proves the address; an address that has one is mailed so instead.

    Raises BadCredentials for a password or an address that will not do, SignupClosed.
    """
    adapter = get_adapter(request)
    if not adapter.is_open_for_signup(request):
        raise SignupClosed(gettext("This installation takes no new accounts."))
    _check_password(password, User(email=email, name=name))
    if filter_users_by_email(email):
        make_password(password)  # as long as for a new one
        ask_for_mail("already there", to=email)
        return
    form = SignupForm(data={"email": email, "password1": password})
    if not form.is_valid():
        field, messages = next(iter(form.errors.items()))
        raise BadCredentials(str(messages[0]), field="email" if field == "email" else "password")
    try:
        with transaction.atomic():
            user = form.save(request)
            if name:
                user.name = name
                user.save(update_fields=["name", "updated_at"])
    except IntegrityError:  # another request was quicker with this address
        ask_for_mail("already there", to=email)
        return
    send_verification_email_to_address(request, EmailAddress.objects.get(user=user), signup=True)


def ask_for_confirmation(*, email: str) -> None:
    """Mail the link that proves the address once more, where one waits for its proof."""
    ask_for_mail("confirmation again", to=email)


@sends("confirmation again")
def send_confirmation_again(email: str) -> None:
    """The worker's part of `ask_for_confirmation`."""
    address = EmailAddress.objects.filter(email__iexact=email, verified=False, user__is_active=True).first()
    if address:
        address.send_confirmation(None)


@sends("confirmation")
def send_confirmation(address_id: int) -> None:
    """Mail the link that proves an address, unless that is done."""
    address = EmailAddress.objects.filter(pk=address_id, verified=False).select_related("user").first()
    if address:
        address.send_confirmation(None)


@sends("sign-up")
def send_first_confirmation(address_id: int) -> None:
    """The same for a new account."""
    address = EmailAddress.objects.filter(pk=address_id, verified=False).select_related("user").first()
    if address:
        address.send_confirmation(None, signup=True)


def confirm_email(request: HttpRequest, *, key: str) -> None:
    """The address is proved by the key of the mailed link. Raises LinkRefused."""
    confirmation = get_emailconfirmation_model().from_key(key)
    with transaction.atomic():
        if confirmation is None or not confirmation.confirm(request):
            raise LinkRefused(
                gettext("This key was used, has run out, or is no key of ours. Ask for a new mail."),
                field="key",
            )


def request_new_password(*, email: str) -> None:
    """Mail a link for a new password, or that there is no account."""
    ask_for_mail("password link", to=email)


@sends("password link")
def send_password_link(email: str) -> None:
    """The worker's part of `request_new_password`: the link goes to the account's own address."""
    users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
    for user in users:
        request_password_reset(None, user.email, [user], default_token_generator)
    if not users:
        signup_url = settings.SITE_URL + reverse("account_signup")
        get_adapter().send_mail("account/email/unknown_account", email, {"signup_url": signup_url})


@sends("already there")
def send_already_there(email: str) -> None:
    """Tell the owner of an address that somebody wanted to make another account with it."""
    context = {
        "signup_url": settings.SITE_URL + reverse("account_signup"),
        "password_reset_url": settings.SITE_URL + reverse("account_reset_password"),
    }
    get_adapter().send_mail("account/email/account_already_exists", email, context)


def set_new_password(request: HttpRequest, *, key: str, password: str) -> None:
    """Set the password by the key of the mailed link (its last part); every log-in ends.

    Raises LinkRefused, BadCredentials.
    """
    uid, _, token = key.partition("-")
    form = UserTokenForm(data={"uidb36": uid, "key": token})
    # allauth's form cannot do without the first part
    if not uid.isalnum() or not form.is_valid() or not form.reset_user.is_active:
        raise LinkRefused(
            gettext("This key was used, has run out, or is no key of ours. Ask for a new mail."), field="key"
        )
    user: User = form.reset_user
    _check_password(password, user)
    with transaction.atomic():
        reset_password(user, password)
        finalize_password_reset(request, user)


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadCredentials(" ".join(error.messages), field="password") from None
