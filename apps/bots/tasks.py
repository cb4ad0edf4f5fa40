"""Celery entry points of the bots room."""

from __future__ import annotations

import time

from celery import shared_task

from apps.bots import services

RUN_S = 30.0  # a job that has more to do makes room for others
AGAIN_S = 0.5


@shared_task(name="bots.step_cohort", ignore_result=True)
def step_cohort(cohort_id: int) -> None:
    """Do every bar of a cohort that is not done. Queued when bars come, when bots come or go, and by the sweep.

    While another worker holds the cohort this one comes again a little later: that worker may have looked for bars
    before the one that this message tells of.
    """
    stop_at = time.monotonic() + RUN_S
    try:
        while True:
            stepped = services.step_cohort(cohort_id)
            if stepped.is_busy or (stepped.bars and time.monotonic() >= stop_at):
                step_cohort.apply_async(kwargs={"cohort_id": cohort_id}, countdown=AGAIN_S)
                return
            if not stepped.bars:
                return
    except Exception as error:
        services.fail_cohort(cohort_id, error)
        raise


@shared_task(name="bots.sweep", ignore_result=True, expires=10)
def sweep() -> None:
    """Queue what was never queued, and say that the queue is worked off. Queued by beat."""
    services.sweep()
    services.finish_upgrades()


@shared_task(name="bots.follow_causes", ignore_result=True)
def follow_causes() -> None:
    """Pause and resume bots whose kill switches, accounts or plans have changed. Queued by the hooks of those."""
    services.follow_causes()


@shared_task(name="bots.check_parity", ignore_result=True)
def check_parity() -> None:
    """Compare what every bot decided with its backtest over the same bars. Queued by beat each night."""
    services.check_all()


@shared_task(name="bots.watch_heartbeats", ignore_result=True, expires=30)
def watch_heartbeats() -> None:
    """Tell of bots that nothing is heard of. Queued by beat, in a queue that is not theirs."""
    services.watch_heartbeats()
