"""Reads of browsers and log-ins."""

from __future__ import annotations

import hashlib

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import Device, Login, User
from apps.core.live import LOGIN_KEY

DEVICE_COOKIE = "cw_device"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def known_device(email: str, token: str) -> Device | None:
    """The browser of this cookie if it has logged in as `email` before; the same one query for every address."""
    return Device.objects.filter(user__email__iexact=email, token_hash=token_hash(token)).first()


def device_of(request: HttpRequest, user: User) -> Device | None:
    """The browser that sends this request, if the person has logged in with it before."""
    token = request.COOKIES.get(DEVICE_COOKIE, "")
    return Device.objects.filter(user=user, token_hash=token_hash(token)).first() if token else None


def open_logins(user: User) -> QuerySet[Login]:
    """Log-ins that are neither ended nor run out, last used first."""
    now = timezone.now()
    mine = Login.objects.filter(user=user, ended_at=None, expires_at__gt=now).select_related("device")
    return mine.order_by("-last_seen_at", "-id")


def login_id(request: HttpRequest) -> int | None:
    """The id of the log-in this browser's session belongs to."""
    opened = request.session.get(LOGIN_KEY)
    return opened["id"] if opened else None


def current_login(request: HttpRequest) -> Login | None:
    """The log-in this browser's session belongs to, while it is open."""
    found = login_id(request)
    return Login.objects.filter(pk=found, ended_at=None).first() if found else None
