"""Writes `apps/engine/program/cohort/machine.py` from the table of operators: `python -m apps.engine.generate`.

A plain module of compiled functions, for the reason given in `apps.engine.indicators.generate`.
"""

import sys
from pathlib import Path

from apps.engine.generate.cohort_codes import (
    BLOCK,
    INPUTS,
    LOAD,
    MOST_OUTPUTS,
    MOST_PARAMS,
    OP,
    OUTPUTS,
    PARAMS,
    RECALL,
    STATE,
    WINDOW,
)
from apps.engine.indicators.operators import (
    HISTORY_PUSH,
    HISTORY_READ,
    MOST_INPUTS,
    OPCODES,
    OPERATORS,
    Operator,
)

WRITTEN = Path(__file__).resolve().parents[1] / "program" / "cohort" / "machine.py"
NOTE = "Written by apps.engine.generate from the table of operators: change the table or the steps, then run it again."


def _imports() -> str:
    by_module: dict[str, set[str]] = {
        "apps.engine.indicators.steps.events": {"history_push_step", "history_read_step"},
        "apps.engine.indicators.steps.frames": {"gather_step"},
    }
    for operator in OPERATORS.values():
        by_module.setdefault(operator.step.__module__, set()).add(operator.step.__name__)
    lines = []
    for module in sorted(by_module):
        names = ",\n    ".join(sorted(by_module[module]))
        lines.append(f"from {module} import (\n    {names},\n)")
    return "\n".join(lines)


def _branch(operator: Operator) -> str:
    slots = [
        f"state[s + uint64({i}) * bots + j]" if i else "state[s + j]" for i in range(len(operator.state))
    ]
    arguments = []
    if operator.state:
        arguments.append("(" + ", ".join(slots) + ",)")
    if operator.memory:
        arguments += ["state", "windows[w + j]"]
    for i, kind in enumerate(operator.inputs):
        arguments.append(f"values[x{i} + j]" if kind == "f" else f"values[x{i} + j] != 0.0")
    for i, kind in enumerate(operator.params):
        arguments.append(f"params[p{i} + j]" if kind == "f" else f"int(params[p{i} + j])")
    call = f"{operator.step.__name__}({', '.join(arguments)})"
    result = f"result_{operator.name}"
    left = f"state_{operator.name}, {result}" if operator.state else result
    lines = [f"elif op == {OPCODES[operator.name]}:  # {operator.name}"]
    lines += ["    for j in range(count):", f"        {left} = {call}"]
    lines += [f"        {slot} = state_{operator.name}[{i}]" for i, slot in enumerate(slots)]
    for i, kind in enumerate(operator.outputs):
        value = result if len(operator.outputs) == 1 else f"{result}[{i}]"
        value = value if kind == "f" else f"1.0 if {value} else 0.0"
        lines.append(f"        values[o{i} + j] = {value}")
    return "\n".join(" " * 12 + line for line in lines)


def _places() -> str:
    rows = [(f"p{i}", PARAMS + i, "own_params") for i in range(MOST_PARAMS)]
    rows += [(f"o{i}", OUTPUTS + i, "own_values") for i in range(MOST_OUTPUTS)]
    rows += [(f"x{i}", INPUTS + i, "own_values") for i in range(MOST_INPUTS)]
    return "\n".join(
        f"            {name} = code[k, {column}]\n            if {name} >= {own}:\n                {name} += lo"
        for name, column, own in rows
    )


def machine_source() -> str:
    """A machine that runs a list of operators for one bar and many bots, whose states lie slot by slot."""
    branches = "\n".join(_branch(operator) for operator in OPERATORS.values())
    return f'''"""The machine of cohorts: operators for one bar and many bots. {NOTE}

An instruction is a row of `code`: operator, place of its first slot in `state`, place of its windows' addresses in
`windows`, then the places of {MOST_PARAMS} constants in `params`, of {MOST_OUTPUTS} outputs and of {MOST_INPUTS} inputs
in `values`. A slot holds one number per bot. Truth is kept as 1.0 and 0.0.
"""

# ruff: noqa
# fmt: off
from numba import njit, uint64

{_imports()}


@njit(cache=True, nogil=True)
def run_cohort(code, params, own_params, values, own_values, windows, state, bots):
    """Run every instruction once for each of `bots`, {BLOCK} bots at a time. All whole numbers are uint64.

    In `params` and `values`, what lies before `own_params` and `own_values` is {BLOCK} numbers that serve every block
    of bots: what all bots share, and registers. What lies from there on is a number per bot.
    """
    for lo in range(uint64(0), bots, uint64({BLOCK})):
        count = min(uint64({BLOCK}), bots - lo)
        for k in range(uint64(code.shape[0])):
            op = code[k, {OP}]
            s = code[k, {STATE}] + lo
            w = code[k, {WINDOW}] + lo
{_places()}
            if op == {LOAD}:
                for j in range(count):
                    values[o0 + j] = params[p0 + j]
            elif op == {RECALL}:
                for j in range(count):
                    values[o0 + j] = state[s + j]
            elif op == {HISTORY_READ}:
                for j in range(count):
                    values[o0 + j] = history_read_step(state[s + j], state, windows[w + j])
            elif op == {HISTORY_PUSH}:
                for j in range(count):
                    state[s + j] = history_push_step(
                        state[s + j], state, windows[w + j], values[x0 + j], int(params[p0 + j])
                    )
{branches}


@njit(cache=True, nogil=True)
def run_watches(places, bits, first, late_watch, late_known, late, values, own_values, state, held, flags):
    """Which conditions hold: `held` uint8[watches, bots], and their bits in `flags` uint8[bots].

    A condition is silent until bar `first` (float64[watches, bots]), and for each row of `late` (float64[k, bots], na
    where it does not apply) until that many bars after the one that lies at `late_known` in the state. The state
    begins with the number of each bot's bar.
    """
    bots = flags.shape[0]
    number = state[:bots]
    flags[:] = 0
    for k in range(places.shape[0]):
        start, holds, bit = first[k], held[k], bits[k]
        if places[k] < own_values:
            holds[:] = 1 if values[places[k]] != 0.0 else 0
        else:
            condition = values[places[k] : places[k] + bots]
            for i in range(bots):
                holds[i] = condition[i] != 0.0
        for i in range(bots):
            holds[i] &= number[i] >= start[i]
        for row in range(late_watch.shape[0]):
            if late_watch[row] == k:
                bars = late[row]
                known = state[late_known[row] : late_known[row] + bots]
                for i in range(bots):
                    holds[i] &= bars[i] != bars[i] or number[i] >= known[i] + bars[i]
        for i in range(bots):
            flags[i] |= holds[i] * bit


@njit(cache=True, nogil=True)
def gather(state, at, bots, time, open_, high, low, close, volume):
    """One more bar into the higher bar that each bot gathers: seven slots from `at` on."""
    for i in range(at, at + bots):
        frame = gather_step(
            (
                state[i], state[i + bots], state[i + 2 * bots], state[i + 3 * bots],
                state[i + 4 * bots], state[i + 5 * bots], state[i + 6 * bots],
            ),
            time, open_, high, low, close, volume,
        )
        for j in range(7):
            state[i + j * bots] = frame[j]
'''


def main() -> int:
    WRITTEN.write_text(machine_source(), encoding="utf-8", newline="\n")
    sys.stdout.write("wrote program/cohort/machine.py\n")
    return 0
