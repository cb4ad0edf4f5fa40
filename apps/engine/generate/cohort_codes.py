"""How the machine of cohorts numbers its instructions and lays out their columns."""

from apps.engine.indicators.operators import MOST_INPUTS, OPCODES, OPERATORS

# The machine of cohorts has two instructions more: a constant of each bot's own, and a number of each bot's state.
LOAD = max(OPCODES.values()) + 1
RECALL = LOAD + 1
MOST_PARAMS = max(len(operator.params) for operator in OPERATORS.values())
MOST_OUTPUTS = max(len(operator.outputs) for operator in OPERATORS.values())

# Columns of an instruction.
OP, STATE, WINDOW, PARAMS = 0, 1, 2, 3
OUTPUTS = PARAMS + MOST_PARAMS
INPUTS = OUTPUTS + MOST_OUTPUTS
COLUMNS = INPUTS + MOST_INPUTS
BLOCK = 512  # bots at a time: what they work on then stays in the nearest cache
