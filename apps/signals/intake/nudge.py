"""Tells the workers that alerts are waiting. Best effort: the periodic sweep finds them anyway."""

from __future__ import annotations

import logging
import threading
import time

from celery import current_app

log = logging.getLogger(__name__)

TASK = "signals.sweep_alerts"
PAUSE_S = 0.05  # one sweep takes everything stored meanwhile; more messages would find nothing
PAUSE_AFTER_FAILURE_S = 2.0
EXPIRES_S = 30  # a message nobody took by then has been overtaken by the periodic sweep


class Nudge:
    """A thread that queues one sweep for any number of `poke()`s: a slow or lost Redis holds up no request."""

    def __init__(self) -> None:
        self._poked = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def poke(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="intake-nudge", daemon=True)
            self._thread.start()
        self._poked.set()

    def stop(self, *, timeout_s: float) -> None:
        """Send what was asked for last, then end. Waits at most `timeout_s`."""
        self._stopped.set()
        self._poked.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self._poked.wait()
            stopping = self._stopped.is_set()
            self._poked.clear()
            pause = PAUSE_S
            try:
                current_app.send_task(TASK, retry=False, expires=EXPIRES_S)
            except Exception as error:  # kombu and redis raise many kinds; all mean "not queued"
                log.warning("sweep_not_queued: %s", error)
                pause = PAUSE_AFTER_FAILURE_S
            if stopping:
                return
            time.sleep(pause)
