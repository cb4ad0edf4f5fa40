"""The REST API of the trading room."""
