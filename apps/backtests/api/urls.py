from apps.backtests.api.sweeps import SweepViewSet
from apps.backtests.api.viewsets import BacktestViewSet, TrialViewSet

router_entries = [
    ("backtests", BacktestViewSet, "backtest"),
    ("sweeps", SweepViewSet, "sweep"),
    ("trials", TrialViewSet, "trial"),
]
