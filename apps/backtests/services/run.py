"""Running a backtest in a worker: compute, store; safe to start twice and to kill at any point."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.backtests.models import Backtest
from apps.backtests.selectors import bars_of, finer_bars_of
from apps.backtests.services.jobs import Progress, announce_end, claim, finish, work
from apps.backtests.services.storage import parquet_bytes, sha256_of, store
from apps.backtests.services.trials import TrialRow, append_trials
from apps.billing.services import settle
from apps.core.errors import DomainError
from apps.engine.result import BacktestResult
from apps.engine.result import run_backtest as compute
from apps.engine.sim.spec import SimParams
from apps.journal.services import record


def run_backtest(backtest_id: int, task_id: str = "") -> None:
    """Run one backtest to its end. A second worker, or a second delivery of the message, finds nothing to do."""
    backtest = claim(Backtest, backtest_id, task_id)
    if backtest is not None:
        work(backtest, run_claimed_backtest)


def run_claimed_backtest(backtest: Backtest, progress: Progress) -> None:
    """Compute and store the result of a run this worker holds."""
    _finish(backtest, compute_backtest(backtest, progress))


def compute_backtest(backtest: Backtest, progress: Progress | None = None) -> BacktestResult:
    """The result of the run as it was asked for. Raises DomainError, FormulaError, SimulationError, Cancelled."""
    bars = bars_of(backtest)
    if len(bars) < 2:
        raise DomainError(gettext("There are fewer than two bars between these dates."))
    parameters: dict[str, Any] = dict(backtest.parameters)
    inputs = parameters.pop("inputs")
    return compute(
        backtest.formula_text,
        bars,
        inputs,
        SimParams(**parameters),
        progress=progress.report if progress else None,
        should_cancel=progress.should_cancel if progress else None,
        finer=finer_bars_of(backtest),
    )


def _finish(backtest: Backtest, result: BacktestResult) -> None:
    """Files first, under a name of this attempt; then the row that makes them the result, in one transaction."""
    folder = f"backtests/{backtest.uuid}/{backtest.attempts}"
    content = result.to_json_bytes()
    trades_path = store(f"{folder}/trades.parquet", parquet_bytes(result.trades_table()))
    equity_path = store(f"{folder}/equity.parquet", parquet_bytes(result.equity_table()))
    result_path = store(f"{folder}/result.json", content)
    with transaction.atomic():
        stored = finish(
            backtest,
            work_total=result.counts["bars"],
            work_done=result.counts["bars"],
            metrics=result.metrics,
            counts=result.counts,
            report=result.report,
            honesty=result.honesty,
            hashes=result.hashes,
            open_trade=result.open_trade,
            result_hash=result.hashes["result"],
            result_sha256=sha256_of(content),
            trades_path=trades_path,
            equity_path=equity_path,
            result_path=result_path,
        )
        if not stored:
            return
        settle(backtest.meter_key)
        append_trials(
            backtest.lineage,
            backtest.workspace.uuid,
            backtest.kind,
            backtest.engine_version,
            [trial_of(result)],
        )
        record(
            actor=None,
            workspace=backtest.workspace,
            action="backtests.backtest.finished",
            target=backtest,
            changes={"result": result.hashes["result"]},
        )
        announce_end(backtest, "done")


def trial_of(result: BacktestResult) -> TrialRow:
    """What the ledger keeps of a result."""
    moments = result.moments
    total = result.metrics["total_return"]
    return TrialRow(
        formula_hash=result.hashes["formula"],
        data_hash=result.hashes["data"],
        parameters_hash=result.hashes["parameters"],
        sharpe=moments["sharpe"],
        skew=moments["skew"],
        kurtosis=moments["kurtosis"],
        periods=int(moments["periods"] or 0),
        total_return=None if total is None else float(total),
    )
