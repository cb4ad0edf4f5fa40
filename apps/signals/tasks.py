"""Celery entry points of the signals room."""

from __future__ import annotations

import time

from celery import shared_task

from apps.signals.services import process_alerts

RUN_S = 30.0


@shared_task(name="signals.sweep_alerts", ignore_result=True, expires=30)
def sweep_alerts() -> None:
    """Make signals of all waiting alerts. Queued by the intake and, in case that got lost, by beat."""
    stop_at = time.monotonic() + RUN_S
    while process_alerts() and time.monotonic() < stop_at:
        pass
