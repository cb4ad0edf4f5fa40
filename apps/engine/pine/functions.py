"""The functions of the language in Pine: a built-in where its values are the same once both are warmed up, else a
small helper function that the script brings along.

A form's `template` holds the call with the arguments' places; `helper` names the functions in `HELPERS` it needs.
"""

from dataclasses import dataclass

from apps.engine.lang.functions import FUNCTIONS
from apps.engine.pine.helpers import HELPERS


@dataclass(frozen=True)
class Form:
    """One function in Pine. `outputs`: ours in the order in which Pine returns them; `steady`: it remembers nothing,
    so it may stand anywhere, while all others stand on a line of their own; `whole`: its result is an int."""

    name: str
    template: str
    outputs: tuple[str, ...] = ()
    steady: bool = False
    whole: bool = False


def _form(
    name: str, template: str = "", outputs: str = "", *, steady: bool = False, whole: bool = False
) -> Form:
    """Where no template is given: the built-in ta.NAME with the same arguments."""
    if not template:
        places = ", ".join(f"{{{i}}}" for i in range(len(FUNCTIONS[name].parameters)))
        template = f"ta.{name}({places})"
    return Form(name, template, tuple(outputs.split()), steady, whole)


_SAME = """
sma ema rma wma hma vwma alma stdev variance atr highest lowest highestbars lowestbars median percentrank rsi wpr roc
mom change tsi correlation cum crossover crossunder cross barssince valuewhen
"""
_BUILT_IN = [
    *(_form(name) for name in _SAME.split()),
    *(
        _form(name, name, steady=True)
        for name in ["open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4"]
    ),
    *(
        _form(name, name, steady=True, whole=True)
        for name in ["bar_index", "hour", "minute", "month", "year"]
    ),
    _form("day_of_week", "dayofweek", steady=True, whole=True),
    _form("day_of_month", "dayofmonth", steady=True, whole=True),
    _form("linreg", "ta.linreg({0}, {1}, 0)"),
    _form("vwap", "ta.vwap(hlc3)"),
    _form("tr", "ta.tr"),
    _form("ad", "ta.accdist"),
    _form("cci", "ta.cci(hlc3, {0})"),
    _form("mfi", "ta.mfi(hlc3, {0})"),
    _form("bb", "ta.bb({0}, {1}, {2})", "middle upper lower"),
    _form("kc", "ta.kc({0}, {1}, {2})", "middle upper lower"),
    _form("macd", "ta.macd({0}, {1}, {2}, {3})", "macd signal hist"),
    _form("dmi", "ta.dmi({0}, {0})", "plus minus adx"),
    _form("abs", "math.abs({0})", steady=True),
    _form("sign", "math.sign({0})", steady=True),
    _form("floor", "math.floor({0})", steady=True, whole=True),
    _form("ceil", "math.ceil({0})", steady=True, whole=True),
    _form("na", "na({0})", steady=True),
    _form("fixnan", "fixnan({0})"),
]
FORMS: dict[str, Form] = {form.name: form for form in _BUILT_IN}


def _own(name: str) -> Form:
    function = FUNCTIONS[name]
    places = ", ".join(f"{{{i}}}" for i in range(len(function.parameters)))
    steady = name in ("sqrt", "log", "exp", "pow")
    return Form(name, f"f_{name}({places})", function.outputs, steady)


FORMS |= {name: _own(name) for name in FUNCTIONS if name not in FORMS and f"f_{name}" in HELPERS}


def call_form(name: str, count: int) -> Form:
    """The form of a call of `name` with `count` arguments; only some functions look at the count."""
    if name in ("min", "max", "avg"):
        own = f"f_{name}" if count == 2 else f"f_{name}{count}"
        return Form(name, _call(own, count), steady=True)
    if name == "nz":
        return Form(name, _call("nz", count), steady=True)
    if name == "round":
        return Form(
            name, "math.round({0})" if count == 1 else "f_round({0}, {1})", steady=True, whole=count == 1
        )
    return FORMS[name]


def _call(name: str, count: int) -> str:
    return f"{name}({', '.join(f'{{{i}}}' for i in range(count))})"
