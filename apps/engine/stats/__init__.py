"""What a run's equity and trades say of it. Every figure is defined, with its source, in docs/metrics.md."""
