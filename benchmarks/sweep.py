"""A sweep: EMA cross, fast 5..24 by slow 25..44 over 100,000 minute bars, against the same written by hand.

Run as `python -m benchmarks.sweep memory` it is a process of its own that prints its memory at its height, as
`python -m benchmarks.sweep part NUMBER COUNT` one that runs a part of the cells when told to.
"""

import math
import statistics
import subprocess
import sys
import time

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import check
from apps.engine.sim.spec import SimParams
from apps.engine.stats.calendar import year_of
from apps.engine.sweep import Cell, axes_of, chunks, grid, run_cells
from apps.engine.sweep.axes import Settings
from benchmarks.data import minute_bars
from benchmarks.fused_sweep import FIGURES, ema_grid
from benchmarks.measure import goal, heading, medians
from benchmarks.peers import NotAvailable, Peer
from benchmarks.process import height

BARS = 100_000
ROUNDS = 5
PEER_MEMORY = 10 * 1024  # mebibytes that vectorbt's 400 columns may take
SEEDED = 3  # trades that averages seeded otherwise may make more or less, before they meet
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


def cells_of() -> list[Settings]:
    inputs = check(CROSS).inputs
    assert inputs is not None
    return grid(axes_of({"fast": f"{FAST[0]}..{FAST[-1]}", "slow": f"{SLOW[0]}..{SLOW[-1]}"}, inputs))


def sweep(bars: Bars, params: SimParams) -> list[Cell]:
    """All cells, from text to metrics."""
    return run_cells(CROSS, bars, cells_of(), params)


def measure(with_peers: bool) -> bool:
    """Print the table; whether engine and yardstick agree."""
    bars, params = minute_bars(BARS), SimParams()
    fused = Fused(bars, params)
    cells = sweep(bars, params)
    agree = fused.agrees_with(cells)
    heading(f"EMA cross, fast 5..24 by slow 25..44 ({len(FAST) * len(SLOW)} cells), {BARS:,} minute bars")
    by_hand, engine = "hand-fused loop", "sweep: all cells, all metrics"
    took = medians({by_hand: fused, engine: lambda: sweep(bars, params)}, ROUNDS)
    for name, seconds in took.items():
        print(f"{name:30}  {1000 * seconds:8.1f} ms  {seconds / took[by_hand]:5.2f} x fused")
    goal("sweep against the hand-fused loop", took[engine] / took[by_hand], 2, " x")
    _memory()
    _processes()
    if with_peers:
        agree &= _against_vectorbt(bars, params, cells, took[engine])
    print(f"The sweep and the hand-fused loop {'agree' if agree else 'DISAGREE'} on every cell.")
    return agree


def _memory() -> None:
    try:
        height()
    except OSError:
        print("not measured: memory: this system does not tell a process's height in /proc")
    else:
        child = [sys.executable, "-m", "benchmarks.sweep", "memory"]
        done = subprocess.run(child, capture_output=True, text=True, check=True)
        goal("memory of the whole process at its height", float(done.stdout), 300, " MB")


def _processes() -> None:
    """One process with all cells, and two with a half each, from the word to the last answer."""
    took = {}
    for count in (1, 2):
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.sweep", "part", str(part), str(count)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for part in range(count)
        ]  # fmt: skip
        try:
            for child in children:
                _line(child)  # ready
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                for child in children:
                    assert child.stdin is not None
                    child.stdin.write("go\n")
                    child.stdin.flush()
                for child in children:
                    _line(child)
                times.append(time.perf_counter() - began)
            took[count] = statistics.median(times)
        finally:
            for child in children:
                child.communicate()
    print(f"one process {1000 * took[1]:.1f} ms, two processes with a half each {1000 * took[2]:.1f} ms")
    goal("two processes against one", took[1] / took[2], 1.7, " times as fast", at_least=True)


def _line(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    if not child.stdout.readline():
        raise RuntimeError("a part of the sweep ended early")


def _part(part: int, count: int) -> None:
    """Be one of `count` processes: run its part of the cells once for each line that is read."""
    bars, params = minute_bars(BARS), SimParams()
    numbers = chunks(CROSS, bars, cells_of(), -(-len(FAST) * len(SLOW) // count))[part]
    mine = [cells_of()[i] for i in numbers]
    run_cells(CROSS, bars, mine, params)
    print("ready", flush=True)
    for _ in sys.stdin:
        run_cells(CROSS, bars, mine, params)
        print("done", flush=True)


def _free_memory() -> float:
    """Mebibytes; as much as one likes where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as told:
            return next(int(line.split()[1]) for line in told if line.startswith("MemAvailable")) / 1024
    except OSError:
        return math.inf


def _against_vectorbt(bars: Bars, params: SimParams, cells: list[Cell], seconds: float) -> bool:
    try:
        if _free_memory() < PEER_MEMORY:
            raise NotAvailable(f"less than {PEER_MEMORY / 1024:g} GB of memory are free")
        peer = Peer("vectorbt")
    except NotAvailable as reason:
        print(f"not measured: vectorbt: {reason}")
        return True
    with peer:
        asked = {
            "engine": "numba", "fasts": list(FAST), "slows": list(SLOW), "size": 1, "cash": 1e9, "fee": params.fee,
        }  # fmt: skip
        peer.hold(bars.slice(0, 2_000))
        peer.seconds("sweep", **asked)  # compiles
        peer.hold(bars)
        theirs = peer.run("sweep", **asked)
        took = peer.took
        apart = np.abs(theirs["trades"] - [cell.metrics["trades"] for cell in cells])
        print(
            f"vectorbt {peer.version}, its Numba kernels: {took:.1f} s, {peer.height():,.0f} MB at its height"
        )
        goal(
            "vectorbt's Numba kernels against the sweep", took / seconds, 30, " times its time", at_least=True
        )
    same = bool(apart.max() <= SEEDED)
    print(
        f"vectorbt {'makes as many trades' if same else 'DISAGREES on how many trades are made'} in every cell "
        f"(to {SEEDED} that differently seeded averages make in the beginning)."
    )
    return same


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        sweep(minute_bars(BARS), SimParams())
        sys.stdout.write(f"{height():.0f}")
    elif sys.argv[1:2] == ["part"]:
        _part(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(not measure(sys.argv[1:] != ["quick"]))
