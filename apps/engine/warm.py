"""Compiles every kernel into the disk cache, so that no request ever waits for it: `python -m apps.engine.warm`."""

import sys
import time

import numpy as np

from apps.engine import honesty, portfolio, sim, stats
from apps.engine.generate.cohort_codes import COLUMNS
from apps.engine.indicators import machine
from apps.engine.indicators.kernels import KERNELS
from apps.engine.indicators.operators import MOST_INPUTS, OPERATORS
from apps.engine.indicators.steps.frames import gather_kernel, gather_step
from apps.engine.program.chains import CHAINS
from apps.engine.program.cohort import machine as cohort_machine
from apps.engine.sweep.crossings import add_crossings

_DTYPES = {"f": np.float64, "b": np.bool_}


def warm_indicators() -> None:
    """Compile, or load from the cache, every operator's kernel and the machine."""
    for operator in OPERATORS.values():
        arguments: list[object] = [1]
        for kind in operator.inputs:
            arguments += [np.ones(1, _DTYPES[kind]), 1]
        params = [2 if kind == "i" else 1.0 for kind in operator.params]
        arguments += params
        if operator.memory:
            arguments.append(np.zeros(operator.memory(*params)))
        arguments += [np.empty(1, _DTYPES[kind]) for kind in operator.outputs]
        KERNELS[operator.name](*arguments)
    for names, chain in CHAINS.items():
        arguments = [1]
        for name in names:
            arguments += [np.ones(1), 1, *(1 for _ in OPERATORS[name].params), np.empty(1)]
        chain(*arguments)
    code = np.zeros((0, 4 + MOST_INPUTS), np.int32)
    none = np.zeros(0, np.int64)
    zeros = np.zeros(1)
    machine.run_bar(code, zeros, zeros.copy(), zeros.copy())
    machine.run_bars(code, zeros, zeros.copy(), zeros.copy(), np.zeros((0, 1)), none, np.zeros((0, 1)), none)
    price = np.ones(1)
    frame = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    gather_step(frame, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    times = np.zeros(1, np.int64)
    seen = np.zeros(1, np.int64)
    gather_kernel(
        times, price, price, price, price, price, times, np.ones(1, np.bool_), np.empty((6, 1)), seen
    )


def warm_cohorts() -> None:
    """Compile, or load from the cache, what steps many bots at once."""
    numbers, whole, none = np.ones(16), np.zeros(1, np.int64), np.uint64(0)
    cohort_machine.run_cohort(
        np.zeros((0, COLUMNS), np.uint64), numbers, none, numbers, none, whole, numbers, np.uint64(1)
    )
    row, held = np.ones((1, 1)), np.zeros((1, 1), np.uint8)
    cohort_machine.run_watches(
        whole, held[0], row, whole, whole, row, numbers, 1, numbers, held, np.zeros(1, np.uint8)
    )
    cohort_machine.gather(numbers, 0, 1, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def warm() -> None:
    """Compile, or load from the cache, every kernel of the engine."""
    warm_indicators()
    warm_cohorts()
    sim.warm()
    stats.warm()
    portfolio.warm()
    honesty.warm()
    add_crossings(np.ones(2), np.ones(2), 1, 1, 2, np.zeros(2, np.uint8))


def main() -> int:
    """Compile everything; says how long it took."""
    started = time.perf_counter()
    warm()
    sys.stdout.write(f"kernels ready in {time.perf_counter() - started:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
