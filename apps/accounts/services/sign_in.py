"""How a program logs a person in: password, then the second factor where there is one.

Nothing here says whether an address has an account: a wrong password, an unknown address and a wrong password for a
suspended account get one answer, and take as long. Never call these inside a transaction: what they count must outlive
their refusal.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.account.internal.userkit import filter_users_by_email
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.credentials import CHALLENGE, digest, new_secret
from apps.accounts.errors import ChallengeRefused, LoginRefused, SecondFactorRequired
from apps.accounts.models import LoginChallenge, User
from apps.accounts.selectors import DEVICE_COOKIE
from apps.accounts.services.second_factors import verify_second_factor
from apps.accounts.services.throttling import check_login_allowed, note_login_failed, note_login_ok
from apps.accounts.services.tokens import TokenPair, open_family
from apps.core.client_ip import client_ip

CHALLENGE_LASTS = timedelta(minutes=5)
MOST_ATTEMPTS = 5


def sign_in(request: HttpRequest, *, email: str, password: str, client_name: str) -> TokenPair:
    """Log the program in as the person of this address.

    Raises LoginRefused for a wrong address or password and, after a right one, for a suspended account;
    SecondFactorRequired, which carries the challenge for `answer_challenge`; TooManyTries with the seconds to wait.
    """
    device_token = request.COOKIES.get(DEVICE_COOKIE, "")
    attempt = check_login_allowed(email, ip=client_ip(request), device_token=device_token)
    user = _person_of(email, password)
    if user is None:
        note_login_failed(attempt)
        raise LoginRefused(gettext("The address or the password is wrong."))
    note_login_ok(attempt)
    _refuse_suspended(user)
    if user.second_factors_at is not None:
        secret = new_secret(CHALLENGE)
        LoginChallenge.objects.create(
            user=user,
            token_hash=digest(secret),
            client_name=client_name,
            expires_at=timezone.now() + CHALLENGE_LASTS,
        )
        raise SecondFactorRequired(
            gettext(
                "The password is right. Send this challenge with a code of the second factor, or a backup code, to "
                "/api/v1/auth/mfa/verify/ within 5 minutes."
            ),
            status=401,
            extra={"challenge": secret, "expires_in": int(CHALLENGE_LASTS.total_seconds())},
        )
    return open_family(request, user, name=client_name, with_second_factor=False)


def answer_challenge(request: HttpRequest, *, challenge: str, code: str) -> TokenPair:
    """Log the program in with the second factor. A challenge is good for one log-in and five attempts.

    Raises ChallengeRefused for a challenge that is spent, LoginRefused for a wrong code, TooManyTries.
    """
    waiting = LoginChallenge.objects.filter(
        token_hash=digest(challenge), used_at=None, expires_at__gt=timezone.now(), attempts__lt=MOST_ATTEMPTS
    )
    # counted before the code is looked at, so that guesses sent at once count too
    if not waiting.update(attempts=F("attempts") + 1):
        raise ChallengeRefused(
            gettext(
                "This challenge was answered, has run out, or was answered wrongly too often. Log in again."
            )
        )
    found = LoginChallenge.objects.select_related("user").get(token_hash=digest(challenge))
    _refuse_suspended(found.user)
    device_token = request.COOKIES.get(DEVICE_COOKIE, "")
    if verify_second_factor(found.user, code, device_token=device_token) is None:
        raise LoginRefused(
            gettext("This code is not right, or was used before."), code="wrong_code", field="code"
        )
    with transaction.atomic():
        if not LoginChallenge.objects.filter(pk=found.pk, used_at=None).update(used_at=timezone.now()):
            raise ChallengeRefused(
                gettext("This challenge was answered at the same moment by another request.")
            )
        return open_family(request, found.user, name=found.client_name, with_second_factor=True)


def _person_of(email: str, password: str) -> User | None:
    """Whose address and password these are. An unknown address costs the time of one comparison too."""
    people: list[User] = filter_users_by_email(email, prefer_verified=True, for_login=True)
    for user in people:
        if user.check_password(password):
            return user
    if not people:
        make_password(password)
    return None


def _refuse_suspended(user: User) -> None:
    if not user.is_active:
        words = gettext("This account is suspended.")
        if user.suspended_for:
            words += " " + gettext("The reason given: {reason}").format(reason=user.suspended_for)
        raise LoginRefused(
            words,
            code="account_suspended",
            status=403,
        )
