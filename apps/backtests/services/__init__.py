"""Writes of the backtests room: asking for research, running it, and the ledger of what was tried."""

from apps.backtests.services.run import run_backtest
from apps.backtests.services.submit import BacktestRequest, cancel_backtest, delete_backtest, submit_backtest
from apps.backtests.services.sweep_submit import (
    SweepRequest,
    cancel_sweep,
    delete_sweep,
    open_cell,
    plan_sweep,
    submit_sweep,
)
from apps.backtests.services.work import resume_jobs, work_next

__all__ = [
    "BacktestRequest",
    "SweepRequest",
    "cancel_backtest",
    "cancel_sweep",
    "delete_backtest",
    "delete_sweep",
    "open_cell",
    "plan_sweep",
    "resume_jobs",
    "run_backtest",
    "submit_backtest",
    "submit_sweep",
    "work_next",
]
