"""Formulas that between them use everything the language has."""

from apps.engine.lang import FUNCTIONS

SAMPLES = {
    "order": """long when above and not below[1]
above = crossover(fast_ma, slow_ma) or steps > 3
fast_ma = ema(close, fast)
slow_ma = sma(close, slow)
steps = close > open ? nz(steps[1], 0) + 1 : 0
below = above[3]
input fast = 9
input slow = 21
plot fast_ma as "Fast"
plot steps as "Steps up"
""",
    "two recursive series": """up = nz(down[1], 1) / 2 + close
down = up > 150 ? sma(nz(up, 0), 3) : up - nz(down[1], 0) / 3
long when crossover(up, down)
plot up as "Up"
plot down as "Down"
""",
    "timeframes": """long when crossover(close, tf("1d", sma(close, 5))) and tf("1d", close > open)
exit when close < tf("1w", lowest(low, 2))
plot tf("1d", sma(close, 5)) as "Day"
plot tf("4h", rsi(close, 14)) as "Four hours"
plot tf("1w", high) as "Week"
plot tf("1d", macd(close, 3, 6, 3).hist) as "Histogram"
plot tf("4h", body) as "Body"
body = close - open[2]
""",
    "a timeframe as an input": """input frame = "4h" in "4h", "1d"
plot tf(frame, ema(close, 5)) as "Average"
long when close > tf(frame, close)
""",
    "silent at first": """long when not (rsi(close, 14) > 50)
exit when close < sma(close, 20) or close > 100000
short when (sma(close, 50) > close) == (close > open)
""",
    "inputs": """# every kind of input
input p = 1.5% in 0.5%..5% step 0.5% "Distance"  # in percent
input base = -2 in -5..5
input shift = -0.5 in -1..1 step 0.25
input on = true "On"
input mode = "a" in "a", "b"
input note = "say \\"hi\\""
k = mode == "a" ? 2 : 3
long when close > open * (1 + p) and on
short when close < open * (1 - 1%) or mode == "b"
plot close * p as "Share"
plot close % 7 as "Remainder"
plot -close % 7 as "Negative remainder"
plot ema(close, k * 3) as "Average"
plot close[k] + base + shift as "Past"
plot (close - open)[k] as "Past body"
plot close / (open - close) as "Quotient"
plot 10 / 4 as "Constant"
plot ema(close, 20 / 2) as "Whole"
alert "m {mode} {p} {on} {k} {close} {time} {symbol} {note}" when crossover(close, open)
""",
    "taken names": """line = ema(close, 5)
box = line[1]
color = max(line, box, close)
f_x = color - box
x_1 = f_x * 2
long_1 = x_1 > 0
seq = x_1
strategy = seq + 1
int = strategy
line_ = int
signal = line_
message = signal
long when long_1
plot line_ as "L"
plot int as "I"
plot message as "M"
alert "{line} {long_1} {line_}" when crossover(line, box)
""",
    "logic": """rise = close > open
higher = close > close[1]
long when rise and higher or not rise and not higher and (rise != higher or rise == higher)
exit when (rise ? higher : not higher) and valuewhen(rise, close, 1) > barssince(higher)
plot (rise ? higher ? 1 : 2 : 3) as "Choice"
plot nz(valuewhen(higher and rise, close[1], 0), -1) as "Value"
plot - -close as "Twice negative"
plot ((close + open) * 2 - (high - (low - close))) / 3 as "Sum"
short when not not rise[1] and falling(close, 2)
""",
    "calls in calls": """plot ema(ema(close, 5), 5) as "Twice"
plot sma(rsi(close, 14), 3)[2] as "Past"
plot highest(tr, 5) + tr[3] as "Range"
plot (bar_index - valuewhen(close > open, bar_index, 0)) as "Bars"
plot stdev(change(close, 1), 10) as "Spread"
plot cum(close > open ? volume : 0 - volume) as "Flow"
plot rsi(obv, 14) as "Strength"
plot hour * 60 + minute as "Minute"
plot day_of_week * 100 + day_of_month + month * 10000 + year as "Date"
plot macd(close, 26, 12, 9).macd as "Unsorted lengths"
alert "" when day_of_week != 1
""",
    "every order": """long when crossover(close, sma(close, 9))
short when crossunder(close, sma(close, 9))
exit long when rsi(close, 14) > 70
exit short when rsi(close, 14) < 30
exit when volume < 20
exit after 10 bars
stop_loss by 2 * atr(14)
take_profit at highest(high, 30) + 1
trailing_stop 2%
size risk 1%
alert "out" when volume < 20
""",
}


def of_every_function() -> dict[str, str]:
    """One formula for each function of the language, plotting all of its values."""
    return {f"function {name}": _formula(name) for name in FUNCTIONS}


_CALLS = {
    "alma": "alma(close, 9, 0.85, 6)",
    "bbw": "bbw(close, 20, 2)",
    "bb": "bb(close, 20, 2)",
    "kc": "kc(close, 20, 1.5)",
    "macd": "macd(close, 12, 26, 9)",
    "ppo": "ppo(close, 12, 26)",
    "stoch": "stoch(14, 3, 3)",
    "supertrend": "supertrend(3, 10)",
    "ichimoku": "ichimoku(9, 26, 52)",
    "tsi": "tsi(close, 13, 25)",
    "ultosc": "ultosc(7, 14, 28)",
    "sar": "sar(0.02, 0.02, 0.2)",
    "adosc": "adosc(3, 10)",
    "crossover": "crossover(close, sma(close, 9))",
    "crossunder": "crossunder(close, sma(close, 9))",
    "cross": "cross(close, sma(close, 9))",
    "barssince": "barssince(close > open)",
    "valuewhen": "valuewhen(close > open, close, 2)",
    "pivothigh": "pivothigh(high, 3, 2)",
    "pivotlow": "pivotlow(low, 3, 2)",
    "correlation": "correlation(close, volume, 20)",
    "abs": "abs(close - open)",
    "min": "min(open, close, hl2)",
    "max": "max(open, close)",
    "round": "round(close * 1.5, 1)",
    "avg": "avg(open, close, high)",
    "nz": "nz(pivothigh(high, 3, 2), 5)",
    "na": "na(pivothigh(high, 3, 2))",
    "fixnan": "fixnan(pivothigh(high, 3, 2))",
    "pow": "pow(close, 0.5)",
    "log": "log(close - 40)",
    "exp": "exp(close / 100)",
    "sign": "sign(close - open)",
    "cum": "cum(volume)",
    "rising": "rising(close, 3)",
    "falling": "falling(close, 3)",
}


def _formula(name: str) -> str:
    function = FUNCTIONS[name]
    call = name
    if not function.bare:
        usual = ", ".join("close" if p.kind == "series" else "14" for p in function.parameters)
        call = _CALLS.get(name, f"{name}({usual})")
    if function.outputs:
        plots = [f'plot {call}.{output} as "{output} of {name}"' for output in function.outputs]
    elif function.result == "truth":
        plots = [f'plot {call} ? 1 : 0 as "Value"']
    else:
        plots = [f'plot {call} as "Value"']
    return "\n".join([*plots, 'alert "Up" when close > open'])


_CROSS = "long when crossover(close, sma(close, 9))\n"
_BOTH = _CROSS + "short when crossunder(close, sma(close, 9))\n"
STRATEGIES = {
    "both sides": "long when crossover(ema(close, 5), ema(close, 20))\n"
    "short when crossunder(ema(close, 5), ema(close, 20))\nsize 2 units\n",
    "exit after": _BOTH + "exit after 4 bars\nsize 1 units\n",
    "stop_loss": _CROSS + "exit after 20 bars\nstop_loss 0.5%\nsize 1 units\n",
    "stop and target": _BOTH + "stop_loss 1%\ntake_profit 1.5%\nsize 1 units\n",
    "distances": _BOTH + "stop_loss by 2 * atr(14)\ntake_profit by 3 * atr(14)\nsize 1 units\n",
    "prices": _CROSS + "stop_loss at lowest(low, 10)\ntake_profit at highest(high, 30) + 0.1\nsize 1 units\n",
    "trail and stop": _BOTH + "trailing_stop 1%\nstop_loss 0.75%\nsize 1 units\n",
    "trailing distance": _CROSS + "trailing_stop by 3 * atr(14)\nsize 1 units\n",
    "share of equity": _CROSS + "exit when crossunder(close, sma(close, 9))\nsize 50%\n",
    "amount": _CROSS + "exit when crossunder(close, sma(close, 9))\nsize 1000\n",
    "risk": _BOTH + "stop_loss 2%\nsize risk 1%\n",
    "conflicts": "long when close > open\nshort when close > high[1]\nexit long when close < low[1]\n"
    "exit when volume < 400\nsize 1 units\n",
}
