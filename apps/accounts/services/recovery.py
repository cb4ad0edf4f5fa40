"""Sign-up, a new password and the proof of an address, for programs. No answer tells who has an account."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, SignupForm, UserTokenForm
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.password_reset import finalize_password_reset, reset_password
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from apps.accounts.errors import BadCredentials, LinkRefused, SignupClosed
from apps.accounts.models import User
from apps.accounts.services.throttling import may_mail


def register(request: HttpRequest, *, email: str, password: str, name: str = "") -> None:
    """Make an account and mail a link that proves the address; an address that has one is mailed so instead.

    Raises BadCredentials for a password or an address that will not do, SignupClosed.
    """
    adapter = get_adapter(request)
    if not adapter.is_open_for_signup(request):
        raise SignupClosed("This installation takes no new accounts.")
    _check_password(password, User(email=email, name=name))
    if filter_users_by_email(email):
        make_password(password)  # as long as for a new one
        _tell_already_there(request, email)
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
        _tell_already_there(request, email)
        return
    send_verification_email_to_address(request, EmailAddress.objects.get(user=user), signup=True)


def send_confirmation_again(request: HttpRequest, *, email: str) -> None:
    """Mail the link once more, where there is an address that waits for its proof."""
    address = EmailAddress.objects.filter(email__iexact=email, verified=False).select_related("user").first()
    if address and address.user.is_active and may_mail("confirm", email):
        send_verification_email_to_address(request, address)


def confirm_email(request: HttpRequest, *, key: str) -> None:
    """The address is proved by the key of the mailed link. Raises LinkRefused."""
    confirmation = get_emailconfirmation_model().from_key(key)
    with transaction.atomic():
        if confirmation is None or not confirmation.confirm(request):
            raise LinkRefused(
                "This key was used, has run out, or is no key of ours. Ask for a new mail.", field="key"
            )


def request_new_password(request: HttpRequest, *, email: str) -> None:
    """Mail a link for a new password, or that there is no account."""
    form = ResetPasswordForm(data={"email": email})
    if form.is_valid() and may_mail("reset", email):
        form.save(request)


def set_new_password(request: HttpRequest, *, key: str, password: str) -> None:
    """Set the password by the key of the mailed link (its last part); every log-in ends.

    Raises LinkRefused, BadCredentials.
    """
    uid, _, token = key.partition("-")
    form = UserTokenForm(data={"uidb36": uid, "key": token})
    if not form.is_valid() or not form.reset_user.is_active:
        raise LinkRefused(
            "This key was used, has run out, or is no key of ours. Ask for a new mail.", field="key"
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


def _tell_already_there(request: HttpRequest, email: str) -> None:
    if may_mail("sign-up", email):
        get_adapter(request).send_account_already_exists_mail(email)
