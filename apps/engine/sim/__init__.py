"""The simulator: one fill step (docs/fills.md), looped over for a backtest, called once per bar by a bot."""
