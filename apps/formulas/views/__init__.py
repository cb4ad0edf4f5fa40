"""Formula pages, a module per tab of the formula's page."""
