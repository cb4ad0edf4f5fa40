"""Random valid formulas, and random bars with holes, for property tests."""

import numpy as np
from hypothesis import strategies as st

from apps.engine.bars import Bars

SOURCES = [
    "open",
    "high",
    "low",
    "close",
    "volume",
    "hl2",
    "hlc3",
    "ohlc4",
    "tr",
    "obv",
    "ad",
    "vwap",
    "awesome",
    "bar_index",
    "hour",
    "day_of_week",
    "na",
]
LENGTH = st.integers(1, 9)
ONE_SERIES = [
    "sma",
    "ema",
    "rma",
    "wma",
    "vwma",
    "dema",
    "tema",
    "kama",
    "stdev",
    "variance",
    "highest",
    "lowest",
    "highestbars",
    "lowestbars",
    "median",
    "percentrank",
    "rsi",
    "cmo",
    "roc",
    "mom",
    "change",
    "trix",
    "zscore",
]
NO_SERIES = ["atr", "natr", "cci", "mfi", "wpr", "adx"]
FIELDS = [
    "macd({x}, {n}, {m}, {k}).signal",
    "bb({x}, {n}, 2).upper",
    "kc({x}, {n}, 1.5).lower",
    "donchian({n}).middle",
    "stoch({n}, {m}, {k}).d",
    "aroon({n}).up",
    "dmi({n}).plus",
    "supertrend(2, {n}).line",
    "ichimoku({n}, {m}, {k}).span_a",
]
OTHERS = [
    "hma({x}, {n} + 1)",
    "linreg({x}, {n} + 1)",
    "slope({x}, {n} + 1)",
    "alma({x}, {n}, 0.85, 6)",
    "bbw({x}, {n}, 2)",
    "ppo({x}, {n}, {m})",
    "tsi({x}, {n}, {m})",
    "ultosc({n}, {m}, {k})",
    "sar(0.02, 0.03, 0.2)",
    "adosc({n}, {m})",
    "cum({x})",
    "correlation({x}, {y}, {n})",
    "pivothigh({x}, {n}, {m})",
    "pivotlow({x}, {n}, {m})",
    "fixnan({x})",
    "nz({x}, {y})",
    "nz({x})",
    "abs({x})",
    "min({x}, {y})",
    "max({x}, {y}, {z})",
    "round({x}, 2)",
    "floor({x})",
    "ceil({x})",
    "sqrt({x})",
    "log({x})",
    "exp({x})",
    "pow({x}, 2)",
    "sign({x})",
    "avg({x}, {y})",
]


@st.composite
def numbers(draw: st.DrawFn, names: list[str], depth: int) -> str:
    if depth <= 0:
        return draw(st.sampled_from([*SOURCES, *names, "1", "2.5", "3%"]))
    inner = numbers(names, depth - 1)
    kind = draw(st.integers(0, 9))
    if kind <= 2:
        return f"({draw(inner)} {draw(st.sampled_from('+-*/%'))} {draw(inner)})"
    if kind == 3:
        return f"({draw(truths(names, depth - 1))} ? {draw(inner)} : {draw(inner)})"
    if kind == 4:
        return f"({draw(inner)})[{draw(st.integers(0, 6))}]"
    if kind == 5:
        return draw(
            st.sampled_from(
                [
                    f"barssince({draw(truths(names, depth - 1))})",
                    f"valuewhen({draw(truths(names, depth - 1))}, {draw(inner)}, {draw(st.integers(0, 3))})",
                    f"-{draw(inner)}",
                ]
            )
        )
    if kind == 6:
        frame = draw(st.sampled_from(["2h", "4h", "1d", "1w"]))
        text = draw(numbers([], depth - 1))  # tf does not nest, directly or through a name
        return text if "tf(" in text else f'tf("{frame}", {text})'
    template = draw(
        st.sampled_from(
            [
                *(f"{name}({{x}}, {{n}})" for name in ONE_SERIES),
                *(f"{name}({{n}})" for name in NO_SERIES),
                *FIELDS,
                *OTHERS,
            ]
        )
    )
    values = {key: draw(inner) if "{" + key + "}" in template else "" for key in "xyz"}
    return template.format(**values, n=draw(LENGTH), m=draw(LENGTH), k=draw(LENGTH))


@st.composite
def truths(draw: st.DrawFn, names: list[str], depth: int) -> str:
    inner = numbers(names, max(depth - 1, 0))
    kind = draw(st.integers(0, 6))
    if kind <= 1 or depth <= 0:
        return f"({draw(inner)} {draw(st.sampled_from(['<', '<=', '>', '>=', '==', '!=']))} {draw(inner)})"
    if kind == 2:
        joined = draw(st.sampled_from(["and", "or", "==", "!="]))
        return f"({draw(truths(names, depth - 1))} {joined} {draw(truths(names, depth - 1))})"
    if kind == 3:
        return f"(not {draw(truths(names, depth - 1))})"
    if kind == 4:
        return f"{draw(st.sampled_from(['crossover', 'crossunder', 'cross']))}({draw(inner)}, {draw(inner)})"
    if kind == 5:
        return f"{draw(st.sampled_from(['rising', 'falling']))}({draw(inner)}, {draw(LENGTH)})"
    return f"({draw(truths(names, depth - 1))})[{draw(st.integers(1, 3))}]"


INPUTS = {
    "n0": ["input n0 = 3 in 1..9", "input n0 = 5", 'input n0 = 2 in 1..8 step 1 "Length"'],
    "x0": ["input x0 = 1.5 in -2..3 step 0.5", "input x0 = -0.25", 'input x0 = .5 "Factor \\"k\\""'],
    "p0": ["input p0 = 3% in 1%..10% step 0.5%", "input p0 = 2.5%"],
    "t0": ["input t0 = true", 'input t0 = false "Both ways"'],
    "m0": ['input m0 = "4h" in "2h", "4h", "1d" "Timeframe"', 'input m0 = "1d"'],
}
REMARKS = ["", "why", "a # in it", 'she said "no"', "Ω ≥ 3 → exit"]


@st.composite
def decorated(draw: st.DrawFn, lines: list[str]) -> str:
    """The lines with comments above and behind them, empty lines, and odd spacing."""
    result: list[str] = []
    for line in lines:
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            result.append(draw(st.sampled_from(["", *(f"# {remark}" for remark in REMARKS)])))
        if draw(st.integers(0, 7)) == 0:
            line = line.replace(" = ", "=", 1).replace("when ", "when   ", 1)
        behind = draw(st.sampled_from(["", "", "", "", *REMARKS]))
        result.append(f"{line}  # {behind}" if behind else line)
    result += draw(st.sampled_from([[], [], ["# the end"], ["", "#", "# after it"]]))
    return "\n".join(result)


@st.composite
def formulas(draw: st.DrawFn) -> str:
    """A valid formula: inputs, some definitions, two of which use one another's past, and every other statement."""
    lines = []
    names: list[str] = []
    given = [name for name in INPUTS if draw(st.integers(0, 3)) == 0]
    lines += [draw(st.sampled_from(INPUTS[name])) for name in given]
    if "n0" in given:
        lines.append(f"of_input = sma({draw(numbers([], 1))}, n0)[n0 % 3]")
        names.append("of_input")
    if "x0" in given:
        lines.append(f"signs = --x0 * -{draw(numbers(names, 1))} - -1")
        names.append("signs")
    if "m0" in given:
        lines.append(f"framed = tf(m0, ema({draw(numbers([], 0))}, 3))")  # not for use in another tf
    for i in range(draw(st.integers(1, 4))):
        lines.append(f"s{i} = {draw(numbers(names, draw(st.integers(1, 3))))}")
        names.append(f"s{i}")
    if draw(st.booleans()):
        lines.append(f"up = nz(down[{draw(st.integers(1, 3))}], 1) / 2 + {draw(numbers(list(names), 1))}")
        lines.append(f"down = {draw(truths([*names], 1))} ? sma(nz(up, 0), 3) : up - nz(down[1], 0) / 3")
        lines.append("flip = nz(down[1]) > 0 and not flip[2]")
        names += ["up", "down"]
    if "t0" in given:
        lines.append(f"long when not not t0 and ({draw(truths(names, 1))})")
        lines.append(f"short when not t0 or {draw(truths(names, 1))}")
        lines.append(f"exit short when {draw(truths(names, 1))}")
    lines.append(f"long when {draw(truths(names, 2))}")
    lines.append(f"exit when {draw(truths(names, 2))}")
    lines.append(f'alert "{{symbol}} {{close}} {{{names[0]}}} {{time}}" when {draw(truths(names, 1))}')
    protection = draw(st.integers(0, 2))
    if protection == 1:
        lines.append(f"stop_loss by tr + {draw(numbers(names, 1))}")
        lines.append(f"take_profit at close + {draw(numbers(names, 1))}")
    elif protection == 2:
        lines.append(f"stop_loss {'p0 * 2' if 'p0' in given else '3%'}")
        lines.append("trailing_stop by atr(3)")
        lines.append(draw(st.sampled_from(["size risk 1%", "size risk (1% / 2)"])))
    if protection < 2 and draw(st.booleans()):
        lines.append(draw(st.sampled_from(["size 50%", "size 1000", "size 2 units", "size 1 + 1 units"])))
    if draw(st.booleans()):
        lines.append(f"exit after {draw(st.integers(1, 20))} bars")
    lines.append(f'plot {draw(numbers(names, 1))} as "A plot"')
    return draw(decorated(lines))


def bars_with_holes(count: int, seed: int, *, timezone: str = "UTC", holes: float = 0.03) -> Bars:
    """Hourly bars in which some are missing, some values are na, and prices are ties at times."""
    rng = np.random.default_rng(seed)
    close = np.round(100 + np.cumsum(rng.normal(0, 1, count)), 1)
    open_ = np.concatenate([[100.0], close[:-1]])
    high = np.maximum(open_, close) + np.round(rng.uniform(0, 1, count), 1)
    low = np.minimum(open_, close) - np.round(rng.uniform(0, 1, count), 1)
    volume = np.floor(rng.uniform(0, 5, count))
    for column in (open_, high, low, close, volume):
        column[rng.uniform(size=count) < holes] = np.nan
    hours = np.cumsum(rng.choice([1, 1, 1, 1, 2, 30], count))
    start = 1_711_497_600_000  # 2024-03-27, shortly before clocks change in Europe
    return Bars(start + hours * 3_600_000, open_, high, low, close, volume, 3_600_000, timezone, "TEST")
