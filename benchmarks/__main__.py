"""Measure the first workload and print it: EMA(9)/EMA(21) cross, long only, fee 0.1 %, over a million minute bars.

All ways run in turn, several rounds, after a first one that compiles; medians of the rounds are compared, so that a
machine that is busy for a while slows all of them. Exit status 1 when the engine and the yardstick disagree.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.result import run_backtest
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import SimParams
from benchmarks.data import minute_bars
from benchmarks.fused import ema_cross

BARS = 1_000_000
ROUNDS = 9
FORMULA = """fast_ma = ema(close, 9)
slow_ma = ema(close, 21)
long when crossover(fast_ma, slow_ma)
exit long when crossunder(fast_ma, slow_ma)
"""


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


def medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each way, the ways taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for each in ways.values():
        each()
    for _ in range(ROUNDS):
        for name, each in ways.items():
            began = time.perf_counter()
            each()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> int:
    bars, params = minute_bars(BARS), SimParams()
    program = compile_formula(FORMULA, None)
    orders = program.evaluate(bars).orders
    fused = Fused(bars, params)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    read, by_hand = "NumPy reads the columns once (their sums)", "hand-fused loop of the same strategy"
    ways: dict[str, Callable[[], object]] = {
        read: lambda: [column.sum() for column in columns],
        by_hand: fused,
        "engine: indicators and signals": lambda: program.evaluate(bars),
        "engine: fills, equity, trades": lambda: run(bars, orders, params),
        "engine: both": lambda: run(bars, program.evaluate(bars).orders, params),
        "backtest: both, data hash and all metrics": lambda: run_backtest(FORMULA, bars, None, params),
    }
    took = medians(ways)
    result = run(bars, orders, params)
    print(f"EMA(9)/EMA(21) cross, {BARS:,} minute bars, {len(result.trades):,} trades, fee 0.1 %")
    print(f"warm, median of {ROUNDS}; {platform.machine()}, Python {platform.python_version()}\n")
    width = max(map(len, ways))
    print(f"{'':{width}}  {'ms':>8}  {'bars/s':>14}  {'x read':>7}  {'x fused':>7}")
    for name, seconds in took.items():
        print(
            f"{name:{width}}  {1000 * seconds:8.2f}  {BARS / seconds:14,.0f}  "
            f"{seconds / took[read]:7.1f}  {seconds / took[by_hand]:7.2f}"
        )
    if not fused.agrees_with(result):
        print("\nThe engine and the hand-fused loop disagree.", file=sys.stderr)
        return 1
    print("\nThe engine and the hand-fused loop agree on every trade and every close.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
