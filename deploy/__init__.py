"""Running Candlewright outside a developer's editor: one machine (deploy.local) and, later, many."""
