"""The simulator: one fill step (docs/fills.md), looped over for a backtest, called once per bar by bots."""


def warm() -> None:
    """Compile the fill step, its loops and the excursions into the disk cache, by running all of them once."""
    import numpy as np

    from apps.engine.bars import Bars
    from apps.engine.sim.account import Bar
    from apps.engine.sim.accounts import Accounts
    from apps.engine.sim.run import run
    from apps.engine.sim.spec import EXIT, LONG, Orders, Requests, SimParams
    from apps.engine.sim.state import SimState

    price = np.full(3, 100.0)
    bars = Bars(np.arange(3), price, price, price, price, price, timeframe_ms=1)
    orders = Orders(np.array([LONG, EXIT, 0], dtype=np.uint8))
    _ = run(bars, orders, SimParams()).trades.mae
    alone = SimState.initial(orders, SimParams())
    alone.step(Bar(0, 100.0, 100.0, 100.0, 100.0), Requests(LONG))
    none = np.full(1, np.nan)
    Accounts.new([alone.rules], [1.0]).step(
        Bar(0, 100.0, 100.0, 100.0, 100.0), np.zeros(1, np.uint8), none, none, none
    )
