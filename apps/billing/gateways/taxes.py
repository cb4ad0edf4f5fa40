"""Tax that we charge ourselves, where the gateway does not work it out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from apps.accounts.models import Workspace
from apps.billing.models import BillingProfile, TaxRate
from apps.billing.rules.money import rounded


@dataclass(frozen=True)
class Tax:
    """Minor units on top of a net amount, and what it is called; none where the buyer's country has no rate."""

    amount: int = 0
    name: str = ""
    percent: Decimal = Decimal(0)


def tax_for(workspace: Workspace, net: int, currency: str) -> Tax:
    """What the workspace pays on top of `net`, by the country of its billing profile."""
    profile = BillingProfile.objects.filter(workspace=workspace).first()
    rate = TaxRate.objects.filter(country=profile.country, is_active=True).first() if profile else None
    if rate is None:
        return Tax()
    return Tax(rounded(Fraction(rate.percent) * net / 100, currency), rate.name, rate.percent)
