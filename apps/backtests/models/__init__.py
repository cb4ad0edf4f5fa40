"""Research kept in the database: what was asked, how far it is, where its result lies, and what was ever tried."""

from apps.backtests.models.backtest import Backtest
from apps.backtests.models.job import FormulaQuestion, Job, Question
from apps.backtests.models.portfolio import PortfolioLeg, PortfolioRun
from apps.backtests.models.sweep import Sweep, SweepChunk, SweepMarket
from apps.backtests.models.trial import Trial
from apps.backtests.models.walk_forward import WalkForward

__all__ = [
    "Backtest",
    "FormulaQuestion",
    "Job",
    "PortfolioLeg",
    "PortfolioRun",
    "Question",
    "Sweep",
    "SweepChunk",
    "SweepMarket",
    "Trial",
    "WalkForward",
]
