"""What is used of each meter in its present period, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.choices import LedgerKind, Period
from apps.billing.models import LedgerTransaction, MeterCap, MeterUsage, PlanLimit
from apps.billing.rules import next_reset, period_start
from apps.billing.rules.capabilities import CREDITS_METER, meter_named
from apps.billing.selectors.counted import COUNTED
from apps.billing.selectors.plans import SEATS_METER, limit_of, plan_of

MOVING = (LedgerKind.HOLD, LedgerKind.SETTLE, LedgerKind.RELEASE, LedgerKind.REFUND)


@dataclass(frozen=True)
class MeterState:
    """One line of the usage page; `limit` None is unlimited. `soft` and `hard` are the workspace's own caps."""

    meter: str
    limit: int | None
    used: int
    period: str
    resets_on: date | None
    soft: int | None = None
    hard: int | None = None

    @property
    def words(self) -> str:
        return meter_named(self.meter).words

    @property
    def end(self) -> int | None:
        """Where it stops: of plan and own cap the smaller."""
        return min((one for one in (self.limit, self.hard) if one is not None), default=None)

    @property
    def left(self) -> int | None:
        return None if self.end is None else max(0, self.end - self.used)

    @property
    def percent(self) -> int:
        """How much of it is used, 100 at most; 0 where it has no end."""
        if self.end is None:
            return 0
        return 100 if self.used >= self.end else self.used * 100 // self.end

    @property
    def is_capped(self) -> bool:
        """Whether it is the workspace's own cap that stops it first."""
        return self.hard is not None and (self.limit is None or self.hard < self.limit)

    @property
    def span(self) -> str:
        """When the amount is for: "today", "this month", or nothing for meters that never start again."""
        return {Period.DAY: gettext("today"), Period.MONTH: gettext("this month")}.get(
            Period(self.period), ""
        )


def meters_of(workspace: Workspace) -> list[MeterState]:
    """Each meter of the workspace's plan with what is used (reservations counted) in its current period.

    Rates of a minute are no meters: the API tells them with every answer.
    """
    today = timezone.now().astimezone(UTC).date()
    usage = {
        (row.meter, row.period_start): row.used + row.reserved
        for row in MeterUsage.objects.filter(workspace=workspace)
    }
    limits = plan_of(workspace).limits.exclude(period=Period.MINUTE).order_by("meter")
    return [_state(workspace, limit, usage, today) for limit in limits]


def _state(
    workspace: Workspace, limit: PlanLimit, usage: dict[tuple[str, date], int], today: date
) -> MeterState:
    return MeterState(
        meter=limit.meter,
        limit=limit.amount,
        used=usage.get((limit.meter, period_start(limit.period, today)), 0),
        period=limit.period,
        resets_on=next_reset(limit.period, today),
    )


def usage_of(workspace: Workspace) -> list[MeterState]:
    """Everything the workspace's plan limits, with its own caps: also what is counted by rows, and credits spent."""
    caps = {cap.meter: cap for cap in MeterCap.objects.filter(workspace=workspace)}
    states = []
    for state in meters_of(workspace):
        cap = caps.get(state.meter)
        used, limit = state.used, state.limit
        if state.meter in COUNTED:
            used = COUNTED[state.meter](workspace)
        if state.meter == SEATS_METER:
            seats = limit_of(workspace, SEATS_METER)
            limit = seats.amount if seats else limit
        states.append(
            MeterState(
                state.meter,
                limit,
                used,
                state.period,
                state.resets_on,
                cap.soft if cap else None,
                cap.hard if cap else None,
            )
        )
    cap = caps.get(CREDITS_METER)
    today = timezone.now().astimezone(UTC).date()
    states.append(
        MeterState(
            CREDITS_METER,
            None,
            credits_spent(workspace),
            Period.MONTH,
            next_reset(Period.MONTH, today),
            cap.soft if cap else None,
            cap.hard if cap else None,
        )
    )
    return states


def credits_spent(workspace: Workspace) -> int:
    """Credits that were spent or are held since the month began (UTC), what came back taken off."""
    first = period_start(Period.MONTH, timezone.now().astimezone(UTC).date())
    since = datetime(first.year, first.month, 1, tzinfo=UTC)
    rows = LedgerTransaction.objects.filter(workspace_id=workspace.pk, kind__in=MOVING, created_at__gte=since)
    return max(0, -int(rows.aggregate(total=Sum("change"))["total"] or 0))
