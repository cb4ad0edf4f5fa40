"""Names of a script: its own variables, Pine's built-in ones, and those no formula can know."""

from __future__ import annotations

from apps.engine.pine.importer import functions, moments
from apps.engine.pine.importer.drawing import OLD_COLORS, draws
from apps.engine.pine.importer.report import Cannot, impossible
from apps.engine.pine.importer.state import State
from apps.engine.pine.importer.values import (
    DRAWING,
    ENTRY_PRICE,
    NA,
    OPEN_TRADES,
    POSITION,
    TICK,
    Value,
    binary,
    name,
    number,
    truth_of,
)
from apps.engine.said import said

_FACTS = {
    "strategy.position_size": POSITION,
    "strategy.position_avg_price": ENTRY_PRICE,
    "strategy.opentrades": OPEN_TRADES,
    "syminfo.mintick": TICK,
}
_MOMENTS = {
    "barstate.isconfirmed": True,
    "barstate.isnew": True,
    "barstate.ishistory": True,
    "barstate.isrealtime": False,
}
_SYMBOLS = frozenset(["syminfo.tickerid", "syminfo.ticker", "syminfo.prefix", "syminfo.root"])
_CONSTANTS = frozenset(
    f"strategy.{word}"
    for word in (
        "long",
        "short",
        "fixed",
        "cash",
        "percent_of_equity",
        "direction.all",
        "direction.long",
        "direction.short",
    )
)
_OLD_CONSTANTS = frozenset(
    """integer bool float string source resolution symbol session color line stepline histogram cross area columns
    circles linebr areabr dotted dashed solid""".split()  # noqa: SIM905
)


def read_name(state: State, path: str) -> Value:
    """What a name stands for. Raises Cannot where a formula has nothing like it."""
    variable = state.find(path)
    if variable is not None:
        if variable.current.kind == "poison":
            raise Cannot(variable.current.name)
        return variable.current
    if path == "na":
        return NA
    old = functions.OLD_NAMES.get(path, path)
    if old in functions.SERIES:
        word, integer = functions.SERIES[old]
        return Value("number", name(word), integer=integer)
    if old in functions.NUMBERS:
        return Value("number", number(functions.NUMBERS[old]), integer=old.startswith("dayofweek"))
    if old == "hlcc4":
        total = binary("+", binary("+", binary("+", name("high"), name("low")), name("close")), name("close"))
        total.brackets = 1
        return Value("number", binary("/", total, number(4)))
    if old == "time":
        return moments.BAR
    if old in _FACTS:
        return Value("number", name(_FACTS[old]))
    if old in _MOMENTS:
        state.record.note(
            "ignored",
            said(
                "{old} is always {lower}: bars are read once closed",
                old=old,
                lower=str(_MOMENTS[old]).lower(),
            ),
        )
        return Value("truth", truth_of(_MOMENTS[old]))
    if old == "barstate.isfirst":
        return Value("truth", binary("==", name("bar_index"), number(0)))
    if old in _SYMBOLS or old == "timeframe.period":
        return Value("symbol", name=old)
    if draws(old) or (path in OLD_COLORS and state.script.version < 5):
        return DRAWING
    if old in functions.NO_COUNTERPART:
        raise Cannot(said("`{path}` has no counterpart among the formula's functions", path=path))
    return _unknown(path, old)


def _unknown(path: str, old: str) -> Value:
    family = old.split(".")[0]
    if old in ("time_close", "timenow", "last_bar_time"):
        raise Cannot(
            said(
                "`{path}`: a formula reads the time as year, month, day_of_month, hour and minute", path=path
            )
        )
    if old in ("barstate.islast", "barstate.islastconfirmedhistory", "last_bar_index"):
        raise Cannot(said("`{path}`: a formula does not know which bar is the last", path=path))
    if family == "timeframe":
        raise Cannot(
            said(
                "`{path}`: a formula does not know its timeframe; it is chosen where the formula runs",
                path=path,
            )
        )
    if family == "syminfo":
        raise Cannot(
            said("`{path}`: a formula knows nothing of its instrument but prices and volume", path=path)
        )
    if family == "strategy" and old not in _CONSTANTS:
        raise Cannot(said("`{path}`: a formula does not know the account or its trades", path=path))
    if old in ("bid", "ask"):
        raise impossible(said("`{path}`: a formula sees bars, not quotes", path=path))
    if "." in old or old in _OLD_CONSTANTS:
        return Value("constant", name=old)
    raise Cannot(said("`{path}` is not known", path=path))
