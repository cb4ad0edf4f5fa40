"""The one table of functions: what the checker allows, what the compiler builds, what the docs and the editor show.

A `build` function lays the function's operators into the graph and returns the value's number, or one for each of
several outputs. Names and parameters are those of docs/language.md; where TA-Lib has a function, its value is TA-Lib's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from apps.engine.program.graph import Graph

MAX_LENGTH = 5_000
ParameterKind = Literal["series", "condition", "length", "number"]


@dataclass(frozen=True)
class Parameter:
    """One parameter. `length` is a whole constant, `number` any constant, both within low..high."""

    name: str
    kind: ParameterKind
    low: float = 1
    high: float = MAX_LENGTH
    optional: bool = False


@dataclass(frozen=True)
class Function:
    """One function. `outputs` names the values of a many-valued one; `bare`: written without brackets;
    `most`: how many arguments a function of any number of them takes."""

    name: str
    family: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., Any]
    summary: str
    outputs: tuple[str, ...] = ()
    result: Literal["number", "truth"] = "number"
    bare: bool = False
    most: int = 0

    @property
    def signature(self) -> str:
        """For instance "ema(src, n)", or "vwap"."""
        if self.bare:
            return self.name
        names = ["..." if self.most and i else p.name for i, p in enumerate(self.parameters)]
        return f"{self.name}({', '.join(names)})"


Build = Callable[..., Any]


def _parameter(word: str) -> Parameter:
    """Parameters by their names on the language page."""
    if word in ("src", "a", "b", "x", "y"):
        return Parameter(word, "series")
    if word == "cond":
        return Parameter(word, "condition")
    if word in ("k:factor", "factor"):
        return Parameter(word.split(":")[0], "number", 0, 1_000_000)
    name, _, low = word.partition(":")
    return Parameter(name, "length", int(low or 1))


def _function(
    family: str,
    name: str,
    parameters: str,
    build: Build,
    summary: str,
    outputs: str = "",
    result: str = "number",
) -> Function:
    return Function(
        name,
        family,
        tuple(_parameter(word) for word in parameters.split()),
        build,
        summary,
        tuple(outputs.split()),
        "truth" if result == "truth" else "number",
    )


def _bare(family: str, name: str, build: Build, summary: str) -> Function:
    return Function(name, family, (), build, summary, bare=True)


def _operator(name: str, output: int = 0) -> Build:
    """A function that is one operator: series first, constants after."""

    def build(g: Graph, *arguments: float) -> int:
        inputs = arguments[: len(_inputs_of(name))]
        return g.apply(name, tuple(int(ref) for ref in inputs), tuple(arguments[len(inputs) :]))[output]

    return build


def _inputs_of(name: str) -> str:
    from apps.engine.indicators.operators import OPERATORS

    return OPERATORS[name].inputs


def _ema(g: Graph, x: int, n: int, skip: int = 0) -> int:
    return g.one("ema", (x,), (n, skip))


def _wma(g: Graph, x: int, n: int) -> int:
    return g.one("wma", (x,), (n,))


def _sma(g: Graph, x: int, n: int) -> int:
    return g.one("sma", (x,), (n,))


def _scaled(g: Graph, factor: float, x: int) -> int:
    return g.one("mul", (g.constant(factor), x))


def _hma(g: Graph, x: int, n: int) -> int:
    double = _scaled(g, 2.0, _wma(g, x, n // 2))
    return _wma(g, g.one("sub", (double, _wma(g, x, n))), math.isqrt(n))


def _vwma(g: Graph, x: int, n: int) -> int:
    volume = g.source("volume")
    return g.one("div", (_sma(g, g.one("mul", (x, volume)), n), _sma(g, volume, n)))


def _dema(g: Graph, x: int, n: int) -> int:
    first = _ema(g, x, n)
    return g.one("sub", (_scaled(g, 2.0, first), _ema(g, first, n)))


def _tema(g: Graph, x: int, n: int) -> int:
    first = _ema(g, x, n)
    second = _ema(g, first, n)
    third = _ema(g, second, n)
    return g.one("add", (g.one("sub", (_scaled(g, 3.0, first), _scaled(g, 3.0, second))), third))


def _vwap(g: Graph) -> int:
    return g.one("vwap", (_hlc3(g), g.source("volume"), g.source("day")))


def _hl2(g: Graph) -> int:
    return g.one("div", (g.one("add", (g.source("high"), g.source("low"))), g.constant(2.0)))


def _hlc3(g: Graph) -> int:
    total = g.one("add", (g.one("add", (g.source("high"), g.source("low"))), g.source("close")))
    return g.one("div", (total, g.constant(3.0)))


def _ohlc4(g: Graph) -> int:
    total = g.one("add", (g.one("add", (g.source("open"), g.source("high"))), g.source("low")))
    return g.one("div", (g.one("add", (total, g.source("close"))), g.constant(4.0)))


def _source(name: str) -> Build:
    return lambda g: g.source(name)


def _prices(g: Graph) -> tuple[int, int, int]:
    return g.source("high"), g.source("low"), g.source("close")


def _true_range(g: Graph) -> int:
    return g.one("true_range", _prices(g))


def _atr(g: Graph, n: int) -> int:
    return g.one("atr", _prices(g), (n,))


def _natr(g: Graph, n: int) -> int:
    return g.one("percent_of", (_atr(g, n), g.source("close")))


def _band(g: Graph, middle: int, width: int) -> tuple[int, int, int]:
    return g.one("add", (middle, width)), middle, g.one("sub", (middle, width))


def _bb(g: Graph, x: int, n: int, k: float) -> tuple[int, int, int]:
    return _band(g, _sma(g, x, n), _scaled(g, k, g.one("stdev", (x,), (n,))))


def _kc(g: Graph, x: int, n: int, k: float) -> tuple[int, int, int]:
    return _band(g, _ema(g, x, n), _scaled(g, k, _ema(g, _true_range(g), n)))


def _bbw(g: Graph, x: int, n: int, k: float) -> int:
    upper, middle, lower = _bb(g, x, n, k)
    return _scaled(g, 100.0, g.one("div", (g.one("sub", (upper, lower)), middle)))


def _middle(g: Graph, n: int) -> tuple[int, int, int]:
    """Highest high, the middle of both, lowest low."""
    top = g.one("highest", (g.source("high"),), (n,))
    bottom = g.one("lowest", (g.source("low"),), (n,))
    return top, g.one("div", (g.one("add", (top, bottom)), g.constant(2.0))), bottom


def _macd(g: Graph, x: int, fast: int, slow: int, signal: int) -> tuple[int, int, int]:
    fast, slow = min(fast, slow), max(fast, slow)
    line = g.one("sub", (_ema(g, x, fast, slow - fast), _ema(g, x, slow)))
    average = _ema(g, line, signal)
    return g.one("gate", (line, average)), average, g.one("sub", (line, average))


def _ppo(g: Graph, x: int, fast: int, slow: int) -> int:
    fast, slow = min(fast, slow), max(fast, slow)
    lazy = _ema(g, x, slow)  # unlike MACD, TA-Lib's PPO starts each average where it can
    return g.one("percent_of", (g.one("sub", (_ema(g, x, fast), lazy)), lazy))


def _stoch(g: Graph, n: int, k: int, d: int) -> tuple[int, int]:
    top, _, bottom = _middle(g, n)
    smooth = _sma(g, g.one("stoch", (g.source("close"), bottom, top)), k)
    average = _sma(g, smooth, d)
    return g.one("gate", (smooth, average)), average


def _wpr(g: Graph, n: int) -> int:
    top, _, bottom = _middle(g, n)
    return g.one("williams", (g.source("close"), bottom, top))


def _cci(g: Graph, n: int) -> int:
    return g.one("cci", (_hlc3(g),), (n,))


def _mfi(g: Graph, n: int) -> int:
    return g.one("mfi", (_hlc3(g), g.source("volume")), (n,))


def _roc(g: Graph, x: int, n: int) -> int:
    return g.one("roc", (x, g.history(x, n)))


def _change(g: Graph, x: int, n: int) -> int:
    return g.one("sub", (x, g.history(x, n)))


def _tsi(g: Graph, x: int, short: int, long: int) -> int:
    move = _change(g, x, 1)
    size = g.one("abs", (move,))
    return g.one("div", (_ema(g, _ema(g, move, long), short), _ema(g, _ema(g, size, long), short)))


def _ultosc(g: Graph, a: int, b: int, c: int) -> int:
    close = g.source("close")
    floor = g.one("min", (g.source("low"), g.history(close, 1)))
    pressure = g.one("sub", (close, floor))
    span = _true_range(g)
    short, middle, long = (
        g.one("ratio", (g.one("sum", (pressure,), (n,)), g.one("sum", (span,), (n,))))
        for n in sorted((a, b, c))
    )
    total = g.one("add", (g.one("add", (_scaled(g, 4.0, short), _scaled(g, 2.0, middle))), long))
    return _scaled(g, 100.0, g.one("div", (total, g.constant(7.0))))


def _trix(g: Graph, x: int, n: int) -> int:
    third = _ema(g, _ema(g, _ema(g, x, n), n), n)
    return _roc(g, third, 1)


def _aroon(g: Graph, n: int) -> tuple[int, int]:
    top = g.apply("highest", (g.source("high"),), (n + 1,))[1]
    bottom = g.apply("lowest", (g.source("low"),), (n + 1,))[1]
    length = g.constant(float(n))
    up, down = (_scaled(g, 100.0 / n, g.one("add", (length, bars))) for bars in (top, bottom))
    return up, down


def _awesome(g: Graph) -> int:
    return g.one("sub", (_sma(g, _hl2(g), 5), _sma(g, _hl2(g), 34)))


def _dmi(g: Graph, n: int) -> tuple[int, ...]:
    return g.apply("dmi", _prices(g), (n,))


def _supertrend(g: Graph, factor: float, n: int) -> tuple[int, ...]:
    return g.apply("supertrend", (_hl2(g), g.source("close"), _atr(g, n)), (factor,))


def _sar(g: Graph, start: float, step: float, limit: float) -> int:
    return g.one("sar", (g.source("high"), g.source("low")), (start, step, limit))


def _ichimoku(g: Graph, conversion: int, base: int, span_b: int) -> tuple[int, int, int, int]:
    quick, slow, far = (_middle(g, n)[1] for n in (conversion, base, span_b))
    return quick, slow, g.one("div", (g.one("add", (quick, slow)), g.constant(2.0))), far


def _obv(g: Graph) -> int:
    return g.one("obv", (g.source("close"), g.source("volume")))


def _ad(g: Graph) -> int:
    return g.one("ad", (*_prices(g), g.source("volume")))


def _adosc(g: Graph, fast: int, slow: int) -> int:
    return g.one("adosc", (_ad(g),), (fast, slow))


def _zscore(g: Graph, x: int, n: int) -> int:
    return g.one("div", (g.one("sub", (x, _sma(g, x, n))), g.one("stdev", (x,), (n,))))


def _fold(name: str) -> Build:
    def build(g: Graph, *refs: int) -> int:
        result = refs[0]
        for ref in refs[1:]:
            result = g.one(name, (result, ref))
        return result

    return build


def _avg(g: Graph, *refs: int) -> int:
    return g.one("div", (_fold("add")(g, *refs), g.constant(float(len(refs)))))


def _round(g: Graph, x: int, digits: float = 0) -> int:
    return g.one("round", (x,), (int(digits),))


def _nz(g: Graph, x: int, y: int | None = None) -> int:
    return g.one("nz", (x, g.constant(0.0) if y is None else y))


_TIMES = {
    "bar_index": "the bar's number, the first being 0",
    "hour": "the hour in which the bar opened, 0 to 23, in the instrument's time zone",
    "minute": "the minute at which the bar opened, 0 to 59",
    "day_of_week": "the weekday on which the bar opened: 1 is Sunday, 7 Saturday",
    "day_of_month": "the day of the month on which the bar opened, 1 to 31",
    "month": "the month in which the bar opened, 1 to 12",
    "year": "the year in which the bar opened",
}

_SPEED = (
    Parameter("start", "number", 0, 10),
    Parameter("step", "number", 0, 10),
    Parameter("limit", "number", 0, 10),
)
_ALMA = (
    Parameter("src", "series"),
    Parameter("n", "length"),
    Parameter("offset", "number", 0, 1),
    Parameter("sigma", "number", 0.001, 1_000_000),
)

_ROWS: list[Function] = [
    *(
        _bare("bar", name, _source(name), f"the bar's {name}")
        for name in ("open", "high", "low", "close", "volume")
    ),
    _bare("bar", "hl2", _hl2, "(high + low) / 2"),
    _bare("bar", "hlc3", _hlc3, "(high + low + close) / 3"),
    _bare("bar", "ohlc4", _ohlc4, "(open + high + low + close) / 4"),
    *(_bare("bar", name, _source(name), summary) for name, summary in _TIMES.items()),
    # averages
    _function("averages", "sma", "src n", _operator("sma"), "mean of the last n values"),
    _function(
        "averages", "ema", "src n", _ema, "exponential average, seeded with the mean of its first n values"
    ),
    _function("averages", "rma", "src n", _operator("rma"), "Wilder's average"),
    _function(
        "averages", "wma", "src n", _operator("wma"), "mean in which newer values weigh more, linearly"
    ),
    _function("averages", "hma", "src n:2", _hma, "Hull's average"),
    _function("averages", "vwma", "src n", _vwma, "mean weighted by volume; na where no volume was traded"),
    _function("averages", "dema", "src n", _dema, "double exponential average"),
    _function("averages", "tema", "src n", _tema, "triple exponential average"),
    _function("averages", "kama", "src n", _operator("kama"), "Kaufman's adaptive average"),
    Function("alma", "averages", _ALMA, _operator("alma"), "Arnaud Legoux' average"),
    _function(
        "averages", "linreg", "src n:2", _operator("linreg"), "end of the least-squares line over n values"
    ),
    _bare("averages", "vwap", _vwap, "volume-weighted mean of hlc3 since the day began"),
    # spread and range
    _function("spread", "stdev", "src n", _operator("stdev"), "population standard deviation"),
    _function("spread", "variance", "src n", _operator("variance"), "population variance"),
    _bare("spread", "tr", _true_range, "true range; na on the first bar"),
    _function("spread", "atr", "n", _atr, "Wilder's average of the true range"),
    _function("spread", "natr", "n", _natr, "atr in percent of the close"),
    _function(
        "spread", "bb", "src n k:factor", _bb, "Bollinger bands: mean and k deviations", "upper middle lower"
    ),
    _function(
        "spread",
        "kc",
        "src n k:factor",
        _kc,
        "Keltner channel: ema and k emas of the range",
        "upper middle lower",
    ),
    _function(
        "spread", "donchian", "n", _middle, "highest high, lowest low and their middle", "upper middle lower"
    ),
    _function(
        "spread", "bbw", "src n k:factor", _bbw, "width of the Bollinger bands in percent of the middle"
    ),
    _function("spread", "highest", "src n", _operator("highest"), "highest of the last n values"),
    _function("spread", "lowest", "src n", _operator("lowest"), "lowest of the last n values"),
    _function(
        "spread", "highestbars", "src n", _operator("highest", 1), "bars to the highest: 0, -1, -2 ..."
    ),
    _function("spread", "lowestbars", "src n", _operator("lowest", 1), "bars to the lowest: 0, -1, -2 ..."),
    _function("spread", "median", "src n", _operator("median"), "middle of the last n values"),
    _function(
        "spread",
        "percentrank",
        "src n",
        _operator("percentrank"),
        "percent of the n values before not above src",
    ),
    # momentum
    _function("momentum", "rsi", "src n", _operator("rsi"), "relative strength index, 0 to 100"),
    _function(
        "momentum",
        "macd",
        "src fast slow signal",
        _macd,
        "difference of two emas, and its ema",
        "macd signal hist",
    ),
    _function("momentum", "ppo", "src fast slow", _ppo, "difference of two emas in percent of the slow one"),
    _function("momentum", "stoch", "n k d", _stoch, "stochastic oscillator, smoothed by k, then by d", "k d"),
    _function("momentum", "cci", "n", _cci, "commodity channel index"),
    _function("momentum", "cmo", "src n", _operator("cmo"), "Chande's momentum oscillator, -100 to 100"),
    _function("momentum", "mfi", "n", _mfi, "money flow index, 0 to 100"),
    _function("momentum", "wpr", "n", _wpr, "Williams' percent range, -100 to 0"),
    _function("momentum", "roc", "src n", _roc, "change over n bars in percent"),
    _function("momentum", "mom", "src n", _change, "change over n bars"),
    _function("momentum", "change", "src n", _change, "change over n bars"),
    _function("momentum", "tsi", "src short long", _tsi, "true strength index, -1 to 1"),
    _function("momentum", "ultosc", "a:1 b:1 c:1", _ultosc, "ultimate oscillator, 0 to 100"),
    _function("momentum", "trix", "src n", _trix, "change of a triple ema in percent"),
    _function(
        "momentum", "aroon", "n", _aroon, "how lately the highest and lowest of n bars were", "up down"
    ),
    _bare("momentum", "awesome", _awesome, "sma(hl2, 5) - sma(hl2, 34)"),
    # trend
    _function("trend", "adx", "n", lambda g, n: _dmi(g, n)[2], "average directional index, 0 to 100"),
    _function("trend", "dmi", "n", _dmi, "directional movement", "plus minus adx"),
    _function(
        "trend",
        "supertrend",
        "factor n",
        _supertrend,
        "supertrend; direction 1 up, -1 down",
        "line direction",
    ),
    Function("sar", "trend", _SPEED, _sar, "parabolic stop and reverse"),
    _function(
        "trend",
        "ichimoku",
        "conversion base span_b",
        _ichimoku,
        "Ichimoku's lines, not displaced",
        "conversion base span_a span_b",
    ),
    _function("trend", "slope", "src n:2", _operator("linreg", 1), "slope per bar of the least-squares line"),
    # volume
    _bare("volume", "obv", _obv, "on-balance volume"),
    _bare("volume", "ad", _ad, "accumulation/distribution line"),
    _function("volume", "adosc", "fast slow", _adosc, "Chaikin's oscillator"),
    _function("volume", "cum", "src", _operator("cum"), "sum of all values so far"),
    # events
    _function(
        "events", "crossover", "a b", _operator("crossover"), "a has just risen above b", result="truth"
    ),
    _function(
        "events", "crossunder", "a b", _operator("crossunder"), "a has just fallen below b", result="truth"
    ),
    _function(
        "events", "cross", "a b", _operator("cross"), "a has just crossed b, either way", result="truth"
    ),
    _function(
        "events",
        "rising",
        "src n",
        _operator("rising"),
        "src is above each of the n values before",
        result="truth",
    ),
    _function(
        "events",
        "falling",
        "src n",
        _operator("falling"),
        "src is below each of the n values before",
        result="truth",
    ),
    _function("events", "barssince", "cond", _operator("barssince"), "bars since cond last held; na before"),
    _function(
        "events",
        "valuewhen",
        "cond src k:0",
        _operator("valuewhen"),
        "src when cond held, k times before the last",
    ),
    _function(
        "events", "pivothigh", "src left:0 right:0", _operator("pivothigh"), "a top, reported once confirmed"
    ),
    _function(
        "events", "pivotlow", "src left:0 right:0", _operator("pivotlow"), "a bottom, reported once confirmed"
    ),
    # statistics
    _function(
        "statistics", "correlation", "a b n", _operator("correlation"), "Pearson's correlation over n bars"
    ),
    _function("statistics", "zscore", "src n", _zscore, "distance from the mean in standard deviations"),
    # arithmetic
    _function("arithmetic", "abs", "x", _operator("abs"), "x without its sign"),
    Function(
        "min",
        "arithmetic",
        (_parameter("x"), _parameter("y")),
        _fold("min"),
        "the smallest; na if any is",
        most=64,
    ),
    Function(
        "max",
        "arithmetic",
        (_parameter("x"), _parameter("y")),
        _fold("max"),
        "the largest; na if any is",
        most=64,
    ),
    Function(
        "round",
        "arithmetic",
        (_parameter("x"), Parameter("digits", "length", -12, 12, optional=True)),
        _round,
        "the nearest whole number (or with `digits` decimals); halves go up",
    ),
    _function("arithmetic", "floor", "x", _operator("floor"), "the next whole number below"),
    _function("arithmetic", "ceil", "x", _operator("ceil"), "the next whole number above"),
    _function("arithmetic", "sqrt", "x", _operator("sqrt"), "square root; na below 0"),
    _function("arithmetic", "log", "x", _operator("log"), "natural logarithm; na unless above 0"),
    _function("arithmetic", "exp", "x", _operator("exp"), "e to the power of x"),
    _function("arithmetic", "pow", "x y", _operator("pow"), "x to the power of y"),
    _function("arithmetic", "sign", "x", _operator("sign"), "1, 0 or -1"),
    Function(
        "avg", "arithmetic", (_parameter("x"), _parameter("y")), _avg, "the mean of its arguments", most=64
    ),
    Function(
        "nz",
        "arithmetic",
        (_parameter("x"), Parameter("y", "series", optional=True)),
        _nz,
        "x, or y (0 if not given) where x is na",
    ),
    _function("arithmetic", "na", "x", _operator("is_na"), "x is missing", result="truth"),
    _function("arithmetic", "fixnan", "x", _operator("fixnan"), "x, or its last known value where it is na"),
]

FUNCTIONS: dict[str, Function] = {function.name: function for function in _ROWS}
TIMEFRAME_FUNCTION = "tf"
KEEPS_PERCENT = frozenset(["abs", "min", "max", "avg", "round", "floor", "ceil", "nz", "fixnan"])
BUILT_IN_NAMES = frozenset(FUNCTIONS) | {TIMEFRAME_FUNCTION}
