"""The types of blocks: their fields and inputs, and what each is called in the tree."""

from dataclasses import dataclass
from typing import Any

from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION

BLOCKS_VERSION = 1
MAX_ID = 4_000  # characters; the place of the deepest node takes some 1,400
CALL_PREFIX = "call_"  # before the function's name, in the type of the block that calls it
Json = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """A block's fields and inputs, each with the key it has in the tree."""

    fields: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()


_WHEN = (("WHEN", "when"),)
_VALUE = (("VALUE", "value"),)
STATEMENTS: dict[str, Layout] = {
    "definition": Layout((("NAME", "name"),), _VALUE),
    **dict.fromkeys(("long", "short", "exit_long", "exit_short", "exit"), Layout((), _WHEN)),
    "exit_after": Layout((), (("BARS", "bars"),)),
    **dict.fromkeys(
        ("stop_loss", "take_profit", "trailing_stop", "size"), Layout((("MODE", "mode"),), _VALUE)
    ),
    "alert": Layout((("TEXT", "text"),), _WHEN),
    "plot": Layout((("NAME", "name"),), _VALUE),
}
EXPRESSIONS: dict[str, Layout] = {
    "truth": Layout(_VALUE),
    "text": Layout((("TEXT", "value"),)),
    "name": Layout((("NAME", "name"),)),
    "field": Layout((("NAME", "name"),), (("OF", "of"),)),
    "history": Layout((), (("OF", "of"), ("AGO", "ago"))),
    "unary": Layout((("OPERATORS", "operators"),), (("OF", "of"),)),
}
INPUT_TYPES = ("input_number", "input_truth", "input_text")
INPUT_NUMBERS = (("LOW", "low"), ("HIGH", "high"), ("STEP", "step"))
REMARKS = ("comments", "comment", "gap")


def call_slots(function: str) -> tuple[str, ...]:
    """The inputs of the block that calls `function`, one for each parameter; empty for those without a block."""
    if function == TIMEFRAME_FUNCTION:
        return ("TIMEFRAME", "VALUE")
    known = FUNCTIONS.get(function)
    return tuple(parameter.name.upper() for parameter in known.parameters) if known else ()


def slot_at(slots: tuple[str, ...], position: int) -> str:
    """The name of the input that holds a call's argument."""
    return slots[position] if position < len(slots) else f"ARGUMENT{position + 1}"
