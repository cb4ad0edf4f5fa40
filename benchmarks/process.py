"""What a fresh process costs: its first evaluation, kernels compiled at set-up, and memory at its height.

Run as `python -m benchmarks.process first|memory` it is such a process, and prints a line of figures.
"""

import os
import statistics
import subprocess
import sys
import time

PAIRS = 7
BARS = 1_000_000


def _child(arguments: list[str]) -> str:
    # Python's own byte code is kept, as in any installation
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    ).stdout


def _seconds(code: str) -> tuple[float, float]:
    """Wall and processor time of a process that runs `code`."""
    began, before = time.perf_counter(), os.times()
    _child(["-c", code])
    took, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return took, used


def height() -> float:
    """Mebibytes of this process's memory at its height. Raises OSError where the system does not tell."""
    # not getrusage: a child begins there with the height of the process that started it
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


FIRST = "from benchmarks.process import first; first()"


def first() -> None:
    """Everything from nothing to the first evaluation's flags."""
    from apps.engine.lang import compile_formula
    from benchmarks.data import minute_bars
    from benchmarks.formulas import EXAMPLE

    compile_formula(EXAMPLE).evaluate(minute_bars(1_000))


def memory() -> None:
    """Ten series over a million bars; prints mebibytes at the height: after imports, with bars, in the end."""
    from apps.engine.lang import compile_formula
    from benchmarks.data import minute_bars
    from benchmarks.formulas import TEN_SERIES

    heights = [height()]
    bars = minute_bars(BARS)
    heights.append(height())
    evaluation = compile_formula(TEN_SERIES).evaluate(bars)
    heights.append(height())
    sys.stdout.write(" ".join(f"{value:.0f}" for value in (*heights, len(evaluation.series))))


def measure() -> None:
    """Print both and their goals."""
    from benchmarks.measure import goal, heading

    heading("A fresh process")
    alone, whole = [], []
    for pair in range(PAIRS + 1):
        imported, evaluated = _seconds("import numba"), _seconds(FIRST)
        if pair:  # the first one may have kernels or byte code to write
            alone.append(imported)
            whole.append(evaluated)
    for name, times in (("import numba", alone), ("first evaluation", whole)):
        wall, used = (statistics.median(values) for values in zip(*times, strict=True))
        print(f"{name:18}, whole process  {wall:6.2f} s, of the processor {used:.2f} s")
    extra = statistics.median(after[0] - before[0] for before, after in zip(alone, whole, strict=True))
    goal("first evaluation after import numba", extra, 1, " s")
    try:
        height()
    except OSError:
        print("not measured: memory: this system does not tell a process's height in /proc")
        return
    imports, bars, peak, series = map(float, _child(["-m", "benchmarks.process", "memory"]).split())
    print(f"memory after imports {imports:.0f} MB, with {BARS:,} bars {bars:.0f} MB")
    goal(f"memory at its height with {series:.0f} series", peak, 320, " MB")


if __name__ == "__main__":
    {"first": first, "memory": memory}[sys.argv[1]]()
