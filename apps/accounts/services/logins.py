"""Opening, using and ending log-ins, and the browsers they come from."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import EndReason, LoginKind
from apps.accounts.models import Device, DeviceLink, Login, User
from apps.accounts.selectors import DEVICE_COOKIE, token_hash
from apps.core.client_ip import client_ip
from apps.core.live import LOGIN_KEY, close_sockets, login_group
from apps.core.request_context import device_of as label_of
from apps.journal.services import record

SEEN_EVERY_S = 300
LINK_LASTS = timedelta(hours=1)


def device_token(request: HttpRequest) -> str:
    """The random word by which this browser is known; a new one is sent along with the answer."""
    token = request.COOKIES.get(DEVICE_COOKIE, "")
    if len(token) < 32:
        token = getattr(request, "new_device_token", "") or secrets.token_urlsafe(32)
        request.new_device_token = token  # type: ignore[attr-defined]  # DeviceMiddleware sets the cookie
    return token


@transaction.atomic
def open_login(
    request: HttpRequest, user: User, *, kind: LoginKind = LoginKind.BROWSER, name: str = ""
) -> Login:
    """Note a log-in that has just succeeded: the browser (or, for a program, its `name`), the address and the time.

    A browser that this person never used before is journalled as such, unless it is the first one of all.
    """
    now = timezone.now()
    agent = request.META.get("HTTP_USER_AGENT", "")[:300]
    ip = client_ip(request)
    label = name or label_of(agent) or gettext("Unknown browser")
    device, is_new = (None, False) if kind == LoginKind.TOKEN else _device(request, user, label, ip, now)
    login = Login.objects.create(
        user=user,
        kind=kind,
        device=device,
        label=label,
        user_agent=agent,
        ip=ip,
        last_seen_at=now,
        confirmed_at=now,
        expires_at=now + timedelta(days=settings.LOGIN_LASTS_DAYS),
    )
    about: dict[str, Any] = {
        "actor": user,
        "workspace": None,
        "target": login,
        "subject": user,
        "changes": {"kind": kind},
    }
    record(action="accounts.login.opened", **about)
    if is_new:
        record(action="accounts.login.new_device", **about)
    return login


def bind_session(request: HttpRequest, login: Login) -> None:
    """Tie the browser's session to the log-in; `use_session` keeps both in step."""
    if not request.session.session_key:
        request.session.save()
    now = time.time()
    request.session[LOGIN_KEY] = {
        "id": login.pk, "key": request.session.session_key, "began": now, "seen": now,
    }  # fmt: skip
    Login.objects.filter(pk=login.pk).update(session_key=request.session.session_key)


def use_session(request: HttpRequest) -> None:
    """Note, at most every five minutes, that the log-in is used, and let the session end after quiet or for good.

    Between those notes it asks the database nothing. A session whose key was rotated is noted at once.
    """
    opened = request.session.get(LOGIN_KEY)
    if not opened:
        return
    now, key = time.time(), request.session.session_key
    if opened["key"] == key and now - opened["seen"] < SEEN_EVERY_S:
        return
    request.session[LOGIN_KEY] = {**opened, "key": key, "seen": now}
    rest_s = opened["began"] + settings.LOGIN_LASTS_DAYS * 86400 - now
    request.session.set_expiry(max(1, int(min(settings.SESSION_COOKIE_AGE, rest_s))))
    seen = {"last_seen_at": timezone.now(), "ip": client_ip(request)}
    Login.objects.filter(pk=opened["id"]).update(session_key=key or "", **seen)
    Device.objects.filter(logins=opened["id"]).update(**seen)


@transaction.atomic
def end_login(login: Login, *, reason: EndReason, actor: User | None) -> bool:
    """End a log-in at once: its session is gone, its WebSockets close, its refresh tokens no longer work.

    Returns whether it was open; doing it twice changes nothing.
    """
    now = timezone.now()
    if not Login.objects.filter(pk=login.pk, ended_at=None).update(ended_at=now, end_reason=reason):
        return False
    login.refresh_from_db()
    if login.session_key:
        engine = import_module(settings.SESSION_ENGINE)
        engine.SessionStore(login.session_key).delete()
    record(
        actor=actor, workspace=None, action="accounts.login.ended", target=login, subject=login.user,
        changes={"kind": login.kind, "reason": reason},
    )  # fmt: skip
    transaction.on_commit(partial(close_sockets, login_group(login.pk)))
    return True


@transaction.atomic
def end_logins(user: User, *, reason: EndReason, actor: User | None, but: int | None = None) -> int:
    """End all log-ins of a person, or all `but` one. Returns how many were open."""
    mine = Login.objects.filter(user=user, ended_at=None).order_by("id")
    return sum(end_login(login, reason=reason, actor=actor) for login in mine if login.pk != but)


@transaction.atomic
def forget_device(device: Device, *, actor: User) -> None:
    """The browser is unknown from now on: its log-ins end, it is asked for the second factor again."""
    for login in device.logins.filter(ended_at=None).order_by("id"):
        end_login(login, reason=EndReason.REVOKED, actor=actor)
    record(
        actor=actor, workspace=None, action="accounts.device.forgotten", target=device, subject=device.user,
    )  # fmt: skip
    device.delete()


@transaction.atomic
def make_device_link(user: User) -> str:
    """A token that makes one browser known to the account, once, within the hour. It does not log in by itself."""
    token = secrets.token_urlsafe(32)
    DeviceLink.objects.create(user=user, token_hash=token_hash(token), expires_at=timezone.now() + LINK_LASTS)
    return token


@transaction.atomic
def use_device_link(request: HttpRequest, token: str) -> User | None:
    """Make this browser known to the link's account and return that; None for a link that no longer works."""
    now = timezone.now()
    links = DeviceLink.objects.filter(token_hash=token_hash(token), used_at=None, expires_at__gt=now)
    if not links.update(used_at=now):
        return None
    user = DeviceLink.objects.select_related("user").get(token_hash=token_hash(token)).user
    label = label_of(request.META.get("HTTP_USER_AGENT", "")) or gettext("Unknown browser")
    device, _ = _device(request, user, label, client_ip(request), now)
    record(actor=user, workspace=None, action="accounts.device.introduced", target=device, subject=user)
    return user


def _device(
    request: HttpRequest, user: User, label: str, ip: str | None, now: datetime
) -> tuple[Device, bool]:
    """The browser's row, and whether it is new to a person who has used others."""
    has_others = user.devices.exists()
    device, is_new = Device.objects.update_or_create(
        user=user,
        token_hash=token_hash(device_token(request)),
        defaults={"label": label, "ip": ip, "last_seen_at": now},
    )
    return device, is_new and has_others
