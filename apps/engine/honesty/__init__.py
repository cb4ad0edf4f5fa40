"""How likely a backtest's result is luck. Every figure is defined, with its source, in docs/honesty.md."""


def warm() -> None:
    """Compile the kernels into the disk cache, by running all of them once."""
    import numpy as np

    from apps.engine.honesty.overfitting import pbo
    from apps.engine.honesty.panel import panel

    values = np.sin(np.arange(64.0)) / 100
    panel(values, 252, values, cash=1.0, seed=0, paths=2)
    pbo(np.column_stack((values, -values)), blocks=2)
