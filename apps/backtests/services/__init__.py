"""Writes of the backtests room: asking for research, running it, and the ledger of what was tried."""

from apps.backtests.services.portfolio_submit import (
    LegRequest,
    PortfolioRequest,
    cancel_portfolio,
    delete_portfolio,
    plan_portfolio,
    submit_portfolio,
)
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
from apps.backtests.services.walk_forward_plan import WalkForwardRequest, plan_walk_forward
from apps.backtests.services.walk_forward_submit import (
    cancel_walk_forward,
    delete_walk_forward,
    open_choice,
    submit_walk_forward,
)
from apps.backtests.services.work import resume_jobs, work_next

__all__ = [
    "BacktestRequest",
    "LegRequest",
    "PortfolioRequest",
    "SweepRequest",
    "WalkForwardRequest",
    "cancel_backtest",
    "cancel_portfolio",
    "cancel_sweep",
    "cancel_walk_forward",
    "delete_backtest",
    "delete_portfolio",
    "delete_sweep",
    "delete_walk_forward",
    "open_cell",
    "open_choice",
    "plan_portfolio",
    "plan_sweep",
    "plan_walk_forward",
    "resume_jobs",
    "run_backtest",
    "submit_backtest",
    "submit_portfolio",
    "submit_sweep",
    "submit_walk_forward",
    "work_next",
]
