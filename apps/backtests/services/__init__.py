"""Writes of the backtests room: asking for research, running it, and the ledger of what was tried."""

from apps.backtests.services.run import run_backtest
from apps.backtests.services.submit import BacktestRequest, cancel_backtest, delete_backtest, submit_backtest
from apps.backtests.services.work import resume_jobs, work_next

__all__ = [
    "BacktestRequest",
    "cancel_backtest",
    "delete_backtest",
    "resume_jobs",
    "run_backtest",
    "submit_backtest",
    "work_next",
]
