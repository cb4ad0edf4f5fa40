"""Whether this browser or program has shown the second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_otp
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device as OtpDevice

from apps.accounts.models import Device, Login, User
from apps.accounts.selectors import device_of, login_id, token_hash
from apps.accounts.services.logins import device_token
from apps.journal.services import record

SESSION_KEY = "second_factor"
TRUSTED_FOR = timedelta(days=30)


def has_passed_in(session: Any, user: User) -> bool:
    """Whether the session carries the time of the person's present factors; always for somebody who has none."""
    return user.second_factors_at is None or session.get(SESSION_KEY) == user.second_factors_at.isoformat()


def second_factor_needed(user: User, request: HttpRequest) -> bool:
    """Whether a log-in of this person from this browser must show the second factor before it is one."""
    if user.second_factors_at is None:
        return False
    device = device_of(request, user)
    return device is None or device.trusted_until is None or device.trusted_until <= timezone.now()


def mark_passed(request: HttpRequest, device: OtpDevice | None) -> None:
    """The browser's session has shown a factor (or, with None, comes from a trusted browser)."""
    user: Any = request.user
    request.session[SESSION_KEY] = user.second_factors_at.isoformat()
    if device is not None:
        django_otp.login(request, device)
        Login.objects.filter(pk=login_id(request) or 0).update(second_factor_at=timezone.now())


@transaction.atomic
def trust_device(request: HttpRequest, user: User) -> None:
    """Do not ask this browser for the second factor for 30 days, or until the factors change; nothing for one whose
    cookie is gone, which the next log-in makes known again."""
    device = Device.objects.filter(user=user, token_hash=token_hash(device_token(request))).first()
    if device is None:
        return
    device.trusted_until = timezone.now() + TRUSTED_FOR
    device.save(update_fields=["trusted_until", "updated_at"])
    record(
        actor=user,
        workspace=None,
        action="accounts.device.trusted",
        target=device,
        changes={"until": device.trusted_until},
    )


@transaction.atomic
def distrust_devices(user: User, *, actor: User) -> None:
    """Ask in every browser again."""
    trusted = Device.objects.filter(user=user).exclude(trusted_until=None).update(trusted_until=None)
    if trusted:
        record(
            actor=actor,
            workspace=None,
            action="accounts.device.distrusted",
            target=user,
            changes={"browsers": trusted},
        )
