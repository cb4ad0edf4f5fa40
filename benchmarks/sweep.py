"""A sweep: EMA cross, fast 5..24 by slow 25..44 over 100,000 minute bars, against the same written by hand.

Run as `python -m benchmarks.sweep memory` it is a process of its own that prints its memory at its height.
"""

import subprocess
import sys

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import check
from apps.engine.sim.spec import SimParams
from apps.engine.stats.calendar import year_of
from apps.engine.sweep import Cell, axes_of, grid, run_cells
from benchmarks.data import minute_bars
from benchmarks.fused_sweep import FIGURES, ema_grid
from benchmarks.measure import goal, heading, medians
from benchmarks.process import _height

BARS = 100_000
ROUNDS = 5
FAST, SLOW = range(5, 25), range(25, 45)
CROSS = """input fast = 9 in 2..50
input slow = 21 in 5..200
fast_ma = ema(close, fast)
slow_ma = ema(close, slow)
long when crossover(fast_ma, slow_ma)
exit long when crossunder(fast_ma, slow_ma)
"""


class Fused:
    """The yardstick with its buffers."""

    def __init__(self, bars: Bars, params: SimParams) -> None:
        year = year_of(bars.time, bars.timeframe_ms, bars.timezone)
        self.bars, self.params = bars, params
        self.days = np.append(year.last_of_period, len(bars))
        self.per_year = float(year.periods_per_year)
        self.fast, self.slow = np.array(FAST), np.array(SLOW)
        self.figures = np.empty((len(FAST) * len(SLOW), len(FIGURES)))

    def __call__(self) -> None:
        ema_grid(
            self.bars.open, self.bars.close, self.fast, self.slow, self.days, self.per_year,
            self.params.cash, self.params.fee, self.figures,
        )  # fmt: skip

    def agrees_with(self, cells: list[Cell]) -> bool:
        """Whether every cell's figures are the same to 1e-8."""
        self()
        found = np.array([[cell.metrics[name] for name in FIGURES] for cell in cells], dtype=np.float64)
        return np.allclose(found, self.figures, rtol=1e-8, atol=0)


def sweep(bars: Bars, params: SimParams) -> list[Cell]:
    """All cells, from text to metrics."""
    inputs = check(CROSS).inputs
    assert inputs is not None
    axes = axes_of(
        {"fast": f"{FAST[0]}..{FAST[-1]}", "slow": f"{SLOW[0]}..{SLOW[-1]}"},
        inputs,
    )
    return run_cells(CROSS, bars, grid(axes), params)


def measure() -> bool:
    """Print the table; whether engine and yardstick agree."""
    bars, params = minute_bars(BARS), SimParams()
    fused = Fused(bars, params)
    agree = fused.agrees_with(sweep(bars, params))
    heading(f"EMA cross, fast 5..24 by slow 25..44 ({len(FAST) * len(SLOW)} cells), {BARS:,} minute bars")
    by_hand, engine = "hand-fused loop", "sweep: all cells, all metrics"
    took = medians({by_hand: fused, engine: lambda: sweep(bars, params)}, ROUNDS)
    for name, seconds in took.items():
        print(f"{name:30}  {1000 * seconds:8.1f} ms  {seconds / took[by_hand]:5.2f} x fused")
    goal("sweep against the hand-fused loop", took[engine] / took[by_hand], 2, " x")
    try:
        _height()
    except OSError:
        print("not measured: memory: this system does not tell a process's height in /proc")
    else:
        child = [sys.executable, "-m", "benchmarks.sweep", "memory"]
        done = subprocess.run(child, capture_output=True, text=True, check=True)
        goal("memory of the whole process at its height", float(done.stdout), 300, " MB")
    print(f"The sweep and the hand-fused loop {'agree' if agree else 'DISAGREE'} on every cell.")
    return agree


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        sweep(minute_bars(BARS), SimParams())
        sys.stdout.write(f"{_height():.0f}")
    else:
        sys.exit(not measure())
