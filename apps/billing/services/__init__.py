"""Writes of the billing room: meters of plans, the plan itself; `services.credits` has the ledger's."""

from apps.billing.services.entitlements import allows, check_plan
from apps.billing.services.meters import release, reserve, settle
from apps.billing.services.plans import MFA_GRACE, change_plan

__all__ = ["MFA_GRACE", "allows", "change_plan", "check_plan", "release", "reserve", "settle"]
