"""Celery entry points of the signals room."""

from __future__ import annotations

import time

import structlog
from celery import shared_task

from apps.signals.models import SignalChain
from apps.signals.services import (
    end_left_signals,
    match_signals,
    measure_outcomes,
    process_alerts,
    record_refusals,
    resume_replays,
    run_replay,
    seal_signals,
    settle_firings,
    sign_days,
    tell_incidents,
    tell_refused,
    verify_chain,
)

log = structlog.get_logger(__name__)

RUN_S = 30.0  # a job that has more to do makes room for others


@shared_task(name="signals.sweep_alerts", ignore_result=True, expires=30)
def sweep_alerts() -> None:
    """Make signals of all waiting alerts and find their alarms. Queued by the intake and, should that fail, by beat."""
    stop_at = time.monotonic() + RUN_S
    while process_alerts() + match_signals() and time.monotonic() < stop_at:
        pass


@shared_task(name="signals.settle_firings", ignore_result=True, expires=30)
def settle() -> None:
    """Pay for messages that have ended, and tell of sequences that stay broken. Queued by beat."""
    settle_firings()
    tell_incidents()


@shared_task(name="signals.end_left_signals", ignore_result=True)
def end_left() -> None:
    """End signals whose alarms are gone. Queued by beat."""
    end_left_signals()


@shared_task(name="signals.look_after_intake", ignore_result=True, expires=60)
def look_after_intake() -> None:
    """Tell of alerts that cannot be read, journal refused requests, go on with replays. Queued by beat."""
    tell_refused()
    record_refusals()
    resume_replays()


@shared_task(name="signals.run_replay", ignore_result=True)
def replay(replay_id: int) -> None:
    """Replay the alerts of a source that stand for review. Queued by the page and the API, and by beat."""
    run_replay(replay_id, run_s=RUN_S)


@shared_task(name="signals.seal", ignore_result=True, expires=60)
def seal() -> None:
    """Chain new signals, and sign the days that are over. Queued by beat."""
    seal_signals()
    sign_days()


@shared_task(name="signals.measure_outcomes", ignore_result=True, expires=60)
def measure() -> None:
    """Measure what is due. Queued by beat."""
    measure_outcomes()


@shared_task(name="signals.verify_chain", ignore_result=True)
def verify_one(chain_id: int) -> None:
    """Somebody asked on the page."""
    _verify(SignalChain.objects.get(pk=chain_id))


@shared_task(name="signals.verify_chains", ignore_result=True)
def verify_all() -> None:
    """Every night. A fault is an error in the log."""
    for chain in SignalChain.objects.order_by("pk"):
        _verify(chain)


def _verify(chain: SignalChain) -> None:
    found = verify_chain(chain)
    if found.faults:
        log.error("signal_chain_not_whole", chain=str(chain.uuid), faults=found.faults[:20])
