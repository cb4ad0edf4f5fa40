"""Exchanges as the product speaks with them: one interface, an adapter for every kind, a pool of open connections."""
