"""For every function of the language: expressions that use it, and what they are by its source.

`slow(bars, n)` reads the source plainly, for any length, with the contract's rules on na; `talib(bars, n)` is TA-Lib's
own value where it has the function, for lengths it allows and bars without na.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import talib

from apps.engine.bars import Bars
from tests.engine.indicators.primitives import (
    NA,
    Column,
    ad,
    adosc,
    alma,
    atr,
    bars_since,
    bars_since_highest,
    cci,
    cmo,
    correlation,
    divided,
    dmi,
    ema,
    fixed,
    gated,
    highest,
    history,
    kama,
    line,
    lowest,
    mfi,
    obv,
    pivot,
    rma,
    rsi,
    sar,
    skipping_ema,
    sma,
    smooth,
    stdev,
    supertrend,
    total,
    true_range,
    valuewhen,
    vwap,
    windows,
    wma,
)

SMA = talib.MA_Type.SMA
Reference = Callable[[Bars, int], Column]


@dataclass(frozen=True)
class Case:
    """An expression with {n} for the length, its value, TA-Lib's, and the lengths that can be tried."""

    expression: str
    slow: Reference
    talib: Reference | None = None
    least: int = 1
    talib_least: int = 2

    @property
    def has_length(self) -> bool:
        return "{n}" in self.expression


def hl2(b: Bars) -> Column:
    return (b.high + b.low) / 2


def hlc3(b: Bars) -> Column:
    return (b.high + b.low + b.close) / 3


def middle(b: Bars, n: int) -> Column:
    return (highest(b.high, n) + lowest(b.low, n)) / 2


def truth(column: Column) -> Column:
    return column.astype(float)


def crossed(a: Column, b: Column) -> Column:
    return (history(a, 1) <= history(b, 1)) & (a > b)


def macd(x: Column, fast: int, slow: int, signal: int) -> tuple[Column, Column, Column]:
    difference = skipping_ema(x, fast, slow - fast) - ema(x, slow)
    average = ema(difference, signal)
    return gated(difference, average), average, difference - average


def stoch(b: Bars, n: int, k: int, d: int) -> tuple[Column, Column]:
    top, bottom = highest(b.high, n), lowest(b.low, n)
    quick = sma(divided(100 * (b.close - bottom), top - bottom, 0.0), k)
    slow = sma(quick, d)
    return gated(quick, slow), slow


def ultosc(b: Bars, *lengths: int) -> Column:
    pressure = b.close - np.where(
        np.isnan(b.low + history(b.close, 1)), NA, np.minimum(b.low, history(b.close, 1))
    )
    spans = true_range(b.high, b.low, b.close)
    short, medium, long = (divided(total(pressure, n), total(spans, n), 0.0) for n in sorted(lengths))
    return 100 * (4 * short + 2 * medium + long) / 7


def tsi(x: Column, short: int, long: int) -> Column:
    move = x - history(x, 1)
    return divided(ema(ema(move, long), short), ema(ema(abs(move), long), short))


def percent(part: Column, whole: Column) -> Column:
    return divided(100 * part, whole, 0.0)


def hma(x: Column, n: int) -> Column:
    return wma(2 * wma(x, n // 2) - wma(x, n), math.isqrt(n))


def each(f: Callable[..., float], *columns: Column) -> Column:
    """f of each bar's values; na where one is na or f is not defined."""
    out = np.full(len(columns[0]), NA)
    for i, values in enumerate(zip(*columns, strict=True)):
        if not any(math.isnan(v) for v in values):
            try:
                out[i] = f(*map(float, values))
            except (ValueError, OverflowError, ZeroDivisionError):
                out[i] = NA
    return out


def moment(b: Bars, f: Callable[[datetime], int]) -> Column:
    return np.array([float(f(datetime.fromtimestamp(t / 1000, UTC))) for t in b.time])


def column(name: str) -> Reference:
    return lambda b, n: getattr(b, name)


def clock(f: Callable[[datetime], int]) -> Reference:
    return lambda b, n: moment(b, f)


def macd_case(k: int, name: str) -> Case:
    return Case(
        f"macd(close, 12, 26, {{n}}).{name}",
        lambda b, n: macd(b.close, 12, 26, n)[k],
        lambda b, n: talib.MACD(b.close, 12, 26, n)[k],
        talib_least=1,
    )


CASES: dict[str, list[Case]] = {
    **{name: [Case(name, column(name))] for name in ("open", "high", "low", "close", "volume")},
    "hl2": [Case("hl2", lambda b, n: hl2(b), lambda b, n: talib.MEDPRICE(b.high, b.low))],
    "hlc3": [Case("hlc3", lambda b, n: hlc3(b), lambda b, n: talib.TYPPRICE(b.high, b.low, b.close))],
    "ohlc4": [
        Case(
            "ohlc4",
            lambda b, n: (b.open + b.high + b.low + b.close) / 4,
            lambda b, n: talib.AVGPRICE(b.open, b.high, b.low, b.close),
        )
    ],
    "bar_index": [Case("bar_index", lambda b, n: np.arange(len(b), dtype=float))],
    "hour": [Case("hour", clock(lambda t: t.hour))],
    "minute": [Case("minute", clock(lambda t: t.minute))],
    "day_of_week": [Case("day_of_week", clock(lambda t: t.isoweekday() % 7 + 1))],
    "day_of_month": [Case("day_of_month", clock(lambda t: t.day))],
    "month": [Case("month", clock(lambda t: t.month))],
    "year": [Case("year", clock(lambda t: t.year))],
    # averages
    "sma": [Case("sma(close, {n})", lambda b, n: sma(b.close, n), lambda b, n: talib.SMA(b.close, n))],
    "ema": [
        Case("ema(close, {n})", lambda b, n: ema(b.close, n), lambda b, n: talib.EMA(b.close, n)),
        Case(
            "ema(ema(close, {n}), {n})",
            lambda b, n: ema(ema(b.close, n), n),
            lambda b, n: talib.EMA(talib.EMA(b.close, n), n),
        ),
    ],
    "rma": [Case("rma(close, {n})", lambda b, n: rma(b.close, n))],
    "wma": [Case("wma(close, {n})", lambda b, n: wma(b.close, n), lambda b, n: talib.WMA(b.close, n))],
    "hma": [Case("hma(close, {n})", lambda b, n: hma(b.close, n), least=2)],
    "vwma": [
        Case(
            "vwma(close, {n})",
            lambda b, n: divided(total(b.close * b.volume, n), total(b.volume, n)),
        )
    ],
    "dema": [
        Case(
            "dema(close, {n})",
            lambda b, n: 2 * ema(b.close, n) - ema(ema(b.close, n), n),
            lambda b, n: talib.DEMA(b.close, n),
        )
    ],
    "tema": [
        Case(
            "tema(close, {n})",
            lambda b, n: 3 * ema(b.close, n) - 3 * ema(ema(b.close, n), n) + ema(ema(ema(b.close, n), n), n),
            lambda b, n: talib.TEMA(b.close, n),
        )
    ],
    "kama": [Case("kama(close, {n})", lambda b, n: kama(b.close, n), lambda b, n: talib.KAMA(b.close, n))],
    "alma": [
        Case("alma(close, {n}, 0.85, 6)", lambda b, n: alma(b.close, n, 0.85, 6)),
        Case("alma(close, {n}, 0, 0.5)", lambda b, n: alma(b.close, n, 0, 0.5)),
    ],
    "linreg": [
        Case(
            "linreg(close, {n})",
            lambda b, n: line(b.close, n)[0],
            lambda b, n: talib.LINEARREG(b.close, n),
            least=2,
        )
    ],
    "vwap": [Case("vwap", lambda b, n: vwap(hlc3(b), b.volume, b.time // 86_400_000))],
    # spread and range
    "stdev": [
        Case("stdev(close, {n})", lambda b, n: stdev(b.close, n), lambda b, n: talib.STDDEV(b.close, n))
    ],
    "variance": [
        Case("variance(close, {n})", lambda b, n: stdev(b.close, n) ** 2, lambda b, n: talib.VAR(b.close, n))
    ],
    "tr": [
        Case(
            "tr",
            lambda b, n: true_range(b.high, b.low, b.close),
            lambda b, n: talib.TRANGE(b.high, b.low, b.close),
        )
    ],
    "atr": [
        Case(
            "atr({n})",
            lambda b, n: atr(b.high, b.low, b.close, n),
            lambda b, n: talib.ATR(b.high, b.low, b.close, n),
            talib_least=1,
        )
    ],
    "natr": [
        Case(
            "natr({n})",
            lambda b, n: percent(atr(b.high, b.low, b.close, n), b.close),
            lambda b, n: talib.NATR(b.high, b.low, b.close, n),
        )
    ],
    "bb": [
        Case(
            "bb(close, {n}, 2).upper",
            lambda b, n: sma(b.close, n) + 2 * stdev(b.close, n),
            lambda b, n: talib.BBANDS(b.close, n, 2, 2)[0],
        ),
        Case(
            "bb(close, {n}, 2).middle",
            lambda b, n: sma(b.close, n),
            lambda b, n: talib.BBANDS(b.close, n, 2, 2)[1],
        ),
        Case(
            "bb(close, {n}, 2.5).lower",
            lambda b, n: sma(b.close, n) - 2.5 * stdev(b.close, n),
            lambda b, n: talib.BBANDS(b.close, n, 2.5, 2.5)[2],
        ),
    ],
    "kc": [
        Case(
            "kc(close, {n}, 1.5).upper",
            lambda b, n: ema(b.close, n) + 1.5 * ema(true_range(b.high, b.low, b.close), n),
        ),
        Case("kc(close, {n}, 1.5).middle", lambda b, n: ema(b.close, n)),
        Case(
            "kc(close, {n}, 1.5).lower",
            lambda b, n: ema(b.close, n) - 1.5 * ema(true_range(b.high, b.low, b.close), n),
        ),
    ],
    "donchian": [
        Case("donchian({n}).upper", lambda b, n: highest(b.high, n)),
        Case("donchian({n}).middle", middle),
        Case("donchian({n}).lower", lambda b, n: lowest(b.low, n)),
    ],
    "bbw": [Case("bbw(close, {n}, 2)", lambda b, n: divided(100 * 4 * stdev(b.close, n), sma(b.close, n)))],
    "highest": [
        Case("highest(high, {n})", lambda b, n: highest(b.high, n), lambda b, n: talib.MAX(b.high, n))
    ],
    "lowest": [Case("lowest(low, {n})", lambda b, n: lowest(b.low, n), lambda b, n: talib.MIN(b.low, n))],
    "highestbars": [Case("highestbars(high, {n})", lambda b, n: -bars_since_highest(b.high, n))],
    "lowestbars": [Case("lowestbars(low, {n})", lambda b, n: -bars_since_highest(-b.low, n))],
    "median": [Case("median(close, {n})", lambda b, n: windows(lambda w: np.median(w, axis=1), n, b.close))],
    "percentrank": [
        Case(
            "percentrank(close, {n})",
            lambda b, n: windows(lambda w: 100 * (w[:, :-1] <= w[:, -1:]).sum(axis=1) / n, n + 1, b.close),
        )
    ],
    # momentum
    "rsi": [Case("rsi(close, {n})", lambda b, n: rsi(b.close, n), lambda b, n: talib.RSI(b.close, n))],
    "macd": [macd_case(k, name) for k, name in enumerate(("macd", "signal", "hist"))],
    "ppo": [
        Case(
            "ppo(close, {n}, 26)",
            lambda b, n: percent(
                ema(b.close, min(n, 26)) - ema(b.close, max(n, 26)), ema(b.close, max(n, 26))
            ),
            lambda b, n: talib.PPO(b.close, n, 26, talib.MA_Type.EMA),
        )
    ],
    "stoch": [
        Case(
            "stoch({n}, 3, 4).k",
            lambda b, n: stoch(b, n, 3, 4)[0],
            lambda b, n: talib.STOCH(b.high, b.low, b.close, n, 3, SMA, 4, SMA)[0],
            talib_least=1,
        ),
        Case(
            "stoch(5, {n}, 3).d",
            lambda b, n: stoch(b, 5, n, 3)[1],
            lambda b, n: talib.STOCH(b.high, b.low, b.close, 5, n, SMA, 3, SMA)[1],
            talib_least=1,
        ),
    ],
    "cci": [
        Case("cci({n})", lambda b, n: cci(hlc3(b), n), lambda b, n: talib.CCI(b.high, b.low, b.close, n))
    ],
    "cmo": [Case("cmo(close, {n})", lambda b, n: cmo(b.close, n), lambda b, n: talib.CMO(b.close, n))],
    "mfi": [
        Case(
            "mfi({n})",
            lambda b, n: mfi(hlc3(b), b.volume, n),
            lambda b, n: talib.MFI(b.high, b.low, b.close, b.volume, n),
        )
    ],
    "wpr": [
        Case(
            "wpr({n})",
            lambda b, n: divided(
                -100 * (highest(b.high, n) - b.close), highest(b.high, n) - lowest(b.low, n), 0.0
            ),
            lambda b, n: talib.WILLR(b.high, b.low, b.close, n),
        )
    ],
    "roc": [
        Case(
            "roc(close, {n})",
            lambda b, n: percent(b.close - history(b.close, n), history(b.close, n)),
            lambda b, n: talib.ROC(b.close, n),
            talib_least=1,
        )
    ],
    "mom": [
        Case(
            "mom(close, {n})",
            lambda b, n: b.close - history(b.close, n),
            lambda b, n: talib.MOM(b.close, n),
            talib_least=1,
        )
    ],
    "change": [Case("change(close, {n})", lambda b, n: b.close - history(b.close, n))],
    "tsi": [Case("tsi(close, {n}, 25)", lambda b, n: tsi(b.close, n, 25))],
    "ultosc": [
        Case(
            "ultosc({n}, 14, 9)",
            lambda b, n: ultosc(b, n, 14, 9),
            lambda b, n: talib.ULTOSC(b.high, b.low, b.close, n, 14, 9),
            talib_least=1,
        )
    ],
    "trix": [
        Case(
            "trix(close, {n})",
            lambda b, n: percent(
                ema(ema(ema(b.close, n), n), n) - history(ema(ema(ema(b.close, n), n), n), 1),
                history(ema(ema(ema(b.close, n), n), n), 1),
            ),
            lambda b, n: talib.TRIX(b.close, n),
            talib_least=1,
        )
    ],
    "aroon": [
        Case(
            "aroon({n}).up",
            lambda b, n: 100 * (n - bars_since_highest(b.high, n + 1)) / n,
            lambda b, n: talib.AROON(b.high, b.low, n)[1],
        ),
        Case(
            "aroon({n}).down",
            lambda b, n: 100 * (n - bars_since_highest(-b.low, n + 1)) / n,
            lambda b, n: talib.AROON(b.high, b.low, n)[0],
        ),
    ],
    "awesome": [Case("awesome", lambda b, n: sma(hl2(b), 5) - sma(hl2(b), 34))],
    # trend
    "adx": [
        Case(
            "adx({n})",
            lambda b, n: dmi(b.high, b.low, b.close, n)[2],
            lambda b, n: talib.ADX(b.high, b.low, b.close, n),
        )
    ],
    "dmi": [
        Case(
            "dmi({n}).plus",
            lambda b, n: dmi(b.high, b.low, b.close, n)[0],
            lambda b, n: talib.PLUS_DI(b.high, b.low, b.close, n),
        ),
        Case(
            "dmi({n}).minus",
            lambda b, n: dmi(b.high, b.low, b.close, n)[1],
            lambda b, n: talib.MINUS_DI(b.high, b.low, b.close, n),
        ),
        Case(
            "dmi({n}).adx",
            lambda b, n: dmi(b.high, b.low, b.close, n)[2],
            lambda b, n: talib.ADX(b.high, b.low, b.close, n),
        ),
    ],
    "supertrend": [
        Case("supertrend(3, {n}).line", lambda b, n: supertrend(b.high, b.low, b.close, 3, n)[0]),
        Case("supertrend(1, {n}).direction", lambda b, n: supertrend(b.high, b.low, b.close, 1, n)[1]),
    ],
    "sar": [
        Case(
            "sar(0.02, 0.02, 0.2)",
            lambda b, n: sar(b.high, b.low, 0.02, 0.02, 0.2),
            lambda b, n: talib.SAR(b.high, b.low, 0.02, 0.2),
        ),
        Case(
            "sar(0.05, 0.03, 0.1)",
            lambda b, n: sar(b.high, b.low, 0.05, 0.03, 0.1),
            lambda b, n: abs(talib.SAREXT(b.high, b.low, 0, 0, 0.05, 0.03, 0.1, 0.05, 0.03, 0.1)),
        ),
    ],
    "ichimoku": [
        Case("ichimoku({n}, 26, 52).conversion", middle),
        Case("ichimoku({n}, 26, 52).base", lambda b, n: middle(b, 26)),
        Case("ichimoku({n}, 26, 52).span_a", lambda b, n: (middle(b, n) + middle(b, 26)) / 2),
        Case("ichimoku(9, 26, {n}).span_b", middle),
    ],
    "slope": [
        Case(
            "slope(close, {n})",
            lambda b, n: line(b.close, n)[1],
            lambda b, n: talib.LINEARREG_SLOPE(b.close, n),
            least=2,
        )
    ],
    # volume
    "obv": [Case("obv", lambda b, n: obv(b.close, b.volume), lambda b, n: talib.OBV(b.close, b.volume))],
    "ad": [
        Case(
            "ad",
            lambda b, n: ad(b.high, b.low, b.close, b.volume),
            lambda b, n: talib.AD(b.high, b.low, b.close, b.volume),
        )
    ],
    "adosc": [
        Case(
            "adosc({n}, 10)",
            lambda b, n: adosc(ad(b.high, b.low, b.close, b.volume), n, 10),
            lambda b, n: talib.ADOSC(b.high, b.low, b.close, b.volume, n, 10),
        )
    ],
    "cum": [Case("cum(volume)", lambda b, n: smooth(np.cumsum, b.volume))],
    # events
    "crossover": [
        Case("crossover(close, close[{n}])", lambda b, n: truth(crossed(b.close, history(b.close, n))))
    ],
    "crossunder": [
        Case("crossunder(close, close[{n}])", lambda b, n: truth(crossed(history(b.close, n), b.close)))
    ],
    "cross": [
        Case(
            "cross(close, close[{n}])",
            lambda b, n: truth(crossed(history(b.close, n), b.close) | crossed(b.close, history(b.close, n))),
        )
    ],
    "rising": [
        Case(
            "rising(close, {n})",
            lambda b, n: np.nan_to_num(
                windows(lambda w: (w[:, :-1] < w[:, -1:]).all(axis=1), n + 1, b.close)
            ),
        )
    ],
    "falling": [
        Case(
            "falling(close, {n})",
            lambda b, n: np.nan_to_num(
                windows(lambda w: (w[:, :-1] > w[:, -1:]).all(axis=1), n + 1, b.close)
            ),
        )
    ],
    "barssince": [
        Case(
            "barssince(close > open and close > close[{n}])",
            lambda b, n: bars_since((b.close > b.open) & (b.close > history(b.close, n))),
        )
    ],
    "valuewhen": [
        Case(
            "valuewhen(close > open, high, {n})", lambda b, n: valuewhen(b.close > b.open, b.high, n), least=0
        )
    ],
    "pivothigh": [
        Case("pivothigh(high, {n}, 2)", lambda b, n: pivot(b.high, n, 2), least=0),
        Case("pivothigh(high, 1, {n})", lambda b, n: pivot(b.high, 1, n), least=0),
    ],
    "pivotlow": [
        Case("pivotlow(low, {n}, 2)", lambda b, n: -pivot(-b.low, n, 2), least=0),
        Case("pivotlow(low, 1, {n})", lambda b, n: -pivot(-b.low, 1, n), least=0),
    ],
    # statistics
    "correlation": [
        Case(
            "correlation(close, volume, {n})",
            lambda b, n: correlation(b.close, b.volume, n),
            lambda b, n: talib.CORREL(b.close, b.volume, n),
            talib_least=1,
        )
    ],
    "zscore": [
        Case(
            "zscore(close, {n})",
            lambda b, n: divided(b.close - sma(b.close, n), stdev(b.close, n)),
        )
    ],
    # arithmetic
    "abs": [Case("abs(close - open)", lambda b, n: abs(b.close - b.open))],
    "min": [Case("min(close, open, low + 1)", lambda b, n: each(min, b.close, b.open, b.low + 1))],
    "max": [Case("max(close, open, high - 1)", lambda b, n: each(max, b.close, b.open, b.high - 1))],
    "round": [
        Case("round(close)", lambda b, n: each(lambda x: math.floor(x + 0.5), b.close)),
        Case("round(close, 2)", lambda b, n: each(lambda x: math.floor(x * 100 + 0.5) / 100, b.close)),
    ],
    "floor": [Case("floor(open - close)", lambda b, n: each(math.floor, b.open - b.close))],
    "ceil": [Case("ceil(open - close)", lambda b, n: each(math.ceil, b.open - b.close))],
    "sqrt": [Case("sqrt(close - open)", lambda b, n: each(math.sqrt, b.close - b.open))],
    "log": [Case("log(close - open)", lambda b, n: each(math.log, b.close - b.open))],
    "exp": [Case("exp(close * 5)", lambda b, n: each(math.exp, b.close * 5))],
    "pow": [
        Case("pow(close - open, 3)", lambda b, n: each(lambda x: x**3, b.close - b.open)),
        Case("pow(close, 0.3)", lambda b, n: each(lambda x: math.pow(x, 0.3), b.close)),
    ],
    "sign": [Case("sign(close - open)", lambda b, n: np.sign(b.close - b.open))],
    "avg": [Case("avg(close, open, low)", lambda b, n: (b.close + b.open + b.low) / 3)],
    "nz": [
        Case(
            "nz(close[{n}], open)",
            lambda b, n: np.where(np.isnan(history(b.close, n)), b.open, history(b.close, n)),
        ),
        Case("nz(close[{n}])", lambda b, n: np.nan_to_num(history(b.close, n))),
    ],
    "na": [Case("na(close[{n}])", lambda b, n: truth(np.isnan(history(b.close, n))))],
    "fixnan": [
        Case("fixnan(close > open ? close : na)", lambda b, n: fixed(np.where(b.close > b.open, b.close, NA)))
    ],
}
