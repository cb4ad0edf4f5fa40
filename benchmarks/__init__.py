"""How fast the engine is, as ratios within one run. `make bench`, or `python -m benchmarks`."""
