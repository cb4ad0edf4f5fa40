"""Celery entry points of billing."""

import structlog
from celery import shared_task

from apps.billing.services import (
    caps,
    checkouts,
    credits,
    gateway_events,
    mirroring,
    reconciling,
    refunds,
    renewals,
    subscriptions,
    telling,
    trials,
    usage,
)

log = structlog.get_logger(__name__)


@shared_task(name="billing.grant_plan_credits", expires=60)
def grant_plan_credits() -> None:
    """Every minute: new workspaces get their credits, and all of them when a month begins."""
    credits.grant_plan_credits()


@shared_task(name="billing.expire_credits", expires=60)
def expire_credits() -> None:
    credits.expire_credits(lately=True)


@shared_task(name="billing.end_trials", expires=60)
def end_trials() -> None:
    """Every minute: plans that were tried long enough."""
    trials.end_trials()


@shared_task(name="billing.tell_of_limits", expires=300)
def tell_of_limits() -> None:
    """Every five minutes: whose use of a meter has come near its end, or reached it."""
    caps.tell_of_limits()


@shared_task(name="billing.verify_credits")
def verify_credits() -> None:
    """Every night: what expired long ago and came back, then every balance anew. A fault is an error in the log."""
    credits.expire_credits()
    check = credits.keep_check(credits.verify_credits())
    if check.faults:
        log.error("credits_not_whole", faults=check.faults[:20], count=len(check.faults))


@shared_task(name="billing.work_off")
def work_off(code: str, subject: str) -> None:
    """What a gateway's webhooks told of one customer or order."""
    gateway_events.work_off(code, subject)


@shared_task(name="billing.work_off_due", expires=30)
def work_off_due() -> None:
    """Every half minute: webhooks whose message was lost, whose worker died, or that failed before."""
    gateway_events.work_off_due()


@shared_task(name="billing.expire_checkouts", expires=300)
def expire_checkouts() -> None:
    checkouts.expire_checkouts()


@shared_task(name="billing.end_those_of_leavers", expires=3000)
def end_those_of_leavers() -> None:
    """Every hour: nobody who leaves is charged again."""
    subscriptions.end_those_of_leavers()


@shared_task(name="billing.roll_up_usage", expires=300)
def roll_up_usage() -> None:
    """Every five minutes: how much of everything was used, by day."""
    usage.roll_up_usage()


@shared_task(name="billing.remind", expires=3000)
def remind() -> None:
    """Every hour: overdue payments, and trials that end soon."""
    telling.remind()


@shared_task(name="billing.mirror_lately", expires=300)
def mirror_lately() -> None:
    """Every five minutes: staff's copy of what Stripe's last webhooks were about."""
    mirroring.mirror_lately()


@shared_task(name="billing.catch_up_mirror")
def catch_up_mirror() -> None:
    """Every night: what is sold is at Stripe, and what staff's copy missed is in it."""
    mirroring.sync_catalogue()
    mirroring.catch_up_mirror()


@shared_task(name="billing.renew", expires=1800)
def renew() -> None:
    """Every hour: the next payments of subscriptions whose gateway does not charge by itself, and those left unpaid."""
    renewals.move_on()
    renewals.ask_for_renewals()


@shared_task(name="billing.carry_out_refunds", expires=300)
def carry_out_refunds() -> None:
    """Every five minutes: refunds whose gateway never answered."""
    refunds.carry_out_waiting()


@shared_task(name="billing.reconcile")
def reconcile() -> None:
    """Every night: gateways, payments, credits and invoices against each other. A difference is an error in the log."""
    reconciling.reconcile_all()
