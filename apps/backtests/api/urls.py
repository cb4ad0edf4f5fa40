from apps.backtests.api.portfolios import PortfolioViewSet
from apps.backtests.api.sweeps import SweepViewSet
from apps.backtests.api.viewsets import BacktestViewSet, TrialViewSet
from apps.backtests.api.walk_forwards import WalkForwardViewSet

router_entries = [
    ("backtests", BacktestViewSet, "backtest"),
    ("sweeps", SweepViewSet, "sweep"),
    ("trials", TrialViewSet, "trial"),
    ("walk-forwards", WalkForwardViewSet, "walk-forward"),
    ("portfolios", PortfolioViewSet, "portfolio"),
]
