"""What the workers take: every kind of job, and what runs it."""

from __future__ import annotations

from apps.backtests.models import Backtest, Job, PortfolioRun, SweepChunk, WalkForward
from apps.backtests.services.jobs import Run, claim_next, resume, work
from apps.backtests.services.portfolio_run import run_claimed_portfolio
from apps.backtests.services.run import run_claimed_backtest
from apps.backtests.services.sweep_run import run_claimed_chunk
from apps.backtests.services.walk_forward_run import run_claimed_walk_forward

RUNS: dict[type[Job], Run] = {
    Backtest: run_claimed_backtest,
    SweepChunk: run_claimed_chunk,
    WalkForward: run_claimed_walk_forward,
    PortfolioRun: run_claimed_portfolio,
}


def work_next(task_id: str = "") -> Job | None:
    """Take the job that waits first and run it to its end; returns it, or None when nothing waited."""
    job = claim_next(tuple(RUNS), task_id)
    if job is not None:
        work(job, RUNS[type(job)], getattr(job, "sweep", None))
    return job


def resume_jobs() -> int:
    """Wake workers for what was stored but never reached one, and for what a dead one left; returns how many."""
    return resume(tuple(RUNS))
