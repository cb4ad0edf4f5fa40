"""Writes of the backtests room: asking for a run, and running it."""

from apps.backtests.services.run import resume_backtests, run_backtest
from apps.backtests.services.submit import BacktestRequest, cancel_backtest, delete_backtest, submit_backtest

__all__ = [
    "BacktestRequest",
    "cancel_backtest",
    "delete_backtest",
    "resume_backtests",
    "run_backtest",
    "submit_backtest",
]
