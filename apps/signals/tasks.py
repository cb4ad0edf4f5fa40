"""Celery entry points of the signals room."""

from __future__ import annotations

import time

from celery import shared_task

from apps.signals.services import (
    match_signals,
    process_alerts,
    record_refusals,
    resume_replays,
    run_replay,
    settle_firings,
    tell_incidents,
    tell_refused,
)

RUN_S = 30.0


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


@shared_task(name="signals.look_after_intake", ignore_result=True, expires=60)
def look_after_intake() -> None:
    """Tell of alerts that cannot be read, journal refused requests, go on with replays. Queued by beat."""
    tell_refused()
    record_refusals()
    resume_replays()


@shared_task(name="signals.run_replay", ignore_result=True)
def replay(replay_id: int) -> None:
    """Replay the alerts of a source that stand for review. Queued by the page and the API, and by beat."""
    run_replay(replay_id)
