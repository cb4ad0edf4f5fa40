"""Adding and removing factors: what is common to all kinds."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django_otp.models import Device as OtpDevice

from apps.accounts.choices import EndReason, LoginKind
from apps.accounts.models import BackupCodes, Device, Passkey, TotpDevice, User
from apps.accounts.selectors import open_logins
from apps.accounts.services.logins import end_login
from apps.core.live import reconnect_on_commit
from apps.journal.services import record


def lock_person(user: User) -> None:
    """Changes of one person's factors happen one after another."""
    User.objects.select_for_update().get(pk=user.pk)


def factors_changed(user: User, *, actor: User | None) -> None:
    """Trust goes with the factors it was given on; log-ins of programs made without one end.

    Other browsers' sessions are asked at their next page, since the time they carry no longer fits.
    """
    has_any = (
        TotpDevice.objects.filter(user=user, confirmed=True).exists()
        or Passkey.objects.filter(user=user).exists()
    )
    user.second_factors_at = timezone.now() if has_any else None
    User.objects.filter(pk=user.pk).update(second_factors_at=user.second_factors_at)
    reconnect_on_commit(user.pk)  # a line that a session without the factor holds open ends, as its pages do
    Device.objects.filter(user=user).exclude(trusted_until=None).update(trusted_until=None)
    if not has_any:
        BackupCodes.objects.filter(user=user).delete()
        return
    for login in open_logins(user).filter(kind=LoginKind.TOKEN, second_factor_at=None).order_by("id"):
        end_login(login, reason=EndReason.REVOKED, actor=actor)


@transaction.atomic
def remove_factor(device: OtpDevice, *, actor: User) -> None:
    """Remove an authenticator app or a passkey; with the last one the backup codes go too."""
    user = device.user
    lock_person(user)
    kind = device._meta.verbose_name_raw
    record(
        actor=actor,
        workspace=None,
        action="accounts.second_factor.removed",
        target=device,
        subject=user,
        changes={"kind": kind, "name": device.name},
    )
    device.delete()
    factors_changed(user, actor=actor)


@transaction.atomic
def rename_passkey(passkey: Passkey, *, name: str, actor: User) -> None:
    before, passkey.name = passkey.name, name
    passkey.save(update_fields=["name", "updated_at"])
    record(
        actor=actor,
        workspace=None,
        action="accounts.second_factor.renamed",
        target=passkey,
        subject=passkey.user,
        changes={"name": [before, name]},
    )


@transaction.atomic
def reset_second_factors(user: User, *, reason: str, actor: User) -> None:
    """Staff's help for somebody who lost everything: all factors and backup codes go; the journal keeps the reason."""
    lock_person(user)
    removed = [str(device) for model in (TotpDevice, Passkey) for device in model.objects.filter(user=user)]
    for model in (TotpDevice, Passkey, BackupCodes):
        model.objects.filter(user=user).delete()
    record(
        actor=actor,
        workspace=None,
        action="accounts.second_factor.reset",
        target=user,
        changes={"reason": reason, "removed": removed},
    )
    factors_changed(user, actor=actor)
