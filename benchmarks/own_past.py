"""The UT Bot's series and signals, whose line uses its own past: in the machine and in a compiled loop."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.program import columns
from apps.engine.program.loops import Loops, Store
from apps.engine.sim.run import run
from apps.engine.sim.spec import SimParams
from benchmarks.formulas import UT_BOT
from benchmarks.measure import Way, heading, medians
from benchmarks.strategy import ut_bot_by_hand

ROUNDS = 9
SERIES = ("loss", "prior", "line", "average")
MANY = 1_000  # runs, as announced by a sweep


def measure(bars: Bars) -> bool:
    """Print the table; whether engine and yardstick agree."""
    n = len(bars)
    heading(f"A series that uses its own past: the UT Bot, {n:,} bars")
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
            fused = ut_bot_by_hand(bars)
            found = program.evaluate(bars)
            agree = fused.agrees_with(run(bars, found.orders, SimParams())) and all(
                np.allclose(ours, found.series[name], rtol=1e-9, atol=0, equal_nan=True)
                for name, ours in zip(SERIES, fused.series, strict=True)
            )
            del found

            def in_machine() -> None:
                columns.LOOPS = never
                never._spent.clear()  # or it would be compiled in the end
                try:
                    program.evaluate(bars)
                finally:
                    columns.LOOPS = compiled

            hand = "hand-fused loop, with fills, equity and trades"
            ways: dict[str, Way] = {
                hand: fused,
                "engine: indicators and signals, in the machine": in_machine,
                "engine: indicators and signals, compiled": lambda: program.evaluate(bars),
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
    return agree


def load() -> None:
    """In a process of its own: the seconds until the loop in the folder named is ready; nothing is compiled."""
    program = compile_formula(UT_BOT)
    columns.LOOPS = Loops(Store(Path(sys.argv[1]) / "loops"))
    began = time.perf_counter()
    program.prepare(runs=1, bars=1_000_000)
    sys.stdout.write(str(time.perf_counter() - began))
