"""Writes `kernels.py` and `machine.py` from the table of operators: `python -m apps.engine.indicators.generate`.

Both are plain modules of compiled functions because Numba's disk cache only serves functions that live in
files and call one another by name; steps handed over as arguments would be compiled anew in every process.
"""

import sys
from pathlib import Path

from apps.engine.indicators.operators import (
    HISTORY_PUSH,
    HISTORY_READ,
    MOST_INPUTS,
    OPCODES,
    OPERATORS,
    Operator,
)

HERE = Path(__file__).resolve().parent
NOTE = "Written by generate.py from the table of operators: change the table or the steps, then run it again."


def _imports() -> str:
    by_module: dict[str, list[str]] = {}
    for operator in OPERATORS.values():
        by_module.setdefault(operator.step.__module__, []).append(operator.step.__name__)
    lines = []
    for module in sorted(by_module):
        names = ",\n    ".join(sorted(by_module[module]))
        lines.append(f"from {module} import (\n    {names},\n)")
    return "\n".join(lines)


def _number(value: float) -> str:
    return "nan" if value != value else repr(value)


def _state(operator: Operator) -> str:
    return "(" + ", ".join(_number(value) for value in operator.state) + ",)"


def _kernel(operator: Operator) -> str:
    inputs = [f"x{i}" for i in range(len(operator.inputs))]
    params = [f"p{i}" for i in range(len(operator.params))]
    outs = [f"out{i}" for i in range(len(operator.outputs))]
    signature = ["size"]
    for name in inputs:
        signature += [name, f"d{name}"]
    signature += params
    if operator.memory:
        signature.append("memory")
    signature += outs
    values = ", ".join([f"{name}[i * s{name}]" for name in inputs] + params)
    lines = ["@njit(cache=True, nogil=True)", f"def {operator.name}_kernel({', '.join(signature)}):"]
    # unsigned places are not checked for negative ones, so that simple loops become vector instructions
    lines += [f"    s{name} = np.uint64(d{name})" for name in inputs]
    target = outs[0] + "[i]" if len(outs) == 1 else "result"
    step = operator.step.__name__
    if operator.state:
        lines.append(f"    state = {_state(operator)}")
        lines.append("    for i in range(np.uint64(size)):")
        memory = "memory, 0, " if operator.memory else ""
        lines.append(f"        state, {target} = {step}(state, {memory}{values})")
    else:
        lines.append("    for i in range(np.uint64(size)):")
        lines.append(f"        {target} = {step}({values})")
    if len(outs) > 1:
        lines += [f"        {name}[i] = result[{i}]" for i, name in enumerate(outs)]
    return "\n".join(lines)


def kernels_source() -> str:
    """One whole-array function per operator: a loop over its step.

    Inputs come as (array, 1) or, for a constant, as (array of one value, 0).
    """
    table = "\n".join(f'    "{name}": {name}_kernel,' for name in OPERATORS)
    return "\n".join(
        [
            f'"""Operators over whole arrays. {NOTE}"""',
            "",
            "# ruff: noqa\n# fmt: off",
            "from collections.abc import Callable",
            "from math import nan",
            "",
            "import numpy as np",
            "from numba import njit",
            "",
            _imports(),
            "",
            *(f"\n\n{_kernel(operator)}" for operator in OPERATORS.values()),
            "",
            "",
            f"KERNELS: dict[str, Callable[..., None]] = {{\n{table}\n}}",
            "",
        ]
    )


def _at(base: str, offset: int) -> str:
    """A place `offset` after `base`, both unsigned: signed places would be checked for negative ones."""
    return f"{base} + np.uint64({offset})" if offset else base


def _branch(operator: Operator) -> str:
    arguments = []
    if operator.state:
        arguments.append("(" + ", ".join(f"state[{_at('s', i)}]" for i in range(len(operator.state))) + ",)")
    if operator.memory:
        arguments += ["state", f"code[k, 2] + {len(operator.state)}"]
    for i, kind in enumerate(operator.inputs):
        register = f"registers[np.uint64(code[k, {4 + i}])]"
        arguments.append(register if kind == "f" else f"{register} != 0.0")
    for i, kind in enumerate(operator.params):
        value = f"params[{_at('np.uint64(code[k, 3])', i)}]"
        arguments.append(value if kind == "f" else f"int({value})")
    call = f"{operator.step.__name__}({', '.join(arguments)})"
    lines = [f"        elif op == {OPCODES[operator.name]}:  # {operator.name}"]
    result = f"result_{operator.name}"
    if operator.state:
        lines.append(f"            state_{operator.name}, {result} = {call}")
        lines += [
            f"            state[{_at('s', i)}] = state_{operator.name}[{i}]"
            for i in range(len(operator.state))
        ]
    else:
        lines.append(f"            {result} = {call}")
    for i, kind in enumerate(operator.outputs):
        value = result if len(operator.outputs) == 1 else f"{result}[{i}]"
        value = value if kind == "f" else f"1.0 if {value} else 0.0"
        lines.append(f"            registers[{_at('out', i)}] = {value}")
    return "\n".join(lines)


def machine_source() -> str:
    """A machine that runs a list of operators for one bar, or for many, from a state that is one array."""
    branches = "\n".join(_branch(operator) for operator in OPERATORS.values())
    return f'''"""The machine: a formula's operators for one bar at a time. {NOTE}

An instruction is a row of `code`: operator, first output register, place in `state`, place in `params`, and up to
{MOST_INPUTS} input registers. Truth is kept as 1.0 and 0.0. `state` (float64) is all a formula remembers between bars.
"""

# ruff: noqa
# fmt: off
import numpy as np
from numba import njit

{_imports()}
from apps.engine.indicators.steps.events import history_push_step, history_read_step


@njit(cache=True, nogil=True)
def run_bar(code, params, registers, state):
    """Run every instruction once; inputs are read from and outputs left in `registers`."""
    for k in range(code.shape[0]):
        op = code[k, 0]
        out = np.uint64(code[k, 1])
        s = np.uint64(code[k, 2])
        if op == {HISTORY_READ}:
            registers[out] = history_read_step(state[s], state, code[k, 2] + 1)
        elif op == {HISTORY_PUSH}:
            value = registers[np.uint64(code[k, 4])]
            state[s] = history_push_step(state[s], state, code[k, 2] + 1, value, int(params[np.uint64(code[k, 3])]))
{branches}


@njit(cache=True, nogil=True)
def run_bars(code, params, registers, state, inputs, input_at, outputs, output_at):
    """`run_bar` over columns: `inputs` float64[k, n] go to the registers `input_at`, `output_at` to `outputs`."""
    for i in range(outputs.shape[1]):
        for j in range(input_at.shape[0]):
            registers[input_at[j]] = inputs[j, i]
        run_bar(code, params, registers, state)
        for j in range(output_at.shape[0]):
            outputs[j, i] = registers[output_at[j]]
'''


def main() -> int:
    for name, source in (("kernels.py", kernels_source()), ("machine.py", machine_source())):
        (HERE / name).write_text(source, encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
