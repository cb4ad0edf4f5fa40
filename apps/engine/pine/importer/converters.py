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
from apps.engine.said import said

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
            raise Cannot(said("its argument `{key}` is missing", key=key))
        return self.to_number(self.values[key])

    def condition(self, key: str) -> Expr:
        if key not in self.values:
            raise Cannot(said("its argument `{key}` is missing", key=key))
        return self.to_truth(self.values[key])

    def length(self, key: str, default: int | None = None) -> Expr:
        """A whole number. Pine drops the fraction of a length; a formula must say so."""
        if key not in self.values:
            if default is not None:
                return number(default)
            raise Cannot(said("its argument `{key}` is missing", key=key))
        value = self.values[key]
        expr = self.to_number(value)
        if not value.integer and not isinstance(expr, tree.Number | tree.Name):
            return call("floor", expr)
        return expr


Converter = Callable[[Arguments], Value]


def as_value(expr: Expr, integer: bool = False) -> Value:
    return Value("number", expr, integer=integer)


def _truth(expr: Expr) -> Value:
    return Value("truth", expr)


def _is(expr: Expr, word: str) -> bool:
    return isinstance(expr, tree.Name) and expr.name == word


def as_plain(function: str, note: str = "") -> Converter:
    """function(source, length)"""

    def convert(given: Arguments) -> Value:
        if note:
            given.note(note)
        return as_value(call(function, given.series("source"), given.length("length")))

    return convert


def as_one(function: str, integer: bool = False) -> Converter:
    return lambda given: as_value(call(function, given.series("number")), integer)


def as_cross(function: str) -> Converter:
    return lambda given: _truth(call(function, given.series("source1"), given.series("source2")))


def as_extreme(function: str, default: str) -> Converter:
    """highest(length) takes the high, highest(source, length) its source."""

    def convert(given: Arguments) -> Value:
        if given.has("length"):
            source = given.series("source", default)
            return as_value(call(function, source, given.length("length")))
        return as_value(call(function, name(default), given.length("source")))

    return convert


def as_pivot(function: str, default: str) -> Converter:
    def convert(given: Arguments) -> Value:
        if given.has("rightbars"):
            source = given.series("source", default)
            sides = given.length("leftbars"), given.length("rightbars")
        else:
            source = name(default)
            sides = given.length("source"), given.length("leftbars")
        return as_value(call(function, source, *sides))

    return convert


def as_spread(function: str) -> Converter:
    """stdev and variance, of the population unless `biased` is false."""

    def convert(given: Arguments) -> Value:
        length = given.length("length")
        result: Expr = call(function, given.series("source"), length)
        if given.has("biased"):
            biased = given.condition("biased")
            if not isinstance(biased, tree.Truth):
                raise Cannot(said("`biased` of {function} must be true or false here", function=function))
            if not biased.value:
                ratio = binary("/", length, binary("-", length, number(1)))
                ratio.brackets = int(function == "variance")
                result = binary("*", result, call("sqrt", ratio) if function == "stdev" else ratio)
        return as_value(result)

    return convert


def as_atr(given: Arguments) -> Value:
    given.note(
        said(
            "atr is TA-Lib's: it starts one bar later than Pine's, so the first values differ and then converge"
        )
    )
    return as_value(call("atr", given.length("length")))


def as_tr(given: Arguments) -> Value:
    if given.has("handle_na") and not isinstance(given.condition("handle_na"), tree.Truth):
        raise Cannot(said("`handle_na` of ta.tr must be true or false here"))
    handles = given.has("handle_na") and bool(getattr(given.condition("handle_na"), "value", False))
    bare = name("tr")
    return as_value(call("nz", bare, binary("-", name("high"), name("low"))) if handles else bare)


def as_change(given: Arguments) -> Value:
    source = given.values.get("source")
    length = given.length("length", 1)
    if source is not None and source.kind == "truth" and source.expr is not None:
        return _truth(binary("!=", source.expr, past(source.expr, length)))
    return as_value(call("change", given.series("source"), length))


def as_macd(given: Arguments) -> Value:
    given.note(
        said(
            "macd is TA-Lib's: its fast average starts where the slow one does, so the first values differ a little"
        )
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
    return Value("tuple", items=tuple(as_value(field_of(made, output)) for output in outputs))


def as_bb(given: Arguments) -> Value:
    made = call("bb", given.series("series"), given.length("length"), given.series("mult"))
    return _many(made, "middle", "upper", "lower")


def as_bbw(given: Arguments) -> Value:
    given.note(said("bbw is in percent of the middle band; in older versions of Pine it is a fraction"))
    return as_value(call("bbw", given.series("series"), given.length("length"), given.series("mult")))


def as_kc(given: Arguments) -> Value:
    source, length, width = given.series("series"), given.length("length"), given.series("mult")
    if given.has("useTrueRange"):
        true_range = given.condition("useTrueRange")
        if not isinstance(true_range, tree.Truth):
            raise Cannot(said("`useTrueRange` of ta.kc must be true or false here"))
        if not true_range.value:
            span = binary("*", width, call("ema", binary("-", name("high"), name("low")), length))
            middle = call("ema", source, length)
            return Value(
                "tuple",
                items=(
                    as_value(middle),
                    as_value(binary("+", middle, span)),
                    as_value(binary("-", middle, span)),
                ),
            )
    return _many(call("kc", source, length, width), "middle", "upper", "lower")


def as_kcw(given: Arguments) -> Value:
    middle, upper, lower = (item.expr for item in as_kc(given).items)
    assert middle is not None
    assert upper is not None
    assert lower is not None
    width = binary("-", upper, lower)
    width.brackets = 1
    return as_value(binary("/", width, middle))


def as_supertrend(given: Arguments) -> Value:
    given.note(
        said(
            "Pine's direction is -1 in an uptrend, the formula's 1; its atr starts one bar later than Pine's"
        )
    )
    made = call("supertrend", given.series("factor"), given.length("atrPeriod"))
    return Value(
        "tuple", items=(as_value(field_of(made, "line")), as_value(negative(field_of(made, "direction"))))
    )


def as_dmi(given: Arguments) -> Value:
    length, smoothing = given.length("diLength"), given.length("adxSmoothing")
    made = call("dmi", length)
    plus, minus, adx = field_of(made, "plus"), field_of(made, "minus"), field_of(made, "adx")
    given.note(said("dmi is TA-Lib's: its first values differ from Pine's and then converge"))
    if same(length, smoothing):
        return Value("tuple", items=(as_value(plus), as_value(minus), as_value(adx)))
    total = binary("+", plus, minus)
    share = binary(
        "/", call("abs", binary("-", plus, minus)), choose(binary("==", total, number(0)), number(1), total)
    )
    own = binary("*", number(100), call("rma", share, smoothing))
    return Value("tuple", items=(as_value(plus), as_value(minus), as_value(own)))


def as_stoch(given: Arguments) -> Value:
    source, high, low = given.series("source"), given.series("high"), given.series("low")
    length = given.length("length")
    if _is(source, "close") and _is(high, "high") and _is(low, "low"):
        return as_value(field_of(call("stoch", length, number(1), number(1)), "k"))
    bottom = call("lowest", low, length)
    above, span = binary("-", source, bottom), binary("-", call("highest", high, length), bottom)
    above.brackets = span.brackets = 1
    return as_value(binary("/", binary("*", number(100), above), span))


def as_typical(function: str, pine: str) -> Converter:
    """cci and mfi: the formula's are of hlc3."""

    def convert(given: Arguments) -> Value:
        if not _is(given.series("source"), "hlc3"):
            given.inexact(
                said(
                    "`{function}` of a formula is of hlc3; {pine} here is of another series",
                    function=function,
                    pine=pine,
                )
            )
        return as_value(call(function, given.length("length")))

    return convert


def as_cmo(given: Arguments) -> Value:
    given.note(said("cmo is written out, since TA-Lib's smooths and Pine's does not"))
    source, length = given.series("series"), given.length("length")
    move = call("change", source, number(1))
    share = binary("/", call("sma", move, length), call("sma", call("abs", move), length))
    return as_value(binary("*", number(100), share))


def as_linreg(given: Arguments) -> Value:
    source, length = given.series("source"), given.length("length")
    line = call("linreg", source, length)
    offset = given.length("offset", 0)
    if isinstance(offset, tree.Number) and offset.value == 0:
        return as_value(line)
    return as_value(binary("-", line, binary("*", offset, call("slope", source, length))))


def as_alma(given: Arguments) -> Value:
    if given.has("floor"):
        given.inexact(said("`floor` of ta.alma has no counterpart"))
    arguments = (
        given.series("series"),
        given.length("length"),
        given.series("offset"),
        given.series("sigma"),
    )
    return as_value(call("alma", *arguments))


def as_swma(given: Arguments) -> Value:
    source = given.series("source")
    middle = binary("*", binary("+", past(source, 1), past(source, 2)), number(2))
    middle.left.brackets = 1
    total = binary("+", binary("+", past(source, 3), middle), source)
    total.brackets = 1
    return as_value(binary("/", total, number(6)))


def as_sum(given: Arguments) -> Value:
    length = given.length("length")
    return as_value(binary("*", call("sma", given.series("source"), length), length))


def as_range(given: Arguments) -> Value:
    source, length = given.series("source"), given.length("length")
    return as_value(binary("-", call("highest", source, length), call("lowest", source, length)))


def as_vwap(given: Arguments) -> Value:
    if not _is(given.series("source", "hlc3"), "hlc3") or given.has("anchor"):
        given.inexact(said("`vwap` of a formula is of hlc3 and starts anew each day"))
    return as_value(name("vwap"))


def as_sar(given: Arguments) -> Value:
    return as_value(call("sar", given.series("start"), given.series("inc"), given.series("max")))


def as_valuewhen(given: Arguments) -> Value:
    arguments = given.condition("condition"), given.series("source"), given.length("occurrence", 0)
    return as_value(call("valuewhen", *arguments))


def as_trend(function: str) -> Converter:
    return lambda given: _truth(call(function, given.series("source"), given.length("length")))


def as_nz(given: Arguments) -> Value:
    source = given.values.get("source", NA)
    if source.kind == "truth":  # true/false is never na here
        return source
    expr = given.series("source")
    if not given.has("replacement"):
        return as_value(call("nz", expr), source.integer)
    return as_value(call("nz", expr, given.series("replacement")), source.integer)


def as_na(given: Arguments) -> Value:
    source = given.values.get("source", NA)
    if source.kind == "truth":
        given.note(said("true/false is never na in a formula"))
        return _truth(tree.Truth(0, 0, False))
    return _truth(call("na", given.series("source")))


def as_iff(given: Arguments) -> Value:
    then, otherwise = given.values.get("then", NA), given.values.get("_else", NA)
    condition = given.condition("condition")
    if "truth" in (then.kind, otherwise.kind):
        return _truth(choose(condition, given.to_truth(then), given.to_truth(otherwise)))
    return as_value(choose(condition, given.to_number(then), given.to_number(otherwise)))


def as_round(given: Arguments) -> Value:
    if given.has("precision"):
        return as_value(call("round", given.series("number"), given.length("precision")))
    return as_value(call("round", given.series("number")), True)


def as_log10(given: Arguments) -> Value:
    return as_value(binary("/", call("log", given.series("number")), call("log", number(10))))


def as_pow(given: Arguments) -> Value:
    return as_value(call("pow", given.series("base"), given.series("exponent")))


def as_to_tick(given: Arguments) -> Value:
    given.note(said("the rounding to ticks is left out: prices are rounded where orders are made"))
    return as_value(given.series("number"))


def as_int(given: Arguments) -> Value:
    source = given.values.get("x", NA)
    if source.kind == "na" or source.integer:
        return source
    expr = given.series("x")
    if isinstance(expr, tree.Number):
        return as_value(number(float(int(expr.value))), True)
    return as_value(choose(binary(">=", expr, number(0)), call("floor", expr), call("ceil", expr)), True)


def as_float(given: Arguments) -> Value:
    source = given.values.get("x", NA)
    return source if source.kind == "na" else as_value(given.series("x"))


def as_bool(given: Arguments) -> Value:
    return _truth(given.condition("x"))


def as_clock(word: str) -> Converter:
    def convert(given: Arguments) -> Value:
        raise Cannot(
            said(
                "{word} of another time or zone: a formula reads `{word}` in the instrument's zone", word=word
            )
        )

    return convert
