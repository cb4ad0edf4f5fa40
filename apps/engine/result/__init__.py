"""A backtest's result: how it is computed (run.py), what it holds (backtest.py), how it is exported (export.py)."""

from apps.engine.result.backtest import BacktestResult
from apps.engine.result.run import (
    canonical_json,
    check_bars,
    check_simulation,
    data_hash,
    result_id,
    run_backtest,
)
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimulationError
from apps.engine.stats.calendar import iso_times

__all__ = [
    "BacktestResult",
    "Cancelled",
    "SimulationError",
    "canonical_json",
    "check_bars",
    "check_simulation",
    "data_hash",
    "iso_times",
    "result_id",
    "run_backtest",
]
