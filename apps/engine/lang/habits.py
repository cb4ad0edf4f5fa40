"""What people write who come from elsewhere, mostly from Pine, and how it is said here."""

_NO_HEADING = "a formula needs no heading; a whole Pine script can be imported"
_NO_TYPE = "types are found by themselves: NAME = EXPRESSION"
_OWN_PAST = "write NAME = EXPRESSION; its own earlier value is NAME[1]"
_NO_LOOP = "there are no loops: sma, highest, cum and others look over many bars"

# at the beginning of a statement
STATEMENTS = {
    "buy": "write long when ...",
    "enter": "write long when ...",
    "sell": "write short when ... or exit when ...",
    "close": "write short when ... or exit when ...",
    "if": "write long when CONDITION, or for a value NAME = CONDITION ? A : B",
    "strategy": "write long when CONDITION, exit when CONDITION",
    "alertcondition": 'write alert "TEXT" when CONDITION',
    "plotshape": 'write alert "TEXT" when CONDITION',
    "indicator": _NO_HEADING,
    "study": _NO_HEADING,
    "var": _OWN_PAST,
    "varip": _OWN_PAST,
    "float": _NO_TYPE,
    "int": _NO_TYPE,
    "bool": _NO_TYPE,
    "for": _NO_LOOP,
    "while": _NO_LOOP,
}


def spaced_call(space: str, name: str) -> str:
    """How `space.name(...)` is said here, or an empty text."""
    if space in ("ta", "math"):
        return f"functions stand alone: {name}(...)"
    if (space, name) == ("request", "security"):
        return 'write tf("1d", EXPRESSION)'
    return ""
