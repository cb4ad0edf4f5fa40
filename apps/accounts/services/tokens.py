"""Refresh tokens: used once, for the next one. One that comes again ends the log-in (RFC 9700, section 4.14)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.access_tokens import LASTS as ACCESS_LASTS
from apps.accounts.access_tokens import access_token_for
from apps.accounts.choices import EndReason, LoginKind
from apps.accounts.credentials import REFRESH_TOKEN, digest, new_secret, secret_of
from apps.accounts.errors import RefreshRefused
from apps.accounts.models import Login, LoginChallenge, RefreshToken, User
from apps.accounts.services.logins import end_login, open_login
from apps.core.client_ip import client_ip
from apps.core.words import gettext_lazy
from apps.journal.services import record

IDLE = timedelta(days=30)  # a family whose newest token is not used for so long has ended
LASTS = timedelta(days=90)  # and this long after the log-in at the latest
LOST_ANSWER = timedelta(seconds=10)

REFUSALS = {
    "refresh_unknown": gettext_lazy("This refresh token is unknown. Log in again."),
    "refresh_expired": gettext_lazy("This refresh token has run out. Log in again."),
    "login_ended": gettext_lazy("This log-in has ended. Log in again."),
    "account_suspended": gettext_lazy("This account is suspended."),
    "refresh_reused": gettext_lazy(
        "This refresh token was used before, so its log-in has been ended. Log in again."
    ),
}


@dataclass(frozen=True)
class TokenPair:
    """What a program gets; `expires_in` seconds of the access token, `refresh_expires_at` of the refresh token."""

    login: Login
    access: str
    refresh: str
    refresh_expires_at: datetime

    @property
    def expires_in(self) -> int:
        return int(ACCESS_LASTS.total_seconds())


@transaction.atomic
def open_family(request: HttpRequest, user: User, *, name: str, with_second_factor: bool) -> TokenPair:
    """Log a program in: a log-in of its own, and its first refresh token."""
    now = timezone.now()
    login = open_login(request, user, kind=LoginKind.TOKEN, name=name)
    login.expires_at = now + LASTS
    login.confirmed_at = now
    login.second_factor_at = now if with_second_factor else None
    login.save(update_fields=["expires_at", "confirmed_at", "second_factor_at", "updated_at"])
    return _issue(login, new_secret(REFRESH_TOKEN), parent=None, now=now)


def rotate(request: HttpRequest, secret: str) -> TokenPair:
    """The next refresh token for this one, with a new access token. Exactly one successor comes of any token.

    An answer can get lost on the way. So for ten seconds the same client (address and User-Agent) gets the same
    successor once more, while that was not used itself. It is no new token: a thief who does this holds the very
    token that the program holds, and the second of them to use it is found out.

    Raises RefreshRefused; for a token that was used before, after ending its family. Never call it inside a
    transaction (RuntimeError): that end must outlive the refusal.
    """
    outcome = _rotate(secret, _client(request), client_ip(request))
    if isinstance(outcome, str):
        raise RefreshRefused(REFUSALS[outcome], code=outcome)
    return outcome


@transaction.atomic(durable=True)
def _rotate(secret: str, client: str, ip: str | None) -> TokenPair | str:
    now = timezone.now()
    token = (
        RefreshToken.objects.select_for_update(of=("self",))  # the second of two at once waits here
        .select_related("family__user")
        .filter(token_hash=digest(secret))
        .first()
    )
    if token is None:
        return "refresh_unknown"
    family = token.family
    if family.ended_at:
        return "login_ended"
    if not family.user.is_active:
        return "account_suspended"
    following = _successor_of(secret)
    if token.used_at:
        successor = RefreshToken.objects.filter(
            parent=token, token_hash=digest(following), used_at=None
        ).first()
        if successor and token.used_by == client and now - token.used_at <= LOST_ANSWER:
            return _pair(family, following, successor)
        record(
            actor=None, workspace=None, action="accounts.login.token_reused", target=family.user,
            changes={"program": family.label},
        )  # fmt: skip
        end_login(family, reason=EndReason.REUSED, actor=None)
        return "refresh_reused"
    if token.expires_at <= now:
        return "refresh_expired"
    token.used_at, token.used_by = now, client
    token.save(update_fields=["used_at", "used_by", "updated_at"])
    Login.objects.filter(pk=family.pk).update(last_seen_at=now, ip=ip)
    return _issue(family, following, parent=token, now=now)


@transaction.atomic
def forget_spent_tokens() -> int:
    """Delete refresh tokens and challenges whose time is over: used again, they would be refused anyhow."""
    now = timezone.now()
    tokens, _ = RefreshToken.objects.filter(expires_at__lt=now).delete()
    challenges, _ = LoginChallenge.objects.filter(expires_at__lt=now).delete()
    return tokens + challenges


def _issue(login: Login, secret: str, *, parent: RefreshToken | None, now: datetime) -> TokenPair:
    token = RefreshToken.objects.create(
        family=login,
        parent=parent,
        token_hash=digest(secret),
        expires_at=min(now + IDLE, login.expires_at),
    )
    return _pair(login, secret, token)


def _pair(login: Login, secret: str, token: RefreshToken) -> TokenPair:
    return TokenPair(login, access_token_for(login), secret, token.expires_at)


def _successor_of(secret: str) -> str:
    """The one token that follows this one, computed rather than stored, so that it can be said twice."""
    return secret_of(
        REFRESH_TOKEN, hmac.digest(_chain_key(), secret.encode("utf-8", "surrogateescape"), "sha256")
    )


def _chain_key() -> bytes:
    info = b"candlewright.accounts.refresh_token"
    return HKDF(SHA256(), 32, salt=None, info=info).derive(settings.SECRET_KEY.encode())


def _client(request: HttpRequest) -> str:
    """Who asks, as far as it can be told: only its hash is kept."""
    agent = request.headers.get("User-Agent", "")
    return hashlib.sha256(f"{client_ip(request)}\n{agent}".encode()).hexdigest()
