"""The yardstick of the API: plain DRF views that run the same queries and write the same fields, and nothing else."""
