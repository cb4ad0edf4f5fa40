"""What people write who come from elsewhere, mostly from Pine, and how it is said here."""

from apps.engine.said import said

_NO_HEADING = said("a formula needs no heading; a whole Pine script can be imported")
_NO_TYPE = said("types are found by themselves: NAME = EXPRESSION")
_OWN_PAST = said("write NAME = EXPRESSION; its own earlier value is NAME[1]")
_NO_LOOP = said("there are no loops: sma, highest, cum and others look over many bars")

# at the beginning of a statement
STATEMENTS = {
    "buy": said("write {code}", code="long when ..."),
    "enter": said("write {code}", code="long when ..."),
    "sell": said("write short when ... or exit when ..."),
    "close": said("write short when ... or exit when ..."),
    "if": said("write long when CONDITION, or for a value NAME = CONDITION ? A : B"),
    "strategy": said("write {code}", code="long when CONDITION, exit when CONDITION"),
    "alertcondition": said("write {code}", code='alert "TEXT" when CONDITION'),
    "plotshape": said("write {code}", code='alert "TEXT" when CONDITION'),
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
        return said("functions stand alone: {name}(...)", name=name)
    if (space, name) == ("request", "security"):
        return said("write {code}", code='tf("1d", EXPRESSION)')
    return ""
