"""Whom a workspace's invoices are made out to."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.errors import BillingRefused
from apps.billing.models import BillingProfile
from apps.core.countries import countries
from apps.journal.services import record

FIELDS = ("name", "email", "line1", "line2", "postal_code", "city", "state", "country", "tax_id")


@transaction.atomic
def change_profile(workspace: Workspace, values: Mapping[str, str], *, actor: User) -> BillingProfile:
    """Write what is given; invoices that were made stay as they are. The journal names what changed, not to what.

    Raises BillingRefused for a country that is none; a code that was kept before stays.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    profile, _ = BillingProfile.objects.get_or_create(workspace=workspace)
    cleaned = {name: " ".join(str(values[name]).split()) for name in FIELDS if name in values}
    for code in ("country", "tax_id"):
        if code in cleaned:
            cleaned[code] = cleaned[code].upper()
    country = cleaned.get("country")
    if country and country != profile.country and country not in countries():
        raise BillingRefused(
            gettext("No country has the code {code}: give its two letters of ISO 3166-1, such as DE.").format(
                code=country
            ),
            status=400,
            field="country",
        )
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
