"""Is this code right? The one place that answers, for pages and API alike."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone
from django_otp.models import Device as OtpDevice

from apps.accounts.models import TotpDevice, User
from apps.accounts.services.second_factors.backup_codes import plain, use_backup_code
from apps.accounts.services.throttling import check_guess_allowed, note_login_ok
from apps.accounts.totp import DIGITS, FURTHEST, STEP_S, matching_step
from apps.journal.services import record


def verify_second_factor(user: User, code: str, *, device_token: str = "") -> OtpDevice | None:
    """The factor whose code this is, an app's or a backup code, each of which counts once; None for a wrong one.

    Wrong codes are slowed down (TooManyTries), for strangers and for a browser the person has used before (its
    cookie's `device_token`) apart. Never call it inside a transaction: the count must outlive the request's failure.
    """
    attempt = check_guess_allowed("code", user, device_token=device_token)
    digits = plain(code)
    device = _use_totp(user, digits) if len(digits) == DIGITS else use_backup_code(user, digits)
    if device is not None:
        note_login_ok(attempt)
    elif attempt.is_last_free:
        with transaction.atomic():
            record(actor=None, workspace=None, action="accounts.second_factor.guessed", target=user)
    return device


def _use_totp(user: User, code: str) -> TotpDevice | None:
    """Of two who send the same code at once, the one whose UPDATE comes first."""
    device = TotpDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        return None
    now = time.time()
    step = matching_step(device.secret, code, now=now, drift=device.drift, after=device.last_step)
    if step is None:
        return None
    drift = max(-FURTHEST, min(FURTHEST, step - int(now) // STEP_S))
    used = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step).update(
        last_step=step, drift=drift, last_used_at=timezone.now()
    )
    return device if used else None
