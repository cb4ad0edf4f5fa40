"""Reads of the billing room: plans and meters here, the ledger's in `selectors.credits`."""

from apps.billing.selectors.meters import MeterState, credits_spent, meters_of, usage_of
from apps.billing.selectors.plans import (
    API_METER,
    Limit,
    Terms,
    _terms,
    amounts_of_meter,
    api_rate_of,
    capped_meters,
    current_plans,
    forget_terms,
    limit_of,
    plan_of,
    plans_giving,
    plans_in_force,
    plans_with,
    terms_of,
    version_named,
)

__all__ = [
    "API_METER",
    "Limit",
    "MeterState",
    "Terms",
    "_terms",
    "amounts_of_meter",
    "api_rate_of",
    "capped_meters",
    "credits_spent",
    "current_plans",
    "forget_terms",
    "limit_of",
    "meters_of",
    "plan_of",
    "plans_giving",
    "plans_in_force",
    "plans_with",
    "terms_of",
    "usage_of",
    "version_named",
]
