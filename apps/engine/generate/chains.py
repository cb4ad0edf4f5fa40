"""Writes `apps/engine/program/chains.py` from the table of operators: `python -m apps.engine.generate`.

A smoothing operator waits for its own last value at every bar, so that most of a processor stands idle. Two or three
in one loop take hardly longer than the slowest of them alone: `chains.py` has such a loop for each combination of the
common ones. Each value is still that of the one step.
"""

import sys
from itertools import combinations_with_replacement
from pathlib import Path

from apps.engine.indicators.operators import OPERATORS, Operator

WRITTEN = Path(__file__).resolve().parents[1] / "program" / "chains.py"
NOTE = "Written by apps.engine.generate from the table of operators: change the table or the steps, then run it again."
CHAINED = ("ema", "rma", "rsi")
MOST_TOGETHER = 3


def _imports(operators: list[Operator]) -> str:
    by_module: dict[str, list[str]] = {}
    for operator in operators:
        by_module.setdefault(operator.step.__module__, []).append(operator.step.__name__)
    return "\n".join(f"from {name} import {', '.join(sorted(by_module[name]))}" for name in sorted(by_module))


def _kernel(names: tuple[str, ...]) -> str:
    signature = ["size"]
    starts, body = [], []
    for k, name in enumerate(names):
        operator = OPERATORS[name]
        inputs = [f"x{k}_{i}" for i in range(len(operator.inputs))]
        params = [f"p{k}_{i}" for i in range(len(operator.params))]
        for column in inputs:
            signature += [column, f"d{column}"]
            starts.append(f"    s{column} = np.uint64(d{column})")
        signature += [*params, f"out{k}"]
        state = ", ".join("nan" if value != value else repr(value) for value in operator.state)
        starts.append(f"    state{k} = ({state},)")
        values = ", ".join([*(f"{column}[i * s{column}]" for column in inputs), *params])
        body.append(f"        state{k}, out{k}[i] = {operator.step.__name__}(state{k}, {values})")
    lines = ["@njit(cache=True, nogil=True)", f"def {'_'.join(names)}_chain({', '.join(signature)}):"]
    return "\n".join([*lines, *starts, "    for i in range(np.uint64(size)):", *body])


def chains_source() -> str:
    """One function for every combination of two or three chained operators, each with arguments as in KERNELS."""
    together = [
        names
        for count in range(2, MOST_TOGETHER + 1)
        for names in combinations_with_replacement(sorted(CHAINED), count)
    ]
    table = "\n".join(f"    {names!r}: {'_'.join(names)}_chain," for names in together)
    return "\n".join(
        [
            f'"""Smoothing operators over whole arrays, two or three in one loop. {NOTE}"""',
            "",
            "# ruff: noqa\n# fmt: off",
            "from collections.abc import Callable",
            "from math import nan",
            "",
            "import numpy as np",
            "from numba import njit",
            "",
            _imports([OPERATORS[name] for name in CHAINED]),
            *(f"\n\n{_kernel(names)}" for names in together),
            "",
            "",
            f"CHAINS: dict[tuple[str, ...], Callable[..., None]] = {{\n{table}\n}}",
            "",
        ]
    )


def main() -> int:
    WRITTEN.write_text(chains_source(), encoding="utf-8", newline="\n")
    sys.stdout.write("wrote program/chains.py\n")
    return 0
