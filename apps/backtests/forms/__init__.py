"""Forms that ask for research."""

from apps.backtests.forms.backtests import BacktestForm
from apps.backtests.forms.sweeps import SweepForm

__all__ = ["BacktestForm", "SweepForm"]
