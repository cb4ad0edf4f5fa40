"""What waits to be worked on, since when, and who works on it; staff cancel and retry runs here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from celery import Celery, current_app
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.backtests.choices import FINISHED, Status
from apps.backtests.services.jobs import cancel, retry
from apps.core.staff import page_of
from apps.core.words import gettext_lazy
from apps.notifications.selectors.waiting import waiting_by_channel
from apps.signals.selectors import intake_depth

log = structlog.get_logger(__name__)
KINDS = {
    "backtest": gettext_lazy("Backtest"),
    "sweep": gettext_lazy("Sweep"),
    "walkforward": gettext_lazy("Walk-forward"),
    "portfoliorun": gettext_lazy("Portfolio"),
}
STATES = [*Status.values]
LISTED = 50
PING_S = 0.6  # a worker that is alive answers within milliseconds, whatever its processes compute

COUNTS = " UNION ALL ".join(
    f"SELECT '{kind}', status, count(*), min(queue_key) FILTER (WHERE status = 'queued') FROM backtests_{kind} "  # noqa: S608  names of ours
    "WHERE status IN ('queued', 'running') OR created_at > now() - interval '1 day' GROUP BY status"
    for kind in KINDS
)
_ROWS = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, id, status, attempts, error, created_at, started_at, lease_until, workspace_id, "  # noqa: S608
    f"{'name' if kind == 'portfoliorun' else 'formula_name'} AS name FROM backtests_{kind} "
    "WHERE status IN ('queued', 'running') OR (status = 'failed' AND finished_at > now() - interval '1 day')"
    for kind in KINDS
)
JOBS = f"SELECT * FROM ({_ROWS}) AS jobs ORDER BY status = 'failed', created_at LIMIT %s"  # noqa: S608


@dataclass(frozen=True)
class Queue:
    """Messages that wait in Redis, None where it did not answer; since when the oldest of them does."""

    name: str
    waiting: int | None
    since: datetime | None = None


@dataclass(frozen=True)
class Worker:
    name: str
    running: int


def queues(request: HttpRequest) -> HttpResponse:
    _require(request, "backtests.view_backtest")
    workers = alive()
    context = admin.site.each_context(request) | {
        "title": gettext("Queues"),
        "queues": lengths(),
        "workers": workers,
        "states": [Status(state).label for state in STATES],
        "counts": counts(),
        "jobs": jobs(),
        "may_change": _may(request, "backtests.change_backtest"),
        "intake": intake_depth(),
        "channels": waiting_by_channel(),
        "now": datetime.now(UTC),
    }
    return render(request, "admin/pages/queues.html", context)


def act(request: HttpRequest, deed: str, job_kind: str, pk: int) -> HttpResponse:
    """A page that says what will happen, then does it."""
    _require(request, "backtests.change_backtest")
    if job_kind not in KINDS or deed not in ("cancel", "retry"):
        raise Http404(gettext("There is no such deed."))
    job: Any = get_object_or_404(apps.get_model("backtests", job_kind), pk=pk)
    possible = job.status == Status.FAILED if deed == "retry" else job.status not in FINISHED
    if request.method == "POST" and possible:
        staff: Any = request.user
        done = retry(job, actor=staff) if deed == "retry" else cancel(job, actor=staff)
        if done:
            messages.success(
                request,
                gettext("It waits again.")
                if deed == "retry"
                else gettext("It is cancelled, and its quota is back."),
            )
        else:
            messages.error(
                request, gettext("It changed meanwhile, or its question was asked again: nothing was done.")
            )
        return redirect("admin-queues")
    context = admin.site.each_context(request) | {
        "title": gettext("{deed}: {job}").format(deed=_deed(deed), job=job),
        "deed": _deed(deed),
        "act": deed,
        "job": job,
        "kind": KINDS[job_kind],
        "possible": possible,
        "form": forms.Form(),
    }
    return render(request, "admin/pages/queue_act.html", context)


def lengths(app: Celery = current_app) -> list[Queue]:
    """How many messages wait in each queue of Celery, and since when."""
    names = [queue.name for queue in app.conf.task_queues]
    try:
        with app.connection_for_read() as broker:
            client = broker.default_channel.client
            return [Queue(name, int(client.llen(name)), _sent_at(client.lindex(name, -1))) for name in names]
    except (OperationalError, RedisError, OSError) as error:
        log.warning("queues_not_read", error=str(error))
        return [Queue(name, None) for name in names]


def _sent_at(message: bytes | None) -> datetime | None:
    """When it was sent, as its header says; None for no message, and for one that says nothing."""
    sent = json.loads(message)["headers"].get("sent_at") if message else None
    return datetime.fromisoformat(sent) if sent else None


def alive() -> list[Worker] | None:
    """The workers that answer, with how many jobs each works on; None where Redis did not answer."""
    try:
        found = current_app.control.inspect(timeout=PING_S).active() or {}
    except (OperationalError, RedisError, OSError) as error:
        log.warning("workers_not_asked", error=str(error))
        return None
    return [Worker(name, len(tasks)) for name, tasks in sorted(found.items())]


def counts() -> list[dict[str, Any]]:
    """Runs by kind and state: all that have not ended, and those of the last day."""
    rows: dict[str, dict[str, Any]] = {kind: {"kind": words, "oldest": None} for kind, words in KINDS.items()}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        for kind, status, number, oldest in cursor.fetchall():
            rows[kind][status] = number
            rows[kind]["oldest"] = oldest or rows[kind]["oldest"]
    return [row | {"numbers": [row.get(state, 0) for state in STATES]} for row in rows.values()]


def jobs() -> list[dict[str, Any]]:
    """What waits or runs, the oldest first, then what failed in the last day."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS, [LISTED])
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        model: Any = apps.get_model("backtests", row["kind"])
        deed = "cancel" if row["status"] != Status.FAILED else "retry"
        row["words"] = KINDS[row["kind"]]
        row["link"] = page_of(model, row["id"])
        row["deed"] = _deed(deed)
        row["status_words"] = Status(row["status"]).label.lower()
        row["act"] = reverse("admin-queue-act", args=[deed, row["kind"], row["id"]])
    return rows


def _deed(deed: str) -> str:
    return gettext("Retry") if deed == "retry" else gettext("Cancel")


def _may(request: HttpRequest, permission: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(permission))


def _require(request: HttpRequest, permission: str) -> None:
    if not _may(request, permission):
        raise PermissionDenied
