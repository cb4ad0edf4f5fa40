"""Queueing work. Services name a task instead of importing it, so no import runs upward."""

from __future__ import annotations

import threading
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
_loading = threading.Lock()
_loaded = threading.Event()


def load_tasks() -> None:
    """Import every app's tasks. Web processes do so before their first request; afterwards it costs nothing.

    Celery would run all of Django's system checks at each call, 40 ms and more.
    """
    if _loaded.is_set():
        return
    with _loading:  # Celery lets a second thread go on while the first still imports
        if not _loaded.is_set():
            current_app.loader.import_default_modules()
            _loaded.set()


def enqueue_on_commit(name: str, **ids: int | str) -> None:
    """Queue the task `name` with `ids` once the surrounding transaction commits.

    Raises KeyError at once for an unknown task. A lost broker is logged and does not fail the request:
    each kind of work has a periodic sweep that finds what was stored but never queued.
    """
    load_tasks()
    task = current_app.tasks[name]
    transaction.on_commit(partial(_send, task.name, ids))


def enqueue(name: str, **ids: int | str) -> None:
    """Queue the task `name` with `ids` at once: for callers outside a transaction, such as hooks after a commit."""
    load_tasks()
    _send(current_app.tasks[name].name, ids)


def _send(name: str, ids: dict[str, int | str]) -> None:
    try:
        current_app.send_task(name, kwargs=ids)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        log.warning("job_not_queued", task=name, error=str(error), **ids)
