"""What a run's equity and trades say of it. Every figure is defined, with its source, in docs/metrics.md."""


def warm() -> None:
    """Compile every figure into the disk cache, by computing the metrics and the report of a small run."""
    import numpy as np

    from apps.engine.bars import Bars
    from apps.engine.sim.run import run
    from apps.engine.sim.spec import EXIT, LONG, Orders, SimParams
    from apps.engine.stats.metrics import metrics_of
    from apps.engine.stats.report import report_of
    from apps.engine.stats.unslipped import unslipped

    price = np.full(4, 100.0)
    bars = Bars(np.arange(4), price, price, price, price, price, timeframe_ms=1)
    orders, params = Orders(np.array([LONG, EXIT, 0, 0], dtype=np.uint8)), SimParams()
    result = run(bars, orders, params)
    metrics_of(result, bars, params.cash)
    report_of(result, bars, orders, params, unslipped(result.trades, bars, orders, params))
