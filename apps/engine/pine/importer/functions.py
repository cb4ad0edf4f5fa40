"""Pine's functions in the words of the language. A converter takes the arguments by name and gives the value.

Where TradingView's value differs a little from TA-Lib's, a note says so; where no exact form exists, Cannot is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.engine.lang import tree
from apps.engine.pine.importer.report import Cannot
from apps.engine.pine.importer.values import (
    NA,
    Value,
    binary,
    call,
    choose,
    field_of,
    name,
    negative,
    number,
    past,
    same,
)

Expr = tree.Expr


@dataclass
class Arguments:
    """Arguments of one call by name. `note` takes a difference in meaning, `inexact` what must be looked at."""

    values: dict[str, Value]
    to_number: Callable[[Value], Expr]
    to_truth: Callable[[Value], Expr]
    note: Callable[[str], None]
    inexact: Callable[[str], None]

    def has(self, key: str) -> bool:
        return key in self.values

    def series(self, key: str, default: str = "") -> Expr:
        """A number; `default` is the series that stands in where the argument is left out."""
        if key not in self.values:
            if default:
                return name(default)
            raise Cannot(f"its argument `{key}` is missing")
        return self.to_number(self.values[key])

    def condition(self, key: str) -> Expr:
        if key not in self.values:
            raise Cannot(f"its argument `{key}` is missing")
        return self.to_truth(self.values[key])

    def length(self, key: str, default: int | None = None) -> Expr:
        """A whole number. Pine drops the fraction of a length; a formula must say so."""
        if key not in self.values:
            if default is not None:
                return number(default)
            raise Cannot(f"its argument `{key}` is missing")
        value = self.values[key]
        expr = self.to_number(value)
        if not value.integer and not isinstance(expr, tree.Number | tree.Name):
            return call("floor", expr)
        return expr


Converter = Callable[[Arguments], Value]


def _value(expr: Expr, integer: bool = False) -> Value:
    return Value("number", expr, integer=integer)


def _truth(expr: Expr) -> Value:
    return Value("truth", expr)


def _is(expr: Expr, word: str) -> bool:
    return isinstance(expr, tree.Name) and expr.name == word


def _plain(function: str, note: str = "") -> Converter:
    """function(source, length)"""

    def convert(given: Arguments) -> Value:
        if note:
            given.note(note)
        return _value(call(function, given.series("source"), given.length("length")))

    return convert


def _one(function: str, integer: bool = False) -> Converter:
    return lambda given: _value(call(function, given.series("number")), integer)


def _cross(function: str) -> Converter:
    return lambda given: _truth(call(function, given.series("source1"), given.series("source2")))


def _extreme(function: str, default: str) -> Converter:
    """highest(length) takes the high, highest(source, length) its source."""

    def convert(given: Arguments) -> Value:
        if given.has("length"):
            source = given.series("source", default)
            return _value(call(function, source, given.length("length")))
        return _value(call(function, name(default), given.length("source")))

    return convert


def _pivot(function: str, default: str) -> Converter:
    def convert(given: Arguments) -> Value:
        if given.has("rightbars"):
            source = given.series("source", default)
            sides = given.length("leftbars"), given.length("rightbars")
        else:
            source = name(default)
            sides = given.length("source"), given.length("leftbars")
        return _value(call(function, source, *sides))

    return convert


def _spread(function: str) -> Converter:
    """stdev and variance, of the population unless `biased` is false."""

    def convert(given: Arguments) -> Value:
        length = given.length("length")
        result: Expr = call(function, given.series("source"), length)
        if given.has("biased"):
            biased = given.condition("biased")
            if not isinstance(biased, tree.Truth):
                raise Cannot(f"`biased` of {function} must be true or false here")
            if not biased.value:
                ratio = binary("/", length, binary("-", length, number(1)))
                ratio.brackets = int(function == "variance")
                result = binary("*", result, call("sqrt", ratio) if function == "stdev" else ratio)
        return _value(result)

    return convert


def _atr(given: Arguments) -> Value:
    given.note(
        "atr is TA-Lib's: it starts one bar later than Pine's, so the first values differ and then converge"
    )
    return _value(call("atr", given.length("length")))


def _tr(given: Arguments) -> Value:
    if given.has("handle_na") and not isinstance(given.condition("handle_na"), tree.Truth):
        raise Cannot("`handle_na` of ta.tr must be true or false here")
    handles = given.has("handle_na") and bool(getattr(given.condition("handle_na"), "value", False))
    bare = name("tr")
    return _value(call("nz", bare, binary("-", name("high"), name("low"))) if handles else bare)


def _change(given: Arguments) -> Value:
    source = given.values.get("source")
    length = given.length("length", 1)
    if source is not None and source.kind == "truth" and source.expr is not None:
        return _truth(binary("!=", source.expr, past(source.expr, length)))
    return _value(call("change", given.series("source"), length))


def _macd(given: Arguments) -> Value:
    given.note(
        "macd is TA-Lib's: its fast average starts where the slow one does, so the first values differ a little"
    )
    made = call(
        "macd",
        given.series("source"),
        given.length("fastlen"),
        given.length("slowlen"),
        given.length("siglen"),
    )
    return _many(made, "macd", "signal", "hist")


def _many(made: Expr, *outputs: str) -> Value:
    return Value("tuple", items=tuple(_value(field_of(made, output)) for output in outputs))


def _bb(given: Arguments) -> Value:
    made = call("bb", given.series("series"), given.length("length"), given.series("mult"))
    return _many(made, "middle", "upper", "lower")


def _bbw(given: Arguments) -> Value:
    given.note("bbw is in percent of the middle band; in older versions of Pine it is a fraction")
    return _value(call("bbw", given.series("series"), given.length("length"), given.series("mult")))


def _kc(given: Arguments) -> Value:
    source, length, width = given.series("series"), given.length("length"), given.series("mult")
    if given.has("useTrueRange"):
        true_range = given.condition("useTrueRange")
        if not isinstance(true_range, tree.Truth):
            raise Cannot("`useTrueRange` of ta.kc must be true or false here")
        if not true_range.value:
            span = binary("*", width, call("ema", binary("-", name("high"), name("low")), length))
            middle = call("ema", source, length)
            return Value(
                "tuple",
                items=(_value(middle), _value(binary("+", middle, span)), _value(binary("-", middle, span))),
            )
    return _many(call("kc", source, length, width), "middle", "upper", "lower")


def _kcw(given: Arguments) -> Value:
    middle, upper, lower = (item.expr for item in _kc(given).items)
    assert middle is not None
    assert upper is not None
    assert lower is not None
    width = binary("-", upper, lower)
    width.brackets = 1
    return _value(binary("/", width, middle))


def _supertrend(given: Arguments) -> Value:
    given.note(
        "Pine's direction is -1 in an uptrend, the formula's 1; its atr starts one bar later than Pine's"
    )
    made = call("supertrend", given.series("factor"), given.length("atrPeriod"))
    return Value(
        "tuple", items=(_value(field_of(made, "line")), _value(negative(field_of(made, "direction"))))
    )


def _dmi(given: Arguments) -> Value:
    length, smoothing = given.length("diLength"), given.length("adxSmoothing")
    made = call("dmi", length)
    plus, minus, adx = field_of(made, "plus"), field_of(made, "minus"), field_of(made, "adx")
    given.note("dmi is TA-Lib's: its first values differ from Pine's and then converge")
    if same(length, smoothing):
        return Value("tuple", items=(_value(plus), _value(minus), _value(adx)))
    total = binary("+", plus, minus)
    share = binary(
        "/", call("abs", binary("-", plus, minus)), choose(binary("==", total, number(0)), number(1), total)
    )
    own = binary("*", number(100), call("rma", share, smoothing))
    return Value("tuple", items=(_value(plus), _value(minus), _value(own)))


def _stoch(given: Arguments) -> Value:
    source, high, low = given.series("source"), given.series("high"), given.series("low")
    length = given.length("length")
    if _is(source, "close") and _is(high, "high") and _is(low, "low"):
        return _value(field_of(call("stoch", length, number(1), number(1)), "k"))
    bottom = call("lowest", low, length)
    above, span = binary("-", source, bottom), binary("-", call("highest", high, length), bottom)
    above.brackets = span.brackets = 1
    return _value(binary("/", binary("*", number(100), above), span))


def _typical(function: str, pine: str) -> Converter:
    """cci and mfi: the formula's are of hlc3."""

    def convert(given: Arguments) -> Value:
        if not _is(given.series("source"), "hlc3"):
            given.inexact(f"`{function}` of a formula is of hlc3; {pine} here is of another series")
        return _value(call(function, given.length("length")))

    return convert


def _cmo(given: Arguments) -> Value:
    given.note("cmo is written out, since TA-Lib's smooths and Pine's does not")
    source, length = given.series("series"), given.length("length")
    move = call("change", source, number(1))
    share = binary("/", call("sma", move, length), call("sma", call("abs", move), length))
    return _value(binary("*", number(100), share))


def _linreg(given: Arguments) -> Value:
    source, length = given.series("source"), given.length("length")
    line = call("linreg", source, length)
    offset = given.length("offset", 0)
    if isinstance(offset, tree.Number) and offset.value == 0:
        return _value(line)
    return _value(binary("-", line, binary("*", offset, call("slope", source, length))))


def _alma(given: Arguments) -> Value:
    if given.has("floor"):
        given.inexact("`floor` of ta.alma has no counterpart")
    arguments = (
        given.series("series"),
        given.length("length"),
        given.series("offset"),
        given.series("sigma"),
    )
    return _value(call("alma", *arguments))


def _swma(given: Arguments) -> Value:
    source = given.series("source")
    middle = binary("*", binary("+", past(source, 1), past(source, 2)), number(2))
    middle.left.brackets = 1
    total = binary("+", binary("+", past(source, 3), middle), source)
    total.brackets = 1
    return _value(binary("/", total, number(6)))


def _sum(given: Arguments) -> Value:
    length = given.length("length")
    return _value(binary("*", call("sma", given.series("source"), length), length))


def _range(given: Arguments) -> Value:
    source, length = given.series("source"), given.length("length")
    return _value(binary("-", call("highest", source, length), call("lowest", source, length)))


def _vwap(given: Arguments) -> Value:
    if not _is(given.series("source", "hlc3"), "hlc3") or given.has("anchor"):
        given.inexact("`vwap` of a formula is of hlc3 and starts anew each day")
    return _value(name("vwap"))


def _sar(given: Arguments) -> Value:
    return _value(call("sar", given.series("start"), given.series("inc"), given.series("max")))


def _valuewhen(given: Arguments) -> Value:
    arguments = given.condition("condition"), given.series("source"), given.length("occurrence", 0)
    return _value(call("valuewhen", *arguments))


def _trend(function: str) -> Converter:
    return lambda given: _truth(call(function, given.series("source"), given.length("length")))


def _nz(given: Arguments) -> Value:
    source = given.values.get("source", NA)
    if source.kind == "truth":  # true/false is never na here
        return source
    expr = given.series("source")
    if not given.has("replacement"):
        return _value(call("nz", expr), source.integer)
    return _value(call("nz", expr, given.series("replacement")), source.integer)


def _na(given: Arguments) -> Value:
    source = given.values.get("source", NA)
    if source.kind == "truth":
        given.note("true/false is never na in a formula")
        return _truth(tree.Truth(0, 0, False))
    return _truth(call("na", given.series("source")))


def _iff(given: Arguments) -> Value:
    then, otherwise = given.values.get("then", NA), given.values.get("_else", NA)
    condition = given.condition("condition")
    if "truth" in (then.kind, otherwise.kind):
        return _truth(choose(condition, given.to_truth(then), given.to_truth(otherwise)))
    return _value(choose(condition, given.to_number(then), given.to_number(otherwise)))


def _round(given: Arguments) -> Value:
    if given.has("precision"):
        return _value(call("round", given.series("number"), given.length("precision")))
    return _value(call("round", given.series("number")), True)


def _log10(given: Arguments) -> Value:
    return _value(binary("/", call("log", given.series("number")), call("log", number(10))))


def _pow(given: Arguments) -> Value:
    return _value(call("pow", given.series("base"), given.series("exponent")))


def _to_tick(given: Arguments) -> Value:
    given.note("the rounding to ticks is left out: prices are rounded where orders are made")
    return _value(given.series("number"))


def _int(given: Arguments) -> Value:
    source = given.values.get("x", NA)
    if source.kind == "na" or source.integer:
        return source
    expr = given.series("x")
    if isinstance(expr, tree.Number):
        return _value(number(float(int(expr.value))), True)
    return _value(choose(binary(">=", expr, number(0)), call("floor", expr), call("ceil", expr)), True)


def _float(given: Arguments) -> Value:
    source = given.values.get("x", NA)
    return source if source.kind == "na" else _value(given.series("x"))


def _bool(given: Arguments) -> Value:
    return _truth(given.condition("x"))


def _clock(word: str) -> Converter:
    def convert(given: Arguments) -> Value:
        raise Cannot(f"{word} of another time or zone: a formula reads `{word}` in the instrument's zone")

    return convert


# name: (parameters in Pine's order, converter)
CONVERTERS: dict[str, tuple[str, Converter]] = {
    **{
        f"ta.{word}": ("source length", _plain(word))
        for word in ["sma", "ema", "rma", "wma", "hma", "vwma", "rsi", "median", "roc", "mom"]
    },
    "ta.percentrank": ("source length", _plain("percentrank")),
    "ta.alma": ("series length offset sigma floor", _alma),
    "ta.linreg": ("source length offset", _linreg),
    "ta.swma": ("source", _swma),
    "ta.atr": ("length", _atr),
    "ta.tr": ("handle_na", _tr),
    "ta.macd": ("source fastlen slowlen siglen", _macd),
    "ta.bb": ("series length mult", _bb),
    "ta.bbw": ("series length mult", _bbw),
    "ta.kc": ("series length mult useTrueRange", _kc),
    "ta.kcw": ("series length mult useTrueRange", _kcw),
    "ta.supertrend": ("factor atrPeriod", _supertrend),
    "ta.sar": ("start inc max", _sar),
    "ta.dmi": ("diLength adxSmoothing", _dmi),
    "ta.stoch": ("source high low length", _stoch),
    "ta.cci": ("source length", _typical("cci", "ta.cci")),
    "ta.mfi": ("source length", _typical("mfi", "ta.mfi")),
    "ta.cmo": ("series length", _cmo),
    "ta.wpr": ("length", lambda given: _value(call("wpr", given.length("length")))),
    "ta.tsi": (
        "source short_length long_length",
        lambda given: _value(
            call("tsi", given.series("source"), given.length("short_length"), given.length("long_length"))
        ),
    ),
    "ta.change": ("source length", _change),
    "ta.highest": ("source length", _extreme("highest", "high")),
    "ta.lowest": ("source length", _extreme("lowest", "low")),
    "ta.highestbars": ("source length", _extreme("highestbars", "high")),
    "ta.lowestbars": ("source length", _extreme("lowestbars", "low")),
    "ta.pivothigh": ("source leftbars rightbars", _pivot("pivothigh", "high")),
    "ta.pivotlow": ("source leftbars rightbars", _pivot("pivotlow", "low")),
    "ta.stdev": ("source length biased", _spread("stdev")),
    "ta.variance": ("source length biased", _spread("variance")),
    "ta.range": ("source length", _range),
    "ta.correlation": (
        "source1 source2 length",
        lambda given: _value(
            call("correlation", given.series("source1"), given.series("source2"), given.length("length"))
        ),
    ),
    "ta.crossover": ("source1 source2", _cross("crossover")),
    "ta.crossunder": ("source1 source2", _cross("crossunder")),
    "ta.cross": ("source1 source2", _cross("cross")),
    "ta.rising": ("source length", _trend("rising")),
    "ta.falling": ("source length", _trend("falling")),
    "ta.barssince": (
        "condition",
        lambda given: _value(call("barssince", given.condition("condition")), True),
    ),
    "ta.valuewhen": ("condition source occurrence", _valuewhen),
    "ta.cum": ("source", lambda given: _value(call("cum", given.series("source")))),
    "ta.vwap": ("source anchor", _vwap),
    "math.sum": ("source length", _sum),
    **{f"math.{word}": ("number", _one(word)) for word in ["abs", "sqrt", "log", "exp", "sign"]},
    "math.floor": ("number", _one("floor", True)),
    "math.ceil": ("number", _one("ceil", True)),
    "math.round": ("number precision", _round),
    "math.round_to_mintick": ("number", _to_tick),
    "math.log10": ("number", _log10),
    "math.pow": ("base exponent", _pow),
    "nz": ("source replacement", _nz),
    "na": ("source", _na),
    "fixnan": ("source", lambda given: _value(call("fixnan", given.series("source")))),
    "iff": ("condition then _else", _iff),
    "int": ("x", _int),
    "float": ("x", _float),
    "bool": ("x", _bool),
    **{
        word: ("time timezone", _clock(word))
        for word in ["hour", "minute", "year", "month", "dayofmonth", "dayofweek"]
    },
}
SEVERAL = {"math.max": "max", "math.min": "min", "math.avg": "avg"}  # of any number of arguments

SERIES = {  # built-in variables: Pine's name, the formula's, whether it is a whole number
    **{word: (word, False) for word in ["open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4"]},
    **{word: (word, True) for word in ["bar_index", "hour", "minute", "month", "year"]},
    "dayofweek": ("day_of_week", True),
    "dayofmonth": ("day_of_month", True),
    "ta.tr": ("tr", False),
    "ta.obv": ("obv", False),
    "ta.accdist": ("ad", False),
    "ta.vwap": ("vwap", False),
}
NUMBERS = {
    "math.pi": "3.141592653589793",
    "math.e": "2.718281828459045",
    "math.phi": "1.618033988749895",
    "math.rphi": "0.618033988749895",
    **{
        f"dayofweek.{day}": str(position)
        for position, day in enumerate(
            ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"], 1
        )
    },
}
NO_COUNTERPART = frozenset(
    [
        "ta.dev",
        "ta.cog",
        "ta.mode",
        "ta.rci",
        "ta.percentile_linear_interpolation",
        "ta.percentile_nearest_rank",
        "ta.max",
        "ta.min",
        "ta.pvt",
        "ta.pvi",
        "ta.nvi",
        "ta.wad",
        "ta.wvad",
        "ta.iii",
        "ta.pivot_point_levels",
        "math.sin",
        "math.cos",
        "math.tan",
        "math.asin",
        "math.acos",
        "math.atan",
        "math.todegrees",
        "math.toradians",
    ]
)

# names without their family, as versions before 5 have them
_OLD_TA = [path[3:] for path in CONVERTERS if path.startswith("ta.") and path != "ta.tr"]
OLD_NAMES = {
    **{word: f"ta.{word}" for word in _OLD_TA},
    **{path[5:]: path for path in CONVERTERS if path.startswith("math.")},
    **{path[5:]: path for path in SEVERAL},
    **{path.split(".")[1]: path for path in NO_COUNTERPART if path not in ("ta.max", "ta.min")},
    "tr": "ta.tr",
    "obv": "ta.obv",
    "accdist": "ta.accdist",
    "n": "bar_index",
    "tostring": "str.tostring",
    "security": "request.security",
    "heikinashi": "ticker.heikinashi",
    "renko": "ticker.renko",
    "tickerid": "syminfo.tickerid",
    "ticker": "syminfo.ticker",
    "period": "timeframe.period",
}
