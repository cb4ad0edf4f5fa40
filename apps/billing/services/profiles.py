"""Whom a workspace's invoices are made out to."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.billing.models import BillingProfile
from apps.journal.services import record

FIELDS = ("name", "email", "line1", "line2", "postal_code", "city", "state", "country", "tax_id")


@transaction.atomic
def change_profile(workspace: Workspace, values: Mapping[str, str], *, actor: User) -> BillingProfile:
    """Write what is given; invoices that were made stay as they are. The journal names what changed, not to what."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    profile, _ = BillingProfile.objects.get_or_create(workspace=workspace)
    cleaned = {name: " ".join(str(values[name]).split()) for name in FIELDS if name in values}
    for code in ("country", "tax_id"):
        if code in cleaned:
            cleaned[code] = cleaned[code].upper()
    changed = sorted(name for name, value in cleaned.items() if getattr(profile, name) != value)
    if changed:
        for name in changed:
            setattr(profile, name, cleaned[name])
        profile.save(update_fields=[*changed, "updated_at"])
        record(
            actor=actor,
            workspace=workspace,
            action="billing.profile.changed",
            target=profile,
            changes={"fields": changed},
        )
    return profile
