"""Step-up: before a dangerous action the person proves once more who they are, at most every 15 minutes.

`@confirmed` on a page, `confirmed = {"create", …}` on an API view (read by `HoldsRight`), or
`require_confirmed(request)`.
A fresh log-in counts. A browser's session remembers the time itself; a program's log-in keeps it in its row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext
from django_otp.models import Device as OtpDevice
from rest_framework.request import Request

from apps.accounts.choices import LoginKind
from apps.accounts.errors import ConfirmationFailed, ConfirmationRequired
from apps.accounts.models import ApiKey, Login
from apps.accounts.selectors import DEVICE_COOKIE
from apps.accounts.services.second_factors import check_passkey, mark_passed, verify_second_factor
from apps.accounts.services.throttling import check_guess_allowed, note_login_ok

View = Callable[..., HttpResponseBase]
CONFIRMED_FOR = timedelta(minutes=15)
SESSION_KEY = "confirmed_at"


def token_login(request: HttpRequest | Request) -> Login | None:
    """The log-in of a program that sends an access token, which its authentication puts on the request."""
    login: Login | None = getattr(request, "login", None)
    return login if login is not None and login.kind == LoginKind.TOKEN else None


def is_confirmed(request: HttpRequest | Request) -> bool:
    """Whether the person behind this request proved who they are within the last 15 minutes."""
    if isinstance(getattr(request, "auth", None), ApiKey):
        return False
    login = token_login(request)
    if login is not None:
        return login.confirmed_at is not None and timezone.now() - login.confirmed_at < CONFIRMED_FOR
    confirmed_at: float = request.session.get(SESSION_KEY, 0.0)
    return 0 <= time.time() - confirmed_at < CONFIRMED_FOR.total_seconds()


def require_confirmed(request: HttpRequest | Request) -> None:
    """Raise ConfirmationRequired unless confirmed; pages are then led to the question, the API answers 403."""
    if isinstance(getattr(request, "auth", None), ApiKey):
        raise ConfirmationRequired(gettext("An API key cannot do this. Sign in as a person and do it there."))
    if not is_confirmed(request):
        raise ConfirmationRequired(
            gettext(
                "Confirm that it is you first: POST your password, or a code of your second factor, "
                "to /api/v1/auth/confirm/, then repeat this request within 15 minutes."
            )
        )


def mark_confirmed(request: HttpRequest | Request) -> None:
    """The person has just proved who they are."""
    login = token_login(request)
    if login is not None:
        login.confirmed_at = timezone.now()
        login.save(update_fields=["confirmed_at", "updated_at"])
    else:
        request.session[SESSION_KEY] = time.time()


def confirm_login(request: HttpRequest | Request, *, password: str = "", code: str = "") -> None:
    """Accept the person's password, or a code of the second factor where there is one, and remember it for 15 minutes.

    Raises ConfirmationFailed for a wrong one, TooManyTries after several. Never call it inside a transaction
    (RuntimeError): the count of wrong ones must outlive the request's failure.
    """
    user: Any = request.user
    cookie = request.COOKIES.get(DEVICE_COOKIE, "")
    if user.second_factors_at is not None:
        device = verify_second_factor(user, code, device_token=cookie) if code else None
        if device is None:
            words = (
                gettext("This code is not right, or was used before.")
                if code
                else gettext("A code of the second factor is needed.")
            )
            raise ConfirmationFailed(words, field="code")
        _remember(request, device)
        return
    attempt = check_guess_allowed("password", user, device_token=cookie)
    if not user.check_password(password):
        raise ConfirmationFailed(gettext("This is not your password."), field="password")
    note_login_ok(attempt)
    mark_confirmed(request)


def confirm_with_passkey(request: HttpRequest, answer: str) -> None:
    """Accept the answer of one of the person's passkeys. Raises PasskeyRefused."""
    user: Any = request.user
    _remember(request, check_passkey(request, user, answer=answer))


def _remember(request: HttpRequest | Request, device: OtpDevice) -> None:
    mark_confirmed(request)
    if token_login(request) is None:
        plain = request._request if isinstance(request, Request) else request
        mark_passed(plain, device)


@receiver(user_logged_in)
def _logged_in(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    mark_confirmed(request)


def confirmed(view: View) -> View:
    """A page for people who have just proved who they are; others are asked first and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_confirmed(request)
        return view(request, *args, **kwargs)

    return guarded
