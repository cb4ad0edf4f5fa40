"""Work of any kind: claimed by one worker, kept alive while it runs, ended once, whatever happens to the worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from celery import current_app
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from kombu.exceptions import OperationalError

from apps.accounts.models import User, Workspace
from apps.backtests.choices import Status
from apps.backtests.models import Job
from apps.backtests.models.job import Question
from apps.billing.selectors import plan_of
from apps.billing.services import release
from apps.core.errors import DomainError
from apps.core.jobs import enqueue_on_commit
from apps.core.live import push, push_on_commit
from apps.core.request_context import coming_from, origin
from apps.engine.lang import FormulaError
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimulationError
from apps.journal.services import record

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
MAX_ATTEMPTS = 3
PROGRESS_EVERY_S = 0.25
REQUEUE_AFTER = timedelta(seconds=20)
# A plan's jobs go before those of the plan below asked for up to so much earlier: nobody waits for ever.
HEAD_START = timedelta(minutes=5)

Run = Callable[[Any, "Progress"], None]


def queue_key_of(workspace: Workspace) -> Any:
    """From when a job of this workspace counts as waiting: now, less the head start of its plan."""
    return timezone.now() - HEAD_START * plan_of(workspace).rank


def queue(job: Job) -> None:
    """Wake a worker once the surrounding transaction commits. It takes whatever waits first, of any kind."""
    enqueue_on_commit("backtests.work_next", wanted=f"{job.kind}:{job.pk}")


def claim_next(models: Sequence[type[Job]], task_id: str = "") -> Job | None:
    """The job that has waited longest, head starts counted, now held by this worker; None when nothing waits."""
    while True:
        now = timezone.now()
        first: tuple[Any, type[Job], int] | None = None
        for model in models:
            row = _free(model, now).order_by("queue_key", "id").values_list("queue_key", "pk").first()
            if row and (first is None or row[0] < first[0]):
                first = (row[0], model, row[1])
        if first is None:
            return None
        job = claim(first[1], first[2], task_id)
        if job is not None:
            return job


def _free(model: type[Job], now: Any) -> Any:
    """What waits, and what a worker held that has not been heard of since its lease ran out."""
    return model._default_manager.filter(
        Q(status=Status.QUEUED) | Q(status=Status.RUNNING, lease_until__lt=now)
    )


def claim(model: type[Job], pk: int, task_id: str = "") -> Job | None:
    """Hold one job, if it waits or its worker died; None when there is nothing to do."""
    now = timezone.now()
    taken = (
        _free(model, now)
        .filter(pk=pk)
        .update(
            status=Status.RUNNING,
            attempts=F("attempts") + 1,
            task_id=task_id,
            started_at=now,
            lease_until=now + LEASE,
            work_done=0,
        )
    )
    return model._default_manager.select_related("workspace").get(pk=pk) if taken else None


class Progress:
    """Tells how far a job is, renews its lease, and hears that it was cancelled or taken over.

    For a part of a `whole` (a sweep's chunk) those who watch the whole are told how far all of it is.
    """

    def __init__(self, job: Job, whole: Any = None) -> None:
        self.job = job
        self.began = self.told = time.monotonic()
        self._whole = whole
        self._group = (whole or job).live_group
        self._gone = False
        self._over = threading.Event()

    def __enter__(self) -> Progress:
        threading.Thread(target=self._renew, daemon=True).start()
        self.tell(0, self.job.work_total)
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()

    def report(self, done: int, total: int) -> None:
        """Called often; writes and tells four times a second."""
        now = time.monotonic()
        if now - self.told < PROGRESS_EVERY_S:
            return
        self.told = now
        self._gone = not self._mine().update(
            work_done=done, work_total=total, lease_until=timezone.now() + LEASE
        )
        self.tell(done, total)

    def tell(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self.began
        if self._whole is not None:
            done, total, seconds = self._whole.standing()
        rate = done / max(seconds, 1e-9)
        push(
            self._group,
            {
                "kind": "progress",
                "status": Status.RUNNING,
                "percent": round(100 * done / total) if total else 0,
                "done": done,
                "total": total,
                "per_second": round(rate) if rate >= 10 else round(rate, 1),
                "seconds_left": round((total - done) / rate, 1) if rate else None,
            },
        )

    def should_cancel(self) -> bool:
        """Whether the job is no longer this worker's: it was cancelled, or another worker took it over."""
        now = time.monotonic()
        if not self._gone and now - self.told >= PROGRESS_EVERY_S:
            self.told = now
            self._gone = not self._mine().exists()
        return self._gone

    def _mine(self) -> Any:
        return type(self.job)._default_manager.filter(
            pk=self.job.pk, status=Status.RUNNING, attempts=self.job.attempts
        )

    def _renew(self) -> None:
        """A long step reports nothing; its lease is renewed all the same."""
        try:
            while not self._over.wait(RENEW_EVERY_S):
                self._mine().update(lease_until=timezone.now() + LEASE)
        finally:
            connection.close()


def work(job: Job, run: Run, whole: Any = None) -> None:
    """Run a claimed job to its end, and keep what went wrong as its error."""
    with coming_from(job.origin):
        _work(job, run, whole)


def _work(job: Job, run: Run, whole: Any) -> None:
    if job.attempts > MAX_ATTEMPTS:
        end_without_result(
            job,
            Status.FAILED,
            gettext("The worker died {max_attempts} times; the run was not charged.").format(
                max_attempts=MAX_ATTEMPTS
            ),
        )
        return
    try:
        with Progress(job, whole) as progress:
            run(job, progress)
    except Cancelled:
        log.info("job_given_up", kind=job.kind, job=str(job.uuid))  # cancelled, or another worker's by now
    except (DomainError, FormulaError, SimulationError) as error:
        end_without_result(job, Status.FAILED, str(error))
    except Exception:
        log.exception("job_broke", kind=job.kind, job=str(job.uuid))
        end_without_result(
            job,
            Status.FAILED,
            gettext("Something broke on our side; it was logged, and the run was not charged."),
        )


def finish(job: Job, **fields: Any) -> bool:
    """Mark a job done, inside the caller's transaction; False where it is no longer this worker's."""
    return bool(
        type(job)
        ._default_manager.filter(pk=job.pk, status=Status.RUNNING, attempts=job.attempts)
        .update(status=Status.DONE, finished_at=timezone.now(), lease_until=None, origin={}, **fields)
    )


def announce_end(job: Job, status: str, error: str = "") -> None:
    push_on_commit(
        job.live_group,
        {
            "kind": "finished",
            "status": status,
            "error": error,
            **({"percent": 100} if status == Status.DONE else {}),
        },
    )


@transaction.atomic
def end_without_result(job: Job, status: Status, error: str) -> bool:
    """Mark a running job failed and give its quota back; a chunk takes its whole sweep with it."""
    whole: Any = getattr(job, "sweep", job)
    if (
        whole is not job
    ):  # the whole first, as everybody does: two chunks that fail at once wait for each other's end
        type(whole)._default_manager.select_for_update().get(pk=whole.pk)
    ended = (
        type(job)
        ._default_manager.filter(pk=job.pk, status=Status.RUNNING, attempts=job.attempts)
        .update(status=status, error=error, finished_at=timezone.now(), lease_until=None, origin={})
    )
    if not ended:
        return False
    if whole is not job:
        _end_all(whole, status, error)
    release(whole.meter_key)
    record(
        actor=None,
        workspace=whole.workspace,
        action=f"backtests.{whole.kind}.{status}",
        target=whole,
        changes={"error": error} if error else None,
    )
    announce_end(whole, status, error)
    return True


def _end_all(whole: Any, status: Status, error: str) -> None:
    now = timezone.now()
    open_ = Q(status__in=[Status.QUEUED, Status.RUNNING])
    type(whole)._default_manager.filter(open_, pk=whole.pk).update(
        status=status, error=error, finished_at=now, lease_until=None, origin={}
    )
    if hasattr(whole, "chunks"):
        whole.chunks.filter(open_).update(
            status=Status.CANCELLED, finished_at=now, lease_until=None, origin={}
        )


@transaction.atomic
def cancel(job: Any, *, actor: User) -> bool:
    """Stop a job at once: it ends here and its quota comes back; its worker notices, and is told to drop it."""
    row = type(job)._default_manager.select_for_update().get(pk=job.pk)
    if row.is_finished:
        return False
    held = [row, *(row.chunks.filter(status=Status.RUNNING) if hasattr(row, "chunks") else [])]
    task_ids = [each.task_id for each in held if each.task_id and each.status == Status.RUNNING]
    _end_all(row, Status.CANCELLED, "")
    release(row.meter_key)
    record(actor=actor, workspace=row.workspace, action=f"backtests.{row.kind}.cancelled", target=row)
    announce_end(row, Status.CANCELLED)
    transaction.on_commit(lambda: _stop_tasks(task_ids))
    return True


@transaction.atomic
def retry(job: Question, *, actor: User) -> bool:
    """Queue a failed run anew; False where it did not fail, or its question was asked again meanwhile.

    Its quota came back when it failed and is not taken again. The same inputs give the same bytes, so whatever was
    computed before does not matter; of a sweep the chunks that are done stand, and the others are computed.
    """
    rows = type(job)._default_manager
    row = rows.select_for_update().get(pk=job.pk)
    same = rows.filter(workspace_id=row.workspace_id, identity=row.identity).exclude(pk=row.pk)
    if row.status != Status.FAILED or same.exclude(status__in=[Status.FAILED, Status.CANCELLED]).exists():
        return False
    anew: dict[str, Any] = {
        "status": Status.QUEUED,
        "queue_key": queue_key_of(row.workspace),
        "error": "",
        "attempts": 0,
        "work_done": 0,
        "started_at": None,
        "finished_at": None,
        "lease_until": None,
        "task_id": "",
        "origin": origin(),
        "updated_at": timezone.now(),
    }
    rows.filter(pk=row.pk).update(**anew)
    parts = [row]
    if hasattr(row, "chunks"):
        parts = list(row.chunks.exclude(status=Status.DONE))
        row.chunks.filter(pk__in=[part.pk for part in parts]).update(**anew)
    record(actor=actor, workspace=row.workspace, action=f"backtests.{row.kind}.retried", target=row)
    for part in parts:
        queue(part)
    return True


def _stop_tasks(task_ids: list[str]) -> None:
    """End the processes that compute what nobody wants any more: a long step does not look up by itself."""
    if not task_ids:
        return
    try:
        current_app.control.revoke(task_ids, terminate=True, signal="SIGKILL")
    except (OperationalError, OSError) as error:  # it ends by itself a little later
        log.warning("tasks_not_stopped", error=str(error))


def resume(models: Sequence[type[Job]]) -> int:
    """Wake workers for what was stored but never reached one, and for what a dead one left; returns how many."""
    now = timezone.now()
    woken = 0
    for model in models:
        lost = Q(status=Status.QUEUED, updated_at__lt=now - REQUEUE_AFTER) | Q(
            status=Status.RUNNING, lease_until__lt=now
        )
        jobs = list(model._default_manager.filter(lost).order_by("queue_key", "id")[:500])
        with transaction.atomic():
            model._default_manager.filter(pk__in=[job.pk for job in jobs], status=Status.QUEUED).update(
                updated_at=now
            )
            for job in jobs:
                queue(job)
        woken += len(jobs)
    return woken
