"""`reserve()`, `settle()`, `release()`: the one way to use what a plan gives so much of, for pages, API and workers.

`check_room()` is the same for what is counted by its own rows (seats, webhook endpoints). What a workspace caps itself
(`MeterCap.hard`) stops here as the plan does.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy

from apps.accounts.models import Workspace
from apps.billing.choices import Period, ReservationState
from apps.billing.errors import CapReached, NotInPlan, QuotaExceeded
from apps.billing.models import RESERVED_PLUS_USED, MeterUsage, Reservation
from apps.billing.rules import next_reset, period_start
from apps.billing.rules.capabilities import amount_of, meter_named
from apps.billing.selectors import Limit, limit_of, plan_of, plans_giving
from apps.billing.selectors.counted import COUNTED
from apps.billing.services.entitlements import PLANS_PAGE, as_options
from apps.core.manner import day_words
from apps.core.words import gettext_lazy

CAPS_PAGE = "/settings/workspace/usage/"


@transaction.atomic
def reserve(workspace: Workspace, meter: str, amount: int = 1, *, key: str) -> Reservation:
    """Hold `amount` of a meter for the work named `key`; the same key again gives the same reservation.

    One conditional UPDATE decides, so that any number of concurrent callers never exceed the limit. Raises NotInPlan,
    QuotaExceeded (what, how much, when it resets, which plans give more) or CapReached (the workspace's own cap).
    """
    existing = Reservation.objects.filter(key=key).first()
    if existing:
        return existing
    limit = limit_of(workspace, meter)
    if limit is None:
        raise _not_given(workspace, meter)
    today = timezone.now().date()
    start = period_start(limit.period, today)
    usage, _ = MeterUsage.objects.get_or_create(workspace=workspace, meter=meter, period_start=start)
    room = MeterUsage.objects.filter(pk=usage.pk)
    if limit.least is not None:
        room = room.annotate(taken=RESERVED_PLUS_USED).filter(taken__lte=limit.least - amount)
    if not room.update(reserved=F("reserved") + amount):
        raise _used_up(workspace, meter, limit, today)
    return Reservation.objects.create(usage=usage, key=key, amount=amount)


def check_room(workspace: Workspace, meter: str) -> None:
    """Raises unless the plan has room for one more of what is counted by its rows. Part of the caller's transaction,
    in which others who ask for the same workspace wait."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    limit = limit_of(workspace, meter)
    if limit is None:
        raise _not_given(workspace, meter)
    if limit.least is not None and COUNTED[meter](workspace) >= limit.least:
        raise _used_up(workspace, meter, limit, timezone.now().date())


def settle(key: str) -> None:
    """The work was done: what was reserved is now used. Twice changes nothing."""
    _close(key, ReservationState.SETTLED)


def release(key: str) -> None:
    """The work was not done: what was reserved is given back. Twice changes nothing."""
    _close(key, ReservationState.RELEASED)


@transaction.atomic
def _close(key: str, state: ReservationState) -> None:
    reservation = Reservation.objects.select_for_update().filter(key=key).first()
    if reservation is None or reservation.state != ReservationState.RESERVED:
        return
    reservation.state = state
    reservation.save(update_fields=["state", "updated_at"])
    used = reservation.amount if state == ReservationState.SETTLED else 0
    MeterUsage.objects.filter(pk=reservation.usage_id).update(
        reserved=F("reserved") - reservation.amount, used=F("used") + used
    )


def _not_given(workspace: Workspace, meter: str) -> NotInPlan:
    return NotInPlan(
        gettext("The {name} plan gives no {many}.").format(
            name=plan_of(workspace).name, many=meter_named(meter).many
        ),
        extra={"meter": meter, "link": PLANS_PAGE, "options": as_options(plans_giving(meter, 0))},
    )


# by the period that begins anew; what is counted at any time has none
_CAP_REACHED = {
    Period.DAY: gettext_lazy("This workspace set itself a cap of {what} a day, and it is reached."),
    Period.MONTH: gettext_lazy("This workspace set itself a cap of {what} a month, and it is reached."),
    Period.TOTAL: gettext_lazy("This workspace set itself a cap of {what}, and it is reached."),
}
_USED_UP = {
    Period.DAY: ngettext_lazy(
        "The {name} plan gives {what} a day, and it is used.",
        "The {name} plan gives {what} a day, and all are used.",
        "amount",
    ),
    Period.MONTH: ngettext_lazy(
        "The {name} plan gives {what} a month, and it is used.",
        "The {name} plan gives {what} a month, and all are used.",
        "amount",
    ),
    Period.TOTAL: ngettext_lazy(
        "The {name} plan gives {what}, and it is used.",
        "The {name} plan gives {what}, and all are used.",
        "amount",
    ),
}


def _used_up(workspace: Workspace, meter: str, limit: Limit, today: date) -> QuotaExceeded:
    """The refusal: by the workspace's own cap where that is the smaller, else by the plan."""
    resets = next_reset(limit.period, today)
    when = ""
    if resets:
        when = " " + gettext("It starts again on {day} at 00:00 UTC.").format(
            day=day_words(resets, year=False)
        )
    facts: dict[str, Any] = {
        "meter": meter,
        "limit": limit.least,
        "period": limit.period,
        "resets_on": resets.isoformat() if resets else None,
    }
    if limit.is_capped:
        what = amount_of(meter, limit.hard or 0)
        return CapReached(
            _CAP_REACHED[Period(limit.period) if resets else Period.TOTAL].format(what=what) + when,
            extra={**facts, "link": CAPS_PAGE},
        )
    what = amount_of(meter, limit.amount or 0)
    more = plans_giving(meter, limit.amount or 0)
    given = _USED_UP[Period(limit.period) if resets else Period.TOTAL].format(
        name=plan_of(workspace).name, what=what, amount=limit.amount or 0
    )
    advice = " " + gettext("{plan} gives more.").format(plan=more[0].name) if more else ""
    return QuotaExceeded(
        given + when + advice,
        extra={**facts, "link": PLANS_PAGE, "options": as_options(more)},
    )
