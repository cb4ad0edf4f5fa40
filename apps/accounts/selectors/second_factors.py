"""Reads of second factors: who has which, who lacks one, which browsers are trusted."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import BackupCode, Device, Membership, Passkey, TotpDevice, User, Workspace


@dataclass(frozen=True)
class SecondFactors:
    """What a person has set up."""

    totp: TotpDevice | None
    passkeys: list[Passkey]
    backup_codes_left: int
    backup_codes_made: bool

    @property
    def count(self) -> int:
        return len(self.passkeys) + (self.totp is not None)


def second_factors_of(user: User) -> SecondFactors:
    uses = list(BackupCode.objects.filter(codes__user=user).values_list("used_at", flat=True))
    return SecondFactors(
        totp=TotpDevice.objects.filter(user=user, confirmed=True).first(),
        passkeys=list(Passkey.objects.filter(user=user).order_by("id")),
        backup_codes_left=uses.count(None),
        backup_codes_made=bool(uses),
    )


def trusted_devices(user: User) -> QuerySet[Device]:
    """Browsers that are not asked for the second factor for now, last used first."""
    return Device.objects.filter(user=user, trusted_until__gt=timezone.now()).order_by("-last_seen_at", "-id")


def members_without_factor(workspace: Workspace) -> QuerySet[Membership]:
    """Those who could not work in the workspace if it asked for a second factor."""
    lacking = Membership.objects.filter(
        workspace=workspace, user__second_factors_at=None, user__is_active=True
    )
    return lacking.select_related("user").order_by("user__email")
