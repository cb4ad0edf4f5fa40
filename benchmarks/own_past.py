"""The UT Bot, whose line uses its own past: by hand, in the machine, in a compiled loop, and a whole backtest."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import Program, compile_formula
from apps.engine.program import columns
from apps.engine.program.loops import Loops, Store
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import SimParams
from benchmarks.formulas import UT_BOT
from benchmarks.fused import ut_bot
from benchmarks.measure import Way, goal, heading, medians

ROUNDS = 9
SERIES = ("loss", "prior", "line", "average")
MANY = 1_000  # runs, as announced by a sweep


class Fused:
    """The yardstick with its buffers."""

    def __init__(self, bars: Bars, params: SimParams) -> None:
        n = len(bars)
        self.bars, self.params = bars, params
        self.series = [np.empty(n) for _ in SERIES]
        self.equity, self.pnl = np.empty(n), np.empty(n)
        self.entries, self.exits = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)

    def __call__(self) -> int:
        return ut_bot(
            self.bars.open, self.bars.high, self.bars.low, self.bars.close, 3.7, 10, 9, self.params.cash,
            self.params.fee, *self.series, self.equity, self.entries, self.exits, self.pnl,
        )  # fmt: skip

    def agrees_with(self, program: Program, result: SimResult) -> bool:
        """Whether trades fall on the same bars, and the same series and equity result to 1e-9."""
        trades = self()
        series = program.evaluate(self.bars).series
        return (
            np.array_equal(self.entries[:trades], result.trades.entry_index[:trades])
            and np.array_equal(self.exits[:trades], result.trades.exit_index[:trades])
            and np.allclose(self.equity, result.equity, rtol=1e-9, atol=0)
            and all(
                np.allclose(ours, series[name], rtol=1e-9, atol=0, equal_nan=True)
                for name, ours in zip(SERIES, self.series, strict=True)
            )
        )


def measure(bars: Bars) -> bool:
    """Print the table and the goal; whether engine and yardstick agree."""
    n, params = len(bars), SimParams()
    heading(f"UT Bot, long and short, {n:,} bars, fee 0.1 %")
    program = compile_formula(UT_BOT)
    shown = columns.LOOPS
    with tempfile.TemporaryDirectory() as folder:
        columns.LOOPS = Loops(Store(Path(folder) / "loops"))
        try:
            began = time.perf_counter()
            program.prepare(runs=MANY, bars=n)
            compiling = time.perf_counter() - began
            loading = float(
                subprocess.run(
                    [sys.executable, "-c", "from benchmarks.own_past import load; load()", folder],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            compiled, never = columns.LOOPS, Loops(Store(Path(folder) / "none"))
            fused = Fused(bars, params)
            orders = program.evaluate(bars).orders
            agree = fused.agrees_with(program, run(bars, orders, params))

            def in_machine() -> None:
                columns.LOOPS = never
                never._spent.clear()  # or it would be compiled in the end
                try:
                    program.evaluate(bars)
                finally:
                    columns.LOOPS = compiled

            hand, both = "hand-fused loop of all of it", "engine: both"
            ways: dict[str, Way] = {
                hand: fused,
                "engine: indicators and signals, in the machine": in_machine,
                "engine: indicators and signals, compiled": lambda: program.evaluate(bars),
                "engine: fills, equity, trades": lambda: run(bars, orders, params),
                both: lambda: run(bars, program.evaluate(bars).orders, params),
            }
            took = medians(ways, ROUNDS)
        finally:
            columns.LOOPS = shown
    width = max(map(len, ways))
    print(f"{'':{width}}  {'ms':>8}  {'ns a bar':>9}  {'x fused':>7}")
    for name, seconds in took.items():
        print(f"{name:{width}}  {1000 * seconds:8.2f}  {1e9 * seconds / n:9.1f}  {seconds / took[hand]:7.2f}")
    print(f"compiled in {compiling:.2f} s; a fresh process reads it from the disk in {loading:.2f} s")
    print(
        f"The engine and the hand-fused loop {'agree' if agree else 'DISAGREE'} on series, trades and equity."
    )
    goal(
        "engine, indicators to trades, against the hand-fused loop",
        took[both] / took[hand],
        2,
        " times its time",
    )
    return agree


def load() -> None:
    """In a process of its own: the seconds until the loop in the folder named is ready; nothing is compiled."""
    program = compile_formula(UT_BOT)
    columns.LOOPS = Loops(Store(Path(sys.argv[1]) / "loops"))
    began = time.perf_counter()
    program.prepare(runs=1, bars=1_000_000)
    sys.stdout.write(str(time.perf_counter() - began))
