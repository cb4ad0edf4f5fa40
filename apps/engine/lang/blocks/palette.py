"""The palette of a block editor: every block one can drag out, what may be put into it, and how it looks.

Made from the table of functions, so that a new function has its block without further work.
"""

from typing import Any

from apps.engine.lang.blocks.defaults import default_of
from apps.engine.lang.blocks.layout import BLOCKS_VERSION, CALL_PREFIX, Json, call_slots
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION, Function, Parameter
from apps.engine.lang.tree import UNARY_OPERATORS

# categories in the order in which they are shown: key, label, role of their colour
CATEGORIES = (
    ("inputs", "Inputs", "input"),
    ("series", "Series", "series"),
    ("signals", "Signals", "signal"),
    ("protection", "Protection and size", "protection"),
    ("output", "Alerts and plots", "output"),
    ("values", "Values", "value"),
    ("operators", "Operators", "operator"),
    ("bar", "The bar", "bar"),
    ("averages", "Averages", "function"),
    ("spread", "Spread and range", "function"),
    ("momentum", "Momentum", "function"),
    ("trend", "Trend", "function"),
    ("volume", "Volume", "function"),
    ("events", "Events", "condition"),
    ("statistics", "Statistics", "function"),
    ("arithmetic", "Arithmetic", "function"),
)
_COLOURS = {key: colour for key, _, colour in CATEGORIES}

_TIMEFRAMES = ("15m", "1h", "4h", "1d", "1w", "1M")


def block_palette() -> Json:
    """Categories and blocks, each with its fields, inputs, defaults, result and summary.

    `new` is the block as it is dragged out, complete but for its id: `from_blocks` takes it. `shape` is statement or
    value. A value's `result` is number, truth, text, any (by what is put in) or many: of a function with several
    values, for which `new` is a `field` that holds it.
    """
    blocks = [*_statements(), *_values(), *_operators(), *_calls()]
    categories = [{"key": key, "label": label, "colour": colour} for key, label, colour in CATEGORIES]
    return {"version": BLOCKS_VERSION, "categories": categories, "blocks": blocks}


# parts


def _field(name: str, kind: str, default: Any = None, **more: Any) -> Json:
    """`kind`: name, number, line (of text), truth, lines (a list of texts), operators (a list) or option."""
    return {"name": name, "kind": kind, "default": default, **more}


def _input(name: str, accepts: str, default: Json, **more: Any) -> Json:
    """`accepts`: number, truth, text, constant (a number or input) or any."""
    return {"name": name, "accepts": accepts, "default": default, **more}


def _entry(
    kind: str, label: str, category: str, summary: str, *, fields: list[Json], inputs: list[Json], **more: Any
) -> Json:
    new: Json = {"type": kind}
    given = {field["name"]: field["default"] for field in fields if field["default"] is not None}
    if given:
        new["fields"] = given
    held = {slot["name"]: slot["default"] for slot in inputs if not slot.get("optional")}
    if held:
        new["inputs"] = held
    return {
        "type": kind,
        "label": label,
        "category": category,
        "colour": _COLOURS[category],
        "summary": summary,
        "fields": fields,
        "inputs": inputs,
        **more,
        "new": new,
    }


def _number(text: str) -> Json:
    return {"type": "number", "fields": {"NUMBER": text}}


def _name(name: str) -> Json:
    return {"type": "name", "fields": {"NAME": name}}


def _rises() -> Json:
    """close > open"""
    terms = {"TERM0": _name("close"), "TERM1": _name("open")}
    return {"type": "chain", "fields": {"OPERATOR1": ">"}, "inputs": terms}


# statements


def _statements() -> list[Json]:
    def statement(
        kind: str,
        label: str,
        category: str,
        summary: str,
        fields: list[Json],
        *inputs: Json,
        once: bool = False,
    ) -> Json:
        return _entry(
            kind, label, category, summary, fields=fields, inputs=list(inputs), shape="statement", once=once
        )  # fmt: skip

    when = _input("WHEN", "truth", _rises())
    labelled = _field("LABEL", "line", optional=True)
    ranged = [_field(name, "number", optional=True) for name in ("LOW", "HIGH", "STEP")]
    number_fields = [_field("NAME", "name", "length"), _field("DEFAULT", "number", "14"), *ranged, labelled]
    text_fields = [
        _field("NAME", "name", "mode"),
        _field("DEFAULT", "line", "fast"),
        _field("CHOICES", "lines", ["fast", "slow"], optional=True),
        labelled,
    ]
    truth_fields = [_field("NAME", "name", "trade_short"), _field("DEFAULT", "truth", True), labelled]
    asks = {
        "long": ("long when", "asks to be long"),
        "short": ("short when", "asks to be short"),
        "exit_long": ("exit long when", "asks to leave a long position"),
        "exit_short": ("exit short when", "asks to leave a short position"),
        "exit": ("exit when", "asks to leave any position"),
    }
    modes = {
        "percent": ("percent of the price", _number("3%")),
        "by": ("distance", {"type": "call_atr", "inputs": {"N": _number("14")}}),
        "at": ("price", _name("close")),
    }

    def protection(kind: str, label: str, summary: str, allowed: tuple[str, ...]) -> Json:
        options = [{"value": mode, "label": modes[mode][0], "input": modes[mode][1]} for mode in allowed]
        field = _field("MODE", "option", "percent", options=options)
        return statement(
            kind, label, "protection", summary, [field], _input("VALUE", "number", _number("3%")), once=True
        )

    sizes = [
        {"value": "amount", "label": "share of equity or amount", "input": _number("50%")},
        {"value": "units", "label": "units", "input": _number("2")},
        {"value": "risk", "label": "risk to the stop-loss", "input": _number("1%")},
    ]
    return [
        statement(
            "input_number", "input", "inputs", "a number or percentage to set and optimise", number_fields
        ),
        statement("input_truth", "input", "inputs", "a switch", truth_fields),
        statement("input_text", "input", "inputs", "one of several texts", text_fields),
        statement(
            "definition",
            "=",
            "series",
            "defines a series",
            [_field("NAME", "name", "x")],
            _input("VALUE", "any", _name("close")),
        ),
        *(statement(kind, label, "signals", summary, [], when) for kind, (label, summary) in asks.items()),
        statement(
            "exit_after",
            "exit after bars",
            "signals",
            "asks to leave once a position has been held so long",
            [],
            _input("BARS", "constant", _number("10")),
            once=True,
        ),
        protection("stop_loss", "stop-loss", "limits the loss of a position", ("percent", "by", "at")),
        protection("take_profit", "take-profit", "takes the profit of a position", ("percent", "by", "at")),
        protection("trailing_stop", "trailing stop", "a stop that follows the best price", ("percent", "by")),
        statement(
            "size",
            "size",
            "protection",
            "how much a position is worth",
            [_field("MODE", "option", "amount", options=sizes)],
            _input("VALUE", "constant", _number("50%")),
            once=True,
        ),
        statement(
            "alert",
            "alert",
            "output",
            "sends a text; {symbol}, {time}, {close} and any name in braces are filled in",
            [_field("TEXT", "line", "{symbol} at {close}")],
            when,
        ),
        statement(
            "plot",
            "plot",
            "output",
            "draws a series on the chart",
            [_field("NAME", "line", "Plot")],
            _input("VALUE", "any", _name("close")),
        ),
    ]


# values and operators


def _value(
    kind: str,
    label: str,
    category: str,
    summary: str,
    result: str,
    fields: list[Json],
    *inputs: Json,
    **more: Any,
) -> Json:
    return _entry(
        kind,
        label,
        category,
        summary,
        fields=fields,
        inputs=list(inputs),
        shape="value",
        result=result,
        **more,
    )


def _values() -> list[Json]:
    return [
        _value("number", "number", "values", "a number or a percentage", "number", [_field("NUMBER", "number", "1")]),
        _value("truth", "true", "values", "true or false", "truth", [_field("VALUE", "truth", True)]),
        _value("text", "text", "values", "a text", "text", [_field("TEXT", "line", "1d")]),
        _value("name", "series", "values", "a series or input of this formula", "any", [_field("NAME", "name", "x")]),
        _value("name", "na", "values", "the missing value", "number", [_field("NAME", "name", "na")]),
    ]  # fmt: skip


def _operators() -> list[Json]:
    first, second = _name("close"), _name("open")

    def chain(label: str, operators: tuple[str, ...], accepts: str, result: str, *terms: Json) -> Json:
        options = [{"value": operator, "label": operator} for operator in operators]
        field = _field("OPERATOR1", "option", operators[0], options=options)
        inputs = [_input(f"TERM{i}", accepts, term) for i, term in enumerate(terms)]
        repeats = {"field": "OPERATOR{n}", "input": "TERM{n}", "from": 1}
        return _value(
            "chain", label, "operators", f"{label}, from left to right", result, [field], *inputs, repeats=repeats
        )  # fmt: skip

    signs = [
        _value(
            "unary",
            sign,
            "operators",
            summary,
            result,
            [_field("OPERATORS", "operators", [sign], options=list(UNARY_OPERATORS))],
            _input("OF", result, default),
        )
        for sign, summary, result, default in (
            ("-", "the negative", "number", first),
            ("not", "the contrary", "truth", _rises()),
        )
    ]
    cases = [_input("IF0", "truth", _rises()), _input("THEN0", "any", first), _input("ELSE", "any", second)]
    repeats = {"inputs": ["IF{n}", "THEN{n}"], "from": 0}
    ago = _input("AGO", "constant", _number("1"), low=0, high=5_000)
    macd = {
        "type": "call_macd",
        "inputs": {
            "SRC": first,
            "FAST": _number("12"),
            "SLOW": _number("26"),
            "SIGNAL": _number("9"),
        },
    }
    framed = [
        _input("TIMEFRAME", "text", {"type": "text", "fields": {"TEXT": "1d"}}, options=list(_TIMEFRAMES)),
        _input("VALUE", "any", first),
    ]
    return [
        chain("arithmetic", ("+", "-", "*", "/", "%"), "number", "number", first, second),
        chain("comparison", (">", ">=", "<", "<=", "==", "!="), "any", "truth", first, second),
        chain("logic", ("and", "or"), "truth", "truth", _rises(), _rises()),
        *signs,
        _value(
            "choice", "if", "operators", "one value or another", "any", [], *cases, repeats=repeats
        ),
        _value("history", "bars ago", "operators", "a value as of earlier bars", "any", [], _input("OF", "any", first),
               ago),
        _value("field", "value of", "operators", "one of a function's several values", "number",
               [_field("NAME", "option", "macd", options=_outputs())], _input("OF", "many", macd)),
        _value(CALL_PREFIX + TIMEFRAME_FUNCTION, TIMEFRAME_FUNCTION, "operators",
               "the last closed value of an expression on another timeframe", "any", [], *framed),
    ]  # fmt: skip


def _outputs() -> list[Json]:
    """Every output of a many-valued function, with the functions that have it."""
    having: dict[str, list[str]] = {}
    for function in FUNCTIONS.values():
        for output in function.outputs:
            having.setdefault(output, []).append(function.name)
    return [{"value": output, "label": output, "functions": names} for output, names in having.items()]


# functions


def _calls() -> list[Json]:
    return [_bare(function) if function.bare else _call(function) for function in FUNCTIONS.values()]


def _bare(function: Function) -> Json:
    return _value(
        "name",
        function.name,
        function.family,
        function.summary,
        function.result,
        [_field("NAME", "name", function.name)],
        signature=function.signature,
    )


def _call(function: Function) -> Json:
    slots = zip(function.parameters, call_slots(function.name), strict=True)
    more: Json = {"signature": function.signature}
    if function.outputs:
        more["outputs"] = list(function.outputs)
    if function.most:
        more["repeats"] = {
            "input": "ARGUMENT{n}",
            "from": len(function.parameters) + 1,
            "most": function.most,
        }
    entry = _value(
        CALL_PREFIX + function.name,
        function.name,
        function.family,
        function.summary,
        "many" if function.outputs else function.result,
        [],
        *(_argument(function, parameter, slot) for parameter, slot in slots),
        **more,
    )
    if function.outputs:
        entry["new"] = {
            "type": "field",
            "fields": {"NAME": function.outputs[0]},
            "inputs": {"OF": entry["new"]},
        }
    return entry


def _argument(function: Function, parameter: Parameter, slot: str) -> Json:
    more: Json = {"label": parameter.name}
    if parameter.optional:
        more["optional"] = True
    if (function.name, parameter.name) == ("pow", "y"):
        return _input(slot, "number", _number("2"), **more)
    if parameter.kind == "series":
        return _input(slot, "number", _name("open" if parameter.name in ("b", "y") else "close"), **more)
    if parameter.kind == "condition":
        return _input(slot, "truth", _rises(), **more)
    default = default_of(function.name, parameter.name)
    whole = parameter.kind == "length"
    return _input(
        slot, "constant", _number(default), whole=whole, low=parameter.low, high=parameter.high, **more
    )
