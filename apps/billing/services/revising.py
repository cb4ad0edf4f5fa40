"""Staff change a plan by a new version of it: whoever bought an earlier one keeps that, everybody else follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.accounts.services.second_factors import MfaSource, set_mfa_requirement
from apps.billing.choices import Interval, Period
from apps.billing.errors import BillingRefused
from apps.billing.hooks import plan_changed
from apps.billing.models import Plan, PlanLimit, PlanPrice
from apps.billing.rules.capabilities import CAPABILITIES
from apps.billing.selectors import forget_terms
from apps.billing.services.plans import MFA_GRACE
from apps.journal.services import record

FIELDS = (
    "name",
    "summary",
    "rank",
    "is_offered",
    "capabilities",
    "monthly_credits",
    "signal_days",
    "alert_days",
    "requires_mfa",
    "trial_days",
    "trial_credits",
)


@dataclass(frozen=True)
class NewLimit:
    """So much of a meter per period; None: without end."""

    amount: int | None
    period: str


@dataclass(frozen=True)
class NewPrice:
    """Minor units for the plan and for each seat more (None: no further seats), per interval."""

    currency: str
    interval: str
    amount: int
    seat_amount: int | None


@transaction.atomic
def revise_plan(
    code: str,
    *,
    values: Mapping[str, Any],
    limits: Mapping[str, NewLimit],
    prices: Sequence[NewPrice],
    actor: User | None,
) -> Plan:
    """Make the next version of the plan `code`, or a new plan, and let it be the current one.

    `limits` and `prices` are all that the version has; of the `values` what is not named stays as it was. What changes
    nothing makes no version. Workspaces that keep no version follow at once, in other processes within a minute.
    Raises BillingRefused for what cannot stand in a plan.
    """
    _check(code, values, limits, prices)
    before = Plan.objects.select_for_update().filter(code=code, is_current=True).first()
    told = _as_told(before)
    kept = {name: getattr(before, name) for name in FIELDS} if before else {}
    after = {**kept, **{name: values[name] for name in FIELDS if name in values}}
    after["capabilities"] = [name for name in CAPABILITIES if name in after.get("capabilities", ())]
    asked = {
        **after,
        "limits": {meter: [one.amount, one.period] for meter, one in sorted(limits.items())},
        "prices": _prices_told(prices),
    }
    if before and asked == told:
        return before
    newest = Plan.objects.filter(code=code).order_by("-version").values_list("version", flat=True).first()
    if before:
        Plan.objects.filter(pk=before.pk).update(is_current=False)
        PlanPrice.objects.filter(plan=before).update(is_active=False)
    plan = Plan.objects.create(code=code, version=(newest or 0) + 1, is_current=True, **after)
    PlanLimit.objects.bulk_create(
        PlanLimit(plan=plan, meter=meter, **asdict(one)) for meter, one in limits.items()
    )
    PlanPrice.objects.bulk_create(PlanPrice(plan=plan, **asdict(one)) for one in prices)
    changes = {name: [told.get(name), now] for name, now in asked.items() if told.get(name) != now}
    record(
        actor=actor,
        workspace=None,
        action="billing.plan.revised",
        target=plan,
        changes={"version": plan.version, **changes},
    )
    _let_follow(plan, before, actor)
    transaction.on_commit(forget_terms)
    forget_terms()
    return plan


def _let_follow(plan: Plan, before: Plan | None, actor: User | None) -> None:
    """What a change means for the workspaces that have whatever is current."""
    if before is None:
        return
    following = Workspace.objects.filter(plan_code=plan.code, plan_version=None)
    if plan.requires_mfa != before.requires_mfa:
        starts = timezone.now() + MFA_GRACE if plan.requires_mfa else None
        for workspace in following.select_for_update().order_by("pk").iterator(chunk_size=500):
            set_mfa_requirement(workspace, source=MfaSource.PLAN, starts=starts, actor=actor)
    for pk in following.values_list("pk", flat=True).iterator(chunk_size=2000):
        plan_changed.send_on_commit(workspace_id=pk)


def _check(
    code: str, values: Mapping[str, Any], limits: Mapping[str, NewLimit], prices: Sequence[NewPrice]
) -> None:
    def refuse(words: str, field: str) -> None:
        raise BillingRefused(words, field=field, status=422)

    if not re.fullmatch(r"[a-z][a-z0-9-]{1,29}", code):
        refuse(gettext("A plan's code is small letters, digits and hyphens, 2 to 30 of them."), "code")
    if unknown := set(values.get("capabilities", ())) - set(CAPABILITIES):
        refuse(
            gettext("There is no capability {join}.").format(join=", ".join(sorted(unknown))), "capabilities"
        )
    for meter, limit in limits.items():
        if not re.fullmatch(r"[a-z][a-z_]{1,59}", meter) or limit.period not in Period.values:
            refuse(
                gettext("The limit {meter} needs small letters and a period of {join}.").format(
                    meter=meter, join=", ".join(Period.values)
                ),
                "limits",
            )
    seen = set()
    for price in prices:
        if not re.fullmatch(r"[A-Z]{3}", price.currency) or price.interval not in Interval.values:
            refuse(gettext("A price needs a currency of three capital letters, and month or year."), "prices")
        if price.amount <= 0:
            refuse(gettext("A price is more than nothing; a plan that costs nothing has none."), "prices")
        if (price.currency, price.interval) in seen:
            refuse(
                gettext("There are two prices in {currency} a {interval}.").format(
                    currency=price.currency, interval=price.interval
                ),
                "prices",
            )
        seen.add((price.currency, price.interval))


def _as_told(plan: Plan | None) -> dict[str, Any]:
    """A version as it stands in the journal, and as it is compared with the next."""
    if plan is None:
        return {}
    rows = PlanPrice.objects.filter(plan=plan)
    prices = [NewPrice(row.currency, row.interval, row.amount, row.seat_amount) for row in rows]
    return {
        **{name: getattr(plan, name) for name in FIELDS},
        "limits": {row.meter: [row.amount, row.period] for row in plan.limits.order_by("meter")},
        "prices": _prices_told(prices),
    }


def _prices_told(prices: Sequence[NewPrice]) -> dict[str, list[int | None]]:
    return {
        f"{one.currency} {one.interval}": [one.amount, one.seat_amount]
        for one in sorted(prices, key=lambda one: (one.currency, one.interval))
    }
