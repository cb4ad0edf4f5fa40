"""`allows()` and `reserve()`: the one way to ask what a workspace may do, for pages, API and workers; and its plan."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.accounts.services.second_factors import MfaSource, set_mfa_requirement
from apps.billing.choices import ReservationState
from apps.billing.errors import NotInPlan, QuotaExceeded
from apps.billing.models import RESERVED_PLUS_USED, MeterUsage, Plan, PlanLimit, Reservation
from apps.billing.rules import next_reset, period_start
from apps.billing.selectors import plan_of
from apps.journal.services import record

MFA_GRACE = timedelta(days=14)


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


@transaction.atomic
def change_plan(
    workspace: Workspace, code: str, *, actor: User | None, mfa_from: datetime | None = None
) -> None:
    """Put the workspace on the plan `code`.

    A plan that requires second factors does so 14 days from now, or from `mfa_from`; one that began before keeps its
    day. Any other plan waives them (what the owner asks for stays). Raises Plan.DoesNotExist.
    """
    plan = Plan.objects.get(code=code)
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    before = locked.plan_code
    if before != code:
        locked.plan_code = code
        locked.save(update_fields=["plan_code", "updated_at"])
        record(
            actor=actor,
            workspace=locked,
            action="billing.plan.changed",
            target=locked,
            changes={"plan": [before, code]},
        )
    starts = None
    if plan.requires_mfa:
        starts = mfa_from or locked.plan_mfa_from or timezone.now() + MFA_GRACE
    set_mfa_requirement(locked, source=MfaSource.PLAN, starts=starts, actor=actor)
    workspace.refresh_from_db(fields=["plan_code", "plan_mfa_from"])
