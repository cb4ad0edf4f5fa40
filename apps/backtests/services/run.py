"""Running a backtest in a worker: claim, compute, store; safe to start twice and to kill at any point."""

from __future__ import annotations

import io
import time
from datetime import timedelta

import polars as pl
import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.selectors import bars_of
from apps.billing.services import release, settle
from apps.core.errors import DomainError
from apps.core.jobs import enqueue_on_commit
from apps.core.live import push
from apps.engine.lang import FormulaError
from apps.engine.result import BacktestResult
from apps.engine.result import run_backtest as compute
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimParams, SimulationError
from apps.journal.services import record

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
PROGRESS_EVERY_S = 0.25
REQUEUE_AFTER = timedelta(seconds=20)


def run_backtest(backtest_id: int) -> None:
    """Run one backtest to its end. A second worker, or a second delivery of the message, finds nothing to do."""
    backtest = _claim(backtest_id)
    if backtest is None:
        return
    try:
        bars = bars_of(backtest)
        if len(bars) < 2:
            raise DomainError("There are fewer than two bars between these dates.")
        parameters = dict(backtest.parameters)
        inputs = parameters.pop("inputs")
        Backtest.objects.filter(pk=backtest.pk).update(bars_total=len(bars))
        progress = _Progress(backtest, len(bars))
        result = compute(
            backtest.formula_text,
            bars,
            inputs,
            SimParams(**parameters),
            progress=progress.report,
            should_cancel=progress.should_cancel,
        )
        _finish(backtest, result, len(bars))
    except Cancelled:
        _end_without_result(backtest, Status.CANCELLED, "")
    except (DomainError, FormulaError, SimulationError) as error:
        _end_without_result(backtest, Status.FAILED, str(error))
    except Exception:
        log.exception("backtest_broke", backtest=str(backtest.uuid))
        _end_without_result(
            backtest,
            Status.FAILED,
            "Something broke on our side; it was logged, and the run was not charged.",
        )


def _claim(backtest_id: int) -> Backtest | None:
    """Take the run if it waits or its worker died; None when there is nothing to do."""
    now = timezone.now()
    free = Q(status=Status.QUEUED) | Q(status=Status.RUNNING, lease_until__lt=now)
    taken = Backtest.objects.filter(free, pk=backtest_id).update(
        status=Status.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        lease_until=now + LEASE,
        bars_done=0,
    )
    if not taken:
        return None
    backtest = Backtest.objects.select_related("bar_set__instrument", "workspace").get(pk=backtest_id)
    if backtest.attempts > MAX_ATTEMPTS:
        _end_without_result(
            backtest, Status.FAILED, f"The worker died {MAX_ATTEMPTS} times; the run was not charged."
        )
        return None
    push(backtest.live_group, {"kind": "progress", "percent": 0, "status": Status.RUNNING})
    return backtest


class _Progress:
    """Writes how far the run is, extends its lease, and hears of a wish to cancel."""

    def __init__(self, backtest: Backtest, total: int) -> None:
        self.backtest = backtest
        self.total = total
        self.began = time.monotonic()
        self.told = self.began
        self.cancelled = False

    def report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.told < PROGRESS_EVERY_S:
            return
        self.told = now
        Backtest.objects.filter(pk=self.backtest.pk).update(
            bars_done=done, lease_until=timezone.now() + LEASE
        )
        self.cancelled = Backtest.objects.filter(pk=self.backtest.pk, cancel_requested=True).exists()
        rate = done / (now - self.began)
        push(
            self.backtest.live_group,
            {
                "kind": "progress",
                "status": Status.RUNNING,
                "percent": round(100 * done / total) if total else 0,
                "bars_per_second": round(rate),
                "seconds_left": round((total - done) / rate, 1) if rate else None,
            },
        )

    def should_cancel(self) -> bool:
        return self.cancelled


def _finish(backtest: Backtest, result: BacktestResult, bars: int) -> None:
    """Files first, under a name of this attempt; then the row that makes them the result, in one transaction."""
    folder = f"backtests/{backtest.uuid}/{backtest.attempts}"
    trades_path = _store(f"{folder}/trades.parquet", _parquet(result.trades_table()))
    equity_path = _store(f"{folder}/equity.parquet", _parquet(result.equity_table()))
    result_path = _store(f"{folder}/result.json", result.to_json_bytes())
    with transaction.atomic():
        stored = Backtest.objects.filter(
            pk=backtest.pk, status=Status.RUNNING, attempts=backtest.attempts
        ).update(
            status=Status.DONE,
            bars_total=bars,
            bars_done=bars,
            finished_at=timezone.now(),
            lease_until=None,
            metrics=result.metrics,
            counts=result.counts,
            hashes=result.hashes,
            open_trade=result.open_trade,
            result_hash=result.hashes["result"],
            trades_path=trades_path,
            equity_path=equity_path,
            result_path=result_path,
        )
        if stored:
            settle(backtest.meter_key)
            record(
                actor=None,
                workspace=backtest.workspace,
                action="backtests.backtest.finished",
                target=backtest,
                changes={"result": result.hashes["result"]},
            )
    if stored:
        push(backtest.live_group, {"kind": "finished", "status": Status.DONE, "percent": 100})


def _end_without_result(backtest: Backtest, status: Status, error: str) -> None:
    with transaction.atomic():
        ended = Backtest.objects.filter(
            pk=backtest.pk, status=Status.RUNNING, attempts=backtest.attempts
        ).update(status=status, error=error, finished_at=timezone.now(), lease_until=None)
        if ended:
            release(backtest.meter_key)
            record(
                actor=None,
                workspace=backtest.workspace,
                action=f"backtests.backtest.{status}",
                target=backtest,
                changes={"error": error} if error else None,
            )
    if ended:
        push(backtest.live_group, {"kind": "finished", "status": status, "error": error})


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def _store(path: str, content: bytes) -> str:
    """Write a file under exactly this name; what a killed attempt left there is replaced."""
    default_storage.delete(path)
    return default_storage.save(path, ContentFile(content))


def resume_backtests() -> int:
    """Queue again what was stored but never reached a worker, and what a dead worker left; returns how many."""
    now = timezone.now()
    lost = Q(status=Status.QUEUED, updated_at__lt=now - REQUEUE_AFTER) | Q(
        status=Status.RUNNING, lease_until__lt=now
    )
    ids = list(Backtest.objects.filter(lost).order_by("id").values_list("id", flat=True)[:500])
    with transaction.atomic():
        Backtest.objects.filter(pk__in=ids, status=Status.QUEUED).update(updated_at=now)
        for backtest_id in ids:
            enqueue_on_commit("backtests.run_backtest", backtest_id=backtest_id)
    return len(ids)
