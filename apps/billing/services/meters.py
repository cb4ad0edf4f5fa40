"""`allows()` and `reserve()`: the one way to ask what a workspace may do, for pages, API and workers."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.choices import ReservationState
from apps.billing.errors import NotInPlan, QuotaExceeded
from apps.billing.models import RESERVED_PLUS_USED, MeterUsage, PlanLimit, Reservation
from apps.billing.rules import next_reset, period_start
from apps.billing.selectors import plan_of


def allows(workspace: Workspace, capability: str) -> bool:
    """Whether the workspace's plan holds the capability, for example "can.publish_strategy"."""
    return capability in plan_of(workspace).capabilities


@transaction.atomic
def reserve(workspace: Workspace, meter: str, amount: int = 1, *, key: str) -> Reservation:
    """Hold `amount` of a meter for the work named `key`; the same key again gives the same reservation.

    One conditional UPDATE decides, so that any number of concurrent callers never exceed the limit.
    Raises QuotaExceeded (what, how much, when it resets).
    """
    existing = Reservation.objects.filter(key=key).first()
    if existing:
        return existing
    limit = PlanLimit.objects.filter(plan__code=workspace.plan_code, meter=meter).first()
    if limit is None:
        raise NotInPlan(f"{meter.replace('_', ' ')} are not part of this plan.", extra={"meter": meter})
    today = timezone.now().date()
    start = period_start(limit.period, today)
    usage, _ = MeterUsage.objects.get_or_create(workspace=workspace, meter=meter, period_start=start)
    room = MeterUsage.objects.filter(pk=usage.pk)
    if limit.amount is not None:
        room = room.annotate(taken=RESERVED_PLUS_USED).filter(taken__lte=limit.amount - amount)
    if not room.update(reserved=F("reserved") + amount):
        resets = next_reset(limit.period, today)
        what = f"{limit.amount} {meter.replace('_', ' ')}"
        if limit.amount == 1:
            what = what.removesuffix("s")
        each = f" a {limit.period}" if resets else ""
        when = f" It starts again on {resets:%-d %B} at 00:00 UTC." if resets else ""
        raise QuotaExceeded(
            f"The {plan_of(workspace).name} plan gives {what}{each}, and all are used.{when}",
            extra={
                "meter": meter,
                "limit": limit.amount,
                "period": limit.period,
                "resets_on": resets.isoformat() if resets else None,
            },
        )
    return Reservation.objects.create(usage=usage, key=key, amount=amount)


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
