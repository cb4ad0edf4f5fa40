"""Celery entry points of the markets room."""

from __future__ import annotations

import time

from celery import shared_task

from apps.markets.services.feed_watching import watch_feeds

# After a machine was off every bar is old, and the runners of feeds are as new as this process: they get time for one.
GRACE_S = 15.0
_BEGAN = time.monotonic()


@shared_task(name="markets.watch_feeds", ignore_result=True, expires=30)
def watch() -> None:
    """Mark feeds whose bars stay away, should the process that runs them have ended. Queued by beat."""
    if time.monotonic() - _BEGAN >= GRACE_S:
        watch_feeds()
