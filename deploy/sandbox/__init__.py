"""Payment services that stand in for the real ones on one machine and in tests. Production never starts them."""
