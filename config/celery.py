"""The Celery application. Tasks live in each app's tasks.py and are named "<app>.<verb_object>"."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

QUEUES = ("default", "signals", "notifications", "bots", "trading", "research", "billing")

app = Celery("candlewright")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**kwargs: Any) -> None:
    """Celery would replace the root handlers; the ones from config.logs stay."""


@before_task_publish.connect
def say_when(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """A message says when it was sent: the staff's queue page tells how long the oldest waits."""
    if headers is not None:
        headers["sent_at"] = datetime.now(UTC).isoformat()


@worker_init.connect
def load_kernels(**kwargs: Any) -> None:
    """Before the worker forks: no job waits for the engine to load, and its processes share the memory."""
    from apps.engine.warm import warm  # numba takes a second to import, which only workers should spend

    warm()


@worker_init.connect
def load_exchanges(**kwargs: Any) -> None:
    """The code of the exchanges at which accounts are connected: seconds that no order should wait for."""
    from apps.trading.services.exchange import load_exchanges_in_use

    load_exchanges_in_use()
