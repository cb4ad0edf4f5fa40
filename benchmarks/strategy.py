"""A whole backtest: EMA(9)/EMA(21) cross, long only, fee 0.1 %, against the same strategy written by hand."""

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.result import run_backtest
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import SimParams
from benchmarks.formulas import CROSS
from benchmarks.fused import ema_cross
from benchmarks.measure import Way, heading, medians

ROUNDS = 7


class Fused:
    """The yardstick with its buffers."""

    def __init__(self, bars: Bars, params: SimParams) -> None:
        n = len(bars)
        self.bars, self.params = bars, params
        self.equity, self.pnl = np.empty(n), np.empty(n)
        self.entries, self.exits = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)

    def __call__(self) -> int:
        return ema_cross(
            self.bars.open, self.bars.close, 9, 21, self.params.cash, self.params.fee,
            self.equity, self.entries, self.exits, self.pnl,
        )  # fmt: skip

    def agrees_with(self, result: SimResult) -> bool:
        """Whether trades fall on the same bars, and the same equity results to 1e-9."""
        trades = self()
        return (
            np.array_equal(self.entries[:trades], result.trades.entry_index)
            and np.array_equal(self.exits[:trades], result.trades.exit_index)
            and np.allclose(self.equity, result.equity, rtol=1e-9, atol=0)
        )


def measure(bars: Bars) -> bool:
    """Print the table; whether engine and yardstick agree."""
    params = SimParams()
    program = compile_formula(CROSS)
    orders = program.evaluate(bars).orders
    fused = Fused(bars, params)
    result = run(bars, orders, params)
    heading(f"EMA(9)/EMA(21) cross, {len(bars):,} minute bars, {len(result.trades):,} trades, fee 0.1 %")
    agree = fused.agrees_with(result)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    read, by_hand = "NumPy reads the columns once (their sums)", "hand-fused loop of the same strategy"
    ways: dict[str, Way] = {
        read: lambda: [column.sum() for column in columns],
        by_hand: fused,
        "engine: indicators and signals": lambda: program.evaluate(bars),
        "engine: fills, equity, trades": lambda: run(bars, orders, params),
        "engine: both": lambda: run(bars, program.evaluate(bars).orders, params),
        "backtest: both, data hash and all metrics": lambda: run_backtest(CROSS, bars, None, params),
    }
    took = medians(ways, ROUNDS)
    width = max(map(len, ways))
    print(f"{'':{width}}  {'ms':>8}  {'bars/s':>14}  {'x read':>7}  {'x fused':>7}")
    for name, seconds in took.items():
        print(
            f"{name:{width}}  {1000 * seconds:8.2f}  {len(bars) / seconds:14,.0f}  "
            f"{seconds / took[read]:7.1f}  {seconds / took[by_hand]:7.2f}"
        )
    print(f"The engine and the hand-fused loop {'agree' if agree else 'DISAGREE'} on trades and closes.")
    return agree
