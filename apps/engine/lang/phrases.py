"""What each function is called in plain English.

In a phrase, {x} stands for an argument; {n-} and {-n} for a length: "14-bar " in the first place where it is a plain
number, else " over n bars" in the second; {n:bar} for a count with its noun: "14 bars", "1 bar"; {items} for all the
arguments as a list. `patterns` are the sentences that are made of them.
"""

from __future__ import annotations

import re

from apps.engine.said import Said, said

PHRASES = {
    "open": "the open",
    "high": "the high",
    "low": "the low",
    "close": "the close",
    "volume": "the volume",
    "hl2": "the midpoint of high and low",
    "hlc3": "the mean of high, low and close",
    "ohlc4": "the mean of open, high, low and close",
    "bar_index": "the bar's number (counted from 0)",
    "hour": "the bar's opening hour",
    "minute": "the bar's opening minute",
    "day_of_week": "the weekday (1 is Sunday)",
    "day_of_month": "the day of the month",
    "month": "the month (1 is January)",
    "year": "the year",
    # averages
    "sma": "the {n-}simple average of {src}{-n}",
    "ema": "the {n-}exponential average of {src}{-n}",
    "rma": "the {n-}Wilder average of {src}{-n}",
    "wma": "the {n-}weighted average of {src}{-n}",
    "hma": "the {n-}Hull average of {src}{-n}",
    "vwma": "the {n-}volume-weighted average of {src}{-n}",
    "dema": "the {n-}double exponential average of {src}{-n}",
    "tema": "the {n-}triple exponential average of {src}{-n}",
    "kama": "the {n-}Kaufman adaptive average of {src}{-n}",
    "alma": "the {n-}Arnaud Legoux average of {src}{-n} (offset {offset}, sigma {sigma})",
    "linreg": "the end of the {n-}regression line of {src}{-n}",
    "vwap": "the volume-weighted average price of the day",
    # spread and range
    "stdev": "the {n-}standard deviation of {src}{-n}",
    "variance": "the {n-}variance of {src}{-n}",
    "tr": "the true range",
    "atr": "the {n-}average true range{-n}",
    "natr": "the {n-}average true range{-n} in percent of the close",
    "bb.upper": "the upper Bollinger band of {src} ({n:bar}, {k:deviation})",
    "bb.middle": "the middle Bollinger band of {src} ({n:bar}, {k:deviation})",
    "bb.lower": "the lower Bollinger band of {src} ({n:bar}, {k:deviation})",
    "kc.upper": "the upper line of the Keltner channel of {src} ({n:bar}, {k:average range})",
    "kc.middle": "the middle line of the Keltner channel of {src} ({n:bar}, {k:average range})",
    "kc.lower": "the lower line of the Keltner channel of {src} ({n:bar}, {k:average range})",
    "donchian.upper": "the upper line of the {n-}Donchian channel{-n}",
    "donchian.middle": "the middle line of the {n-}Donchian channel{-n}",
    "donchian.lower": "the lower line of the {n-}Donchian channel{-n}",
    "bbw": "the width of the Bollinger bands of {src} in percent of the middle ({n:bar}, {k:deviation})",
    "highest": "the highest value of {src} over the last {n:bar}",
    "lowest": "the lowest value of {src} over the last {n:bar}",
    "highestbars": "the distance in bars (0, -1, -2 ...) to the highest value of {src} over the last {n:bar}",
    "lowestbars": "the distance in bars (0, -1, -2 ...) to the lowest value of {src} over the last {n:bar}",
    "median": "the {n-}median of {src}{-n}",
    "percentrank": "the percent rank of {src} among its {n:value} before",
    # momentum
    "rsi": "the {n-}RSI of {src}{-n}",
    "macd.macd": "the MACD line of {src} ({fast}, {slow} and {signal} bars)",
    "macd.signal": "the MACD signal line of {src} ({fast}, {slow} and {signal} bars)",
    "macd.hist": "the MACD histogram of {src} ({fast}, {slow} and {signal} bars)",
    "ppo": "the percentage price oscillator of {src} ({fast} and {slow} bars)",
    "stoch.k": "the stochastic %K line ({n:bar}, smoothed over {k} and {d})",
    "stoch.d": "the stochastic %D line ({n:bar}, smoothed over {k} and {d})",
    "cci": "the {n-}commodity channel index{-n}",
    "cmo": "the {n-}Chande momentum oscillator of {src}{-n}",
    "mfi": "the {n-}money flow index{-n}",
    "wpr": "the {n-}Williams %R{-n}",
    "roc": "the percentage change of {src} over {n:bar}",
    "mom": "the momentum of {src} over {n:bar}",
    "change": "the change of {src} over {n:bar}",
    "tsi": "the true strength index of {src} ({short} and {long} bars)",
    "ultosc": "the ultimate oscillator ({a}, {b} and {c} bars)",
    "trix": "the {n-}TRIX of {src}{-n}",
    "aroon.up": "the {n-}Aroon up line{-n}",
    "aroon.down": "the {n-}Aroon down line{-n}",
    "awesome": "the awesome oscillator",
    # trend
    "adx": "the {n-}ADX{-n}",
    "dmi.plus": "the {n-}+DI line of the directional movement{-n}",
    "dmi.minus": "the {n-}-DI line of the directional movement{-n}",
    "dmi.adx": "the {n-}ADX line of the directional movement{-n}",
    "supertrend.line": "the Supertrend line ({factor:average range} of {n:bar})",
    "supertrend.direction": "the Supertrend direction, 1 up and -1 down ({factor:average range} of {n:bar})",
    "sar": "the parabolic SAR (start {start}, step {step}, limit {limit})",
    "ichimoku.conversion": "the Ichimoku conversion line ({conversion}, {base} and {span_b} bars)",
    "ichimoku.base": "the Ichimoku base line ({conversion}, {base} and {span_b} bars)",
    "ichimoku.span_a": "the Ichimoku leading span A ({conversion}, {base} and {span_b} bars)",
    "ichimoku.span_b": "the Ichimoku leading span B ({conversion}, {base} and {span_b} bars)",
    "slope": "the {n-}regression slope of {src}{-n}",
    # volume
    "obv": "the on-balance volume",
    "ad": "the accumulation/distribution line",
    "adosc": "the Chaikin oscillator ({fast} and {slow} bars)",
    "cum": "the running total of {src}",
    # events
    "crossover": "{a} rises above {b}",
    "crossunder": "{a} falls below {b}",
    "cross": "{a} crosses {b}",
    "rising": "{src} is above {n:each} before it",
    "falling": "{src} is below {n:each} before it",
    "barssince": "the number of bars since {cond} last held",
    "valuewhen": "the value of {src} when {cond} held, {k:time} before the last time",
    "pivothigh": "the newly confirmed top of {src} ({left:bar} before, {right:bar} after)",
    "pivotlow": "the newly confirmed bottom of {src} ({left:bar} before, {right:bar} after)",
    # statistics
    "correlation": "the {n-}correlation of {a} with {b}{-n}",
    "zscore": "the {n-}z-score of {src}{-n}",
    # arithmetic
    "abs": "the absolute value of {x}",
    "min": "the smallest of {items}",
    "max": "the largest of {items}",
    "round": "the nearest whole number to {x}",
    "round 2": "the value of {x} rounded to {digits:decimal}",
    "floor": "the next whole number at or below {x}",
    "ceil": "the next whole number at or above {x}",
    "sqrt": "the square root of {x}",
    "log": "the natural logarithm of {x}",
    "exp": "e to the power of {x}",
    "pow": "{x} to the power of {y}",
    "sign": "the sign (1, 0 or -1) of {x}",
    "avg": "the mean of {items}",
    "nz": "{x}, or {y} while that is missing",
    "na": "{x} is missing",
    "fixnan": "the last known value of {x}",
}
HIGHEST_OF = {"open", "high", "low", "close", "volume"}
FRAMES = {
    "1m": said("1-minute"),
    "1h": said("1-hour"),
    "1d": said("daily"),
    "1w": said("weekly"),
    "1M": said("monthly"),
}
FRAME_UNITS = {
    "m": said("{count}-minute"),
    "h": said("{count}-hour"),
    "d": said("{count}-day"),
    "w": said("{count}-week"),
    "M": said("{count}-month"),
}
COUNTED = {  # one of them, several
    "bar": (said("{count} bar"), said("{count} bars")),
    "unit": (said("{count} unit"), said("{count} units")),
    "value": (said("{count} value"), said("{count} values")),
    "each": (said("the 1 value"), said("each of the {count} values")),
    "deviation": (said("{count} deviation"), said("{count} deviations")),
    "average range": (said("{count} average range"), said("{count} average ranges")),
    "time": (said("{count} time"), said("{count} times")),
    "decimal": (said("{count} decimal"), said("{count} decimals")),
}
PLACE = re.compile(r"\{(\w+)(?::([a-z ]+))?\}")


def phrase_of(name: str, field: str, given: int) -> str:
    """The phrase of a function with `given` arguments, or of one of its values; an empty text where there is none."""
    if field:
        return PHRASES.get(f"{name}.{field}", "")
    return PHRASES.get(f"{name} {given}") or PHRASES.get(name, "")


def chart_of(frame: str) -> Said:
    """ "daily", "4-hour": the adjective of a timeframe such as 1d, 4h."""
    if frame in FRAMES:
        return FRAMES[frame]
    return said(FRAME_UNITS[frame[-1]], count=frame[:-1])


def with_length(phrase: str, is_number: bool) -> str:
    """The phrase with the place of its length: of a plain number before the noun, else behind it all."""
    if is_number:
        return phrase.replace("{n-}", "{n}-bar ").replace("{-n}", "")
    return phrase.replace("{n-}", "").replace("{-n}", " over {n:bar}")


def pattern_of(phrase: str) -> str:
    """The pattern of `said` for a phrase with_length: {n:bar} becomes {n_bar}."""
    return PLACE.sub(lambda found: f"{{{place_name(found)}}}", phrase)


def place_name(found: re.Match[str]) -> str:
    """What the value of this place is called in the pattern."""
    name, noun = found.groups()
    return f"{name}_{noun.replace(' ', '_')}" if noun else name


def patterns() -> list[str]:
    """All sentences that are made of the phrases."""
    made = [
        pattern_of(with_length(phrase, is_number))
        for phrase in PHRASES.values()
        for is_number in (True, False)
    ]
    return list(dict.fromkeys(made))
