"""Pages of the trading room."""
