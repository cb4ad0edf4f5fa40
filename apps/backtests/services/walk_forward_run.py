"""Running a walk-forward in a worker: compute, store; safe to start twice and to kill at any point."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from django.db import transaction

from apps.backtests.errors import CannotBacktest
from apps.backtests.models import WalkForward
from apps.backtests.selectors import cut_to_dates
from apps.backtests.services.jobs import Progress, announce_end, finish
from apps.backtests.services.storage import parquet_bytes, sha256_of, store
from apps.backtests.services.sweep_cells import plan_settings
from apps.backtests.services.sweep_run import trial_of_cell
from apps.backtests.services.trials import append_trials
from apps.billing.services import settle
from apps.engine.bars import Bars
from apps.engine.sim.spec import SimParams
from apps.engine.stats.calendar import year_of
from apps.engine.stats.returns import moments_of
from apps.engine.sweep import Cell, SweepError, run_cells
from apps.engine.walk_forward import WalkForwardResult, WalkForwardSpec, walk_forward
from apps.journal.services import record
from apps.markets.services import load_bars


def run_claimed_walk_forward(asked: WalkForward, progress: Progress) -> None:
    """Compute and store the result of a walk-forward this worker holds."""
    result, cells = compute_walk_forward(asked, progress)
    _finish(asked, result, cells)


def compute_walk_forward(asked: WalkForward, progress: Progress) -> tuple[WalkForwardResult, list[Cell]]:
    """The walk-forward as it was asked for, and every setting over all its bars, as the trial ledger counts them.

    Raises DomainError, FormulaError, SimulationError, Cancelled.
    """
    bars = cut_to_dates(load_bars(asked.bar_set), asked.start, asked.end)
    finer_set = asked.finer_bar_set
    finer = cut_to_dates(load_bars(finer_set), asked.start, asked.end) if finer_set else None
    layout: dict[str, Any] = dict(asked.spec)
    cells = plan_settings(asked.formula_text, layout.pop("axes")).settings
    del layout["settings"]
    params = SimParams(**asked.parameters)
    rounds = asked.work_total // len(cells)
    past = (rounds - 1) * len(cells)
    try:
        result = walk_forward(
            asked.formula_text,
            bars,
            cells,
            WalkForwardSpec(**layout),
            params,
            finer=finer,
            progress=lambda done, _: progress.report(done, asked.work_total),
            should_cancel=progress.should_cancel,
        )
        # A setting chosen among counts as tried, once however many folds it ran in: as the run over all the bars.
        tried = run_cells(
            asked.formula_text,
            bars,
            cells,
            params,
            finer=finer,
            progress=lambda done, _: progress.report(past + done, asked.work_total),
            should_cancel=progress.should_cancel,
        )
    except SweepError as error:
        raise CannotBacktest(str(error)) from error
    return result, tried


def _finish(asked: WalkForward, result: WalkForwardResult, cells: list[Cell]) -> None:
    """Files first, under a name of this attempt; then the row that makes them the result, in one transaction."""
    folder = f"walk-forwards/{asked.uuid}/{asked.attempts}"
    content = result.to_json_bytes()
    trades_path = store(f"{folder}/trades.parquet", parquet_bytes(trades_table(result)))
    equity_path = store(f"{folder}/equity.parquet", parquet_bytes(equity_table(result)))
    result_path = store(f"{folder}/result.json", content)
    with transaction.atomic():
        stored = finish(
            asked,
            work_done=asked.work_total,
            summary=summary_of(result),
            hashes=result.hashes,
            result_hash=result.hashes["result"],
            result_sha256=sha256_of(content),
            trades_path=trades_path,
            equity_path=equity_path,
            result_path=result_path,
        )
        if not stored:
            return
        settle(asked.meter_key)
        append_trials(
            asked.lineage,
            asked.workspace.uuid,
            asked.kind,
            asked.engine_version,
            map(trial_of_cell, cells),
        )
        record(
            actor=None,
            workspace=asked.workspace,
            action="backtests.walkforward.finished",
            target=asked,
            changes={"result": result.hashes["result"]},
        )
        announce_end(asked, "done")


def summary_of(result: WalkForwardResult) -> dict[str, Any]:
    """What the page shows at once: the result without its curve, its trades, and every cell's scores."""
    whole = result.as_dict()
    left_out = ("equity", "trades", "cells", "hashes", "parameters")
    bars = _tested(result)
    return {name: value for name, value in whole.items() if name not in left_out} | {
        "folds": [
            {name: value for name, value in fold.items() if name != "scores"} for fold in whole["folds"]
        ],
        "settings": len(result.cells),
        "axes": {name: list(dict.fromkeys(cell[name] for cell in result.cells)) for name in result.cells[0]},
        "bars": len(result.bars),
        "moments": moments_of(
            result.simulation.equity, year_of(bars.time, bars.timeframe_ms, bars.timezone)
        ).as_dict(),
    }


def equity_table(result: WalkForwardResult) -> pl.DataFrame:
    """One row per bar of the tests joined: time (epoch ms), equity, buying and holding over the same bars, the fold."""
    bars = _tested(result)
    starts = [each.fold.test[0] - result.folds[0].fold.test[0] for each in result.folds]
    return pl.DataFrame(
        {
            "time": result.simulation.time,
            "equity": result.simulation.equity,
            "buy_and_hold": result.parameters["cash"] * bars.close / bars.close[0],
            "fold": np.searchsorted(starts, np.arange(len(bars)), side="right"),
        }
    )


def trades_table(result: WalkForwardResult) -> pl.DataFrame:
    """One row per closed trade of the tests joined, with its fold."""
    trades = result.simulation.trades
    return pl.DataFrame(
        {
            "fold": pl.Series(result.fold_of_trades, dtype=pl.Int64),
            "side": pl.Series(["long" if side > 0 else "short" for side in trades.side], dtype=pl.String),
            "entry_time": pl.Series(trades.entry_time).cast(pl.Datetime("ms", "UTC")),
            "entry_price": trades.entry_price,
            "exit_time": pl.Series(trades.exit_time).cast(pl.Datetime("ms", "UTC")),
            "exit_price": trades.exit_price,
            "size": trades.size,
            "pnl": trades.pnl,
            "return": trades.returns,
            "reason": pl.Series(trades.reasons(), dtype=pl.String),
        }
    )


def _tested(result: WalkForwardResult) -> Bars:
    """The bars the curve covers: fewer than the test spans hold where the account fell to 0."""
    first = result.folds[0].fold.test[0]
    return result.bars.slice(first, first + len(result.simulation.equity))
