"""Portfolios: several legs on one account (docs/portfolios.md)."""


def warm() -> None:
    """Compile the calendar and the loop into the disk cache, by running them once."""
    import numpy as np

    from apps.engine.bars import Bars
    from apps.engine.portfolio.run import simulate
    from apps.engine.portfolio.spec import SignalLeg
    from apps.engine.sim.spec import EXIT, LONG, Orders

    price = np.full(3, 100.0)
    bars = Bars(np.arange(3), price, price, price, price, price, timeframe_ms=1)
    simulate([SignalLeg("", bars, Orders(np.array([LONG, EXIT, 0], dtype=np.uint8)), 1.0)])
