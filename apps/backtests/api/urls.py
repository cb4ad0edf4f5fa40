from apps.backtests.api.viewsets import BacktestViewSet

router_entries = [("backtests", BacktestViewSet, "backtest")]
