"""Setting up an authenticator app."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.errors import WrongCode
from apps.accounts.models import TotpDevice, User
from apps.accounts.services.second_factors.factors import factors_changed, lock_person
from apps.accounts.totp import matching_step, new_key
from apps.journal.services import record


@transaction.atomic
def begin_totp(user: User) -> TotpDevice:
    """The app that is being set up: its key stays the same until a code of it confirms it."""
    device, _ = TotpDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": "Authenticator app", "key": new_key()}
    )
    return device


@transaction.atomic
def confirm_totp(user: User, code: str, *, actor: User) -> TotpDevice:
    """Put the app in use once it has shown a right code; it replaces the one used before. Raises WrongCode."""
    lock_person(user)
    device = TotpDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None:
        raise WrongCode(gettext("There is no app being set up. Begin again."), field="code")
    now = time.time()
    digits = "".join(code.split())
    step = matching_step(device.secret, digits, now=now, drift=0, after=device.last_step)
    if step is None:
        raise WrongCode(
            gettext(
                "This is not the code that the app should show now. Wait for the next one, and check that the "
                "phone sets its clock by itself."
            ),
            field="code",
        )
    replaced, _ = TotpDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed, device.last_step = True, step
    device.drift = step - int(now) // 30
    device.save(update_fields=["confirmed", "last_step", "drift", "updated_at"])
    record(
        actor=actor,
        workspace=None,
        action="accounts.second_factor.added",
        target=device,
        subject=user,
        changes={"kind": "authenticator app", "name": device.name, "replaced": bool(replaced)},
    )
    factors_changed(user, actor=actor)
    return device
