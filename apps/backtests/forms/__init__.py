"""Forms that ask for research."""

from apps.backtests.forms.backtests import BacktestForm
from apps.backtests.forms.costs import costs_asked
from apps.backtests.forms.portfolios import LegForm, PortfolioForm
from apps.backtests.forms.sweeps import SweepForm
from apps.backtests.forms.walk_forwards import WalkForwardForm

__all__ = ["BacktestForm", "LegForm", "PortfolioForm", "SweepForm", "WalkForwardForm", "costs_asked"]
