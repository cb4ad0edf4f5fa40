"""Reads: what a workspace may do and has left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.choices import Period
from apps.billing.models import MeterUsage, Plan, PlanLimit
from apps.billing.rules import next_reset, period_start

API_METER = "api_requests"
_api_rates: dict[str, tuple[int | None, float]] = {}


def plan_of(workspace: Workspace) -> Plan:
    return Plan.objects.get(code=workspace.plan_code)


@dataclass(frozen=True)
class MeterState:
    """One line of the usage page; `limit` None is unlimited."""

    meter: str
    limit: int | None
    used: int
    period: str
    resets_on: date | None

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def span(self) -> str:
        """When the amount is for: "today", "this month", or nothing for meters that never start again."""
        return {Period.DAY: "today", Period.MONTH: "this month"}.get(Period(self.period), "")


def meters_of(workspace: Workspace) -> list[MeterState]:
    """Each meter of the workspace's plan with what is used (reservations counted) in its current period.

    Rates of a minute are no meters: the API tells them with every answer.
    """
    today = timezone.now().date()
    usage = {
        (row.meter, row.period_start): row.used + row.reserved
        for row in MeterUsage.objects.filter(workspace=workspace)
    }
    return [
        MeterState(
            meter=limit.meter,
            limit=limit.amount,
            used=usage.get((limit.meter, period_start(limit.period, today)), 0),
            period=limit.period,
            resets_on=next_reset(limit.period, today),
        )
        for limit in plan_of(workspace).limits.exclude(period=Period.MINUTE).order_by("meter")
    ]


def api_rate_of(workspace: Workspace) -> int | None:
    """Requests a minute that the workspace's plan gives each of its people; None where it names none.

    Remembered for a minute by each process, so that staff's changes hold from the next minute on.
    """
    found = _api_rates.get(workspace.plan_code)
    if found is None or time.monotonic() - found[1] > 60:
        amount = (
            PlanLimit.objects.filter(plan__code=workspace.plan_code, meter=API_METER)
            .values_list("amount", flat=True)
            .first()
        )
        found = _api_rates[workspace.plan_code] = (amount, time.monotonic())
    return found[0]
