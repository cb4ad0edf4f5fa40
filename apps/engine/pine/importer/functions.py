"""The tables of Pine's functions, variables and numbers, in the words of the language."""

from __future__ import annotations

from apps.engine.pine.importer.converters import (
    Converter,
    as_alma,
    as_atr,
    as_bb,
    as_bbw,
    as_bool,
    as_change,
    as_clock,
    as_cmo,
    as_cross,
    as_dmi,
    as_extreme,
    as_float,
    as_iff,
    as_int,
    as_kc,
    as_kcw,
    as_linreg,
    as_log10,
    as_macd,
    as_na,
    as_nz,
    as_one,
    as_pivot,
    as_plain,
    as_pow,
    as_range,
    as_round,
    as_sar,
    as_spread,
    as_stoch,
    as_sum,
    as_supertrend,
    as_swma,
    as_to_tick,
    as_tr,
    as_trend,
    as_typical,
    as_value,
    as_valuewhen,
    as_vwap,
)
from apps.engine.pine.importer.values import call

# name: (parameters in Pine's order, converter)
CONVERTERS: dict[str, tuple[str, Converter]] = {
    **{
        f"ta.{word}": ("source length", as_plain(word))
        for word in ["sma", "ema", "rma", "wma", "hma", "vwma", "rsi", "median", "roc", "mom"]
    },
    "ta.percentrank": ("source length", as_plain("percentrank")),
    "ta.alma": ("series length offset sigma floor", as_alma),
    "ta.linreg": ("source length offset", as_linreg),
    "ta.swma": ("source", as_swma),
    "ta.atr": ("length", as_atr),
    "ta.tr": ("handle_na", as_tr),
    "ta.macd": ("source fastlen slowlen siglen", as_macd),
    "ta.bb": ("series length mult", as_bb),
    "ta.bbw": ("series length mult", as_bbw),
    "ta.kc": ("series length mult useTrueRange", as_kc),
    "ta.kcw": ("series length mult useTrueRange", as_kcw),
    "ta.supertrend": ("factor atrPeriod", as_supertrend),
    "ta.sar": ("start inc max", as_sar),
    "ta.dmi": ("diLength adxSmoothing", as_dmi),
    "ta.stoch": ("source high low length", as_stoch),
    "ta.cci": ("source length", as_typical("cci", "ta.cci")),
    "ta.mfi": ("source length", as_typical("mfi", "ta.mfi")),
    "ta.cmo": ("series length", as_cmo),
    "ta.wpr": ("length", lambda given: as_value(call("wpr", given.length("length")))),
    "ta.tsi": (
        "source short_length long_length",
        lambda given: as_value(
            call("tsi", given.series("source"), given.length("short_length"), given.length("long_length"))
        ),
    ),
    "ta.change": ("source length", as_change),
    "ta.highest": ("source length", as_extreme("highest", "high")),
    "ta.lowest": ("source length", as_extreme("lowest", "low")),
    "ta.highestbars": ("source length", as_extreme("highestbars", "high")),
    "ta.lowestbars": ("source length", as_extreme("lowestbars", "low")),
    "ta.pivothigh": ("source leftbars rightbars", as_pivot("pivothigh", "high")),
    "ta.pivotlow": ("source leftbars rightbars", as_pivot("pivotlow", "low")),
    "ta.stdev": ("source length biased", as_spread("stdev")),
    "ta.variance": ("source length biased", as_spread("variance")),
    "ta.range": ("source length", as_range),
    "ta.correlation": (
        "source1 source2 length",
        lambda given: as_value(
            call("correlation", given.series("source1"), given.series("source2"), given.length("length"))
        ),
    ),
    "ta.crossover": ("source1 source2", as_cross("crossover")),
    "ta.crossunder": ("source1 source2", as_cross("crossunder")),
    "ta.cross": ("source1 source2", as_cross("cross")),
    "ta.rising": ("source length", as_trend("rising")),
    "ta.falling": ("source length", as_trend("falling")),
    "ta.barssince": (
        "condition",
        lambda given: as_value(call("barssince", given.condition("condition")), True),
    ),
    "ta.valuewhen": ("condition source occurrence", as_valuewhen),
    "ta.cum": ("source", lambda given: as_value(call("cum", given.series("source")))),
    "ta.vwap": ("source anchor", as_vwap),
    "math.sum": ("source length", as_sum),
    **{f"math.{word}": ("number", as_one(word)) for word in ["abs", "sqrt", "log", "exp", "sign"]},
    "math.floor": ("number", as_one("floor", True)),
    "math.ceil": ("number", as_one("ceil", True)),
    "math.round": ("number precision", as_round),
    "math.round_to_mintick": ("number", as_to_tick),
    "math.log10": ("number", as_log10),
    "math.pow": ("base exponent", as_pow),
    "nz": ("source replacement", as_nz),
    "na": ("source", as_na),
    "fixnan": ("source", lambda given: as_value(call("fixnan", given.series("source")))),
    "iff": ("condition then _else", as_iff),
    "int": ("x", as_int),
    "float": ("x", as_float),
    "bool": ("x", as_bool),
    **{
        word: ("time timezone", as_clock(word))
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
