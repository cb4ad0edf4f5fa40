"""Reads of the billing room: plans and meters here, the ledger's in `selectors.credits`."""

from apps.billing.selectors.plans import (
    API_METER,
    MeterState,
    _api_rates,
    api_rate_of,
    meters_of,
    plan_of,
)

__all__ = ["API_METER", "MeterState", "_api_rates", "api_rate_of", "meters_of", "plan_of"]
