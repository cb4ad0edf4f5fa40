""" "This was not me": the link in security mail that undoes what it can and starts a new password."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import transaction

from apps.accounts.choices import EndReason
from apps.accounts.models import Login, User
from apps.accounts.services.logins import end_login, end_logins
from apps.accounts.services.recovery import request_new_password
from apps.journal.services import record

SALT = "candlewright.accounts.not-me"
LASTS_S = 7 * 24 * 3600


@dataclass(frozen=True)
class NotMe:
    """What a link disowns: one log-in, or everything; `email` is the address to go back to."""

    user: User
    login: Login | None
    email: str


def make_not_me(user: User, *, login_id: int | None, email: str) -> str:
    """The token of the link. It opens nothing: it only ends log-ins and sends mail to the account's own address."""
    return signing.dumps([user.pk, login_id, email], salt=SALT, compress=True)


def read_not_me(token: str) -> NotMe | None:
    """What the token disowns; None when it is older than a week, wrong, or the account is gone."""
    try:
        user_id, login_id, email = signing.loads(token, salt=SALT, max_age=LASTS_S)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    login = Login.objects.filter(pk=login_id, user_id=user_id).first() if login_id else None
    return NotMe(user, login, email) if user else None


@transaction.atomic
def disown(was: NotMe) -> None:
    """End the log-in (or all), go back to the former address if the mail told of a new one, and mail a link for a new
    password."""
    user = was.user
    if was.login:
        end_login(was.login, reason=EndReason.NOT_ME, actor=user)
        if was.login.device:
            was.login.device.delete()
    else:
        end_logins(user, reason=EndReason.NOT_ME, actor=user)
        user.devices.all().delete()
    changes = {}
    if was.email and was.email != user.email and _is_free(was.email, user):
        changes["email"] = [user.email, was.email]
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=was.email, verified=True, primary=True)
        user.email = was.email
        user.save(update_fields=["email", "updated_at"])
    record(actor=user, workspace=None, action="accounts.user.disowned", target=user, personal=changes)
    request_new_password(email=user.email)


def _is_free(email: str, user: User) -> bool:
    return not User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists()
