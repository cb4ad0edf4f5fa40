"""Reads: what a workspace may do and has left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from django.db.models import ExpressionWrapper, F, OuterRef, PositiveIntegerField, Q, QuerySet, Subquery

from apps.accounts.models import Workspace
from apps.billing.choices import GIVING, Period
from apps.billing.models import MeterCap, Plan, PlanLimit, Subscription
from apps.billing.rules.capabilities import CREDITS_METER

API_METER = "api_requests"
SEATS_METER = "seats"
REMEMBERED_S = 60.0


@dataclass(frozen=True)
class Terms:
    """What of a plan is asked at every request."""

    name: str
    version: int
    capabilities: frozenset[str]
    api_rate: int | None


# By code and kept version: what was read, and when (monotonic seconds).
_terms: dict[tuple[str, int | None], tuple[Terms, float]] = {}


def plan_of(workspace: Workspace) -> Plan:
    """The version it keeps, else what is current. Raises Plan.DoesNotExist."""
    return Plan.objects.get(version_named(workspace.plan_code, workspace.plan_version))


def version_named(code: str, version: int | None) -> Q:
    """The one version of a plan that a workspace has which says so."""
    return Q(code=code, is_current=True) if version is None else Q(code=code, version=version)


def plans_in_force(workspace: str = "workspace") -> QuerySet[Plan]:
    """For a subquery: the plan of the outer row's workspace, which is at that path (empty: the row itself)."""
    path = f"{workspace}__" if workspace else ""
    kept = ExpressionWrapper(OuterRef(f"{path}plan_version"), output_field=PositiveIntegerField(null=True))
    return (
        Plan.objects.filter(code=OuterRef(f"{path}plan_code"))
        .annotate(kept=kept)
        .filter(Q(kept=F("version")) | Q(kept=None, is_current=True))
    )


def amounts_of_meter(meter: str) -> dict[tuple[str, int | None], int | None]:
    """What each plan gives of a meter, None without end, by code and kept version as workspaces name them."""
    rows = PlanLimit.objects.filter(meter=meter).select_related("plan")
    found: dict[tuple[str, int | None], int | None] = {}
    for row in rows:
        found[row.plan.code, row.plan.version] = row.amount
        if row.plan.is_current:
            found[row.plan.code, None] = row.amount
    return found


def current_plans() -> list[Plan]:
    """What is sold now, the smallest first, with limits and prices."""
    found = Plan.objects.filter(is_current=True, is_offered=True)
    return list(found.prefetch_related("limits", "prices").order_by("rank"))


def terms_of(workspace: Workspace) -> Terms:
    """What the workspace's plan gives. Raises Plan.DoesNotExist."""
    return terms_named(workspace.plan_code, workspace.plan_version)


def terms_named(code: str, version: int | None) -> Terms:
    """The same by what a workspace names; remembered for a minute by each process, after which staff's changes hold."""
    key = (code, version)
    found = _terms.get(key)
    if found is None or time.monotonic() - found[1] > REMEMBERED_S:
        rate = PlanLimit.objects.filter(plan=OuterRef("pk"), meter=API_METER).values("amount")
        row = (
            Plan.objects.filter(version_named(*key))
            .annotate(api_rate=Subquery(rate))
            .values_list("name", "version", "capabilities", "api_rate")
            .get()
        )
        found = _terms[key] = (Terms(row[0], row[1], frozenset(row[2]), row[3]), time.monotonic())
    return found[0]


def forget_terms() -> None:
    """Read the plans anew at the next question, in this process."""
    _terms.clear()


def capped_meters(workspace: Workspace) -> list[str]:
    """Meters that the workspace may cap itself: those of its plan, and credits. Rates of a minute are none."""
    own = Plan.objects.filter(version_named(workspace.plan_code, workspace.plan_version))
    limits = PlanLimit.objects.filter(plan__in=own).exclude(period=Period.MINUTE)
    return [*limits.order_by("meter").values_list("meter", flat=True), CREDITS_METER]


def api_rate_of(workspace: Workspace) -> int | None:
    """Requests a minute that the workspace's plan gives each of its people; None where it names none."""
    return terms_of(workspace).api_rate


def plans_with(capability: str) -> list[Plan]:
    """Plans sold now that hold the capability, the smallest first."""
    found = Plan.objects.filter(is_current=True, is_offered=True, capabilities__contains=[capability])
    return list(found.order_by("rank"))


def plans_giving(meter: str, above: int) -> list[Plan]:
    """Plans sold now that give more than so much of a meter, the smallest first."""
    more = PlanLimit.objects.filter(meter=meter).filter(Q(amount=None) | Q(amount__gt=above))
    found = Plan.objects.filter(is_current=True, is_offered=True, limits__in=more)
    return list(found.order_by("rank"))


@dataclass(frozen=True)
class Limit:
    """What a workspace may use of a meter in a period: what the plan gives, and what it set itself; None: no end."""

    amount: int | None
    period: str
    soft: int | None = None
    hard: int | None = None

    @property
    def least(self) -> int | None:
        """Where it stops."""
        return min((one for one in (self.amount, self.hard) if one is not None), default=None)

    @property
    def is_capped(self) -> bool:
        """Whether it is the workspace's own cap that stops it."""
        return self.hard is not None and self.hard == self.least and self.hard != self.amount


def limit_of(workspace: Workspace, meter: str) -> Limit | None:
    """None where the plan gives none of it. Bought seats count, where they are more than the plan includes."""
    row = (
        PlanLimit.objects.filter(
            plan__in=Plan.objects.filter(version_named(workspace.plan_code, workspace.plan_version)),
            meter=meter,
        )
        .annotate(
            soft=Subquery(MeterCap.objects.filter(workspace=workspace, meter=meter).values("soft")),
            hard=Subquery(MeterCap.objects.filter(workspace=workspace, meter=meter).values("hard")),
        )
        .values_list("amount", "period", "soft", "hard")
        .first()
    )
    if row is None:
        return None
    limit = Limit(*row)
    if meter == SEATS_METER and limit.amount is not None:
        bought = Subscription.objects.filter(workspace=workspace, status__in=GIVING).values_list(
            "seats", flat=True
        )
        return replace(limit, amount=max(limit.amount, bought.first() or 0))
    return limit
