"""The formulas that are measured."""

CROSS = """fast_ma = ema(close, 9)
slow_ma = ema(close, 21)
long when crossover(fast_ma, slow_ma)
exit long when crossunder(fast_ma, slow_ma)
"""

# the indicators and crossings of the first example of the language's page
CONDITIONS = """input fast = 9 in 2..50
input slow = 21 in 5..200 step 5
fast_ma = ema(close, fast)
slow_ma = ema(close, slow)
long when crossover(fast_ma, slow_ma) and rsi(close, 14) < 70
exit long when crossunder(fast_ma, slow_ma)
"""

EXAMPLE = (
    CONDITIONS
    + """stop_loss 3%
take_profit 6%
size 50%
plot fast_ma as "Fast"
alert "Fast over slow on {symbol} at {close}" when crossover(fast_ma, slow_ma)
"""
)

UT_BOT = """input key = 3.7 in 0.5..10 step 0.1
input atr_period = 10 in 1..50
input ema_period = 9 in 1..50
loss = key * atr(atr_period)
prior = nz(line[1], 0)
line = (close > prior and close[1] > prior) ? max(prior, close - loss) :
       (close < prior and close[1] < prior) ? min(prior, close + loss) :
       (close > prior) ? close - loss : close + loss
average = ema(close, ema_period)
long when crossover(average, line) and close > line
short when crossover(line, average) and close < line
"""

TEN_SERIES = """a = ema(close, 9)
b = ema(close, 21)
c = rsi(close, 14)
d = sma(close, 50)
e = atr(14)
f = stdev(close, 20)
g = highest(high, 20)
h = lowest(low, 20)
i = macd(close, 12, 26, 9).hist
j = bb(close, 20, 2).upper
long when crossover(a, b) and c < 70
exit long when crossunder(a, b)
"""


def hundred_lines() -> str:
    """A formula of 100 statements: inputs, averages, comparisons through history, conditions that join them."""
    lines = [f"input n{i} = {5 + i} in 2..200" for i in range(10)]
    for i in range(28):
        lines.append(f"m{i} = ema(close, n{i % 10} + {i})")
        lines.append(f"r{i} = rsi(m{i}, 14) - sma(m{i}, {5 + i})[{i % 5}] / close")
        lines.append(f"c{i} = crossover(m{i}, close[{1 + i % 3}]) and r{i} > {30 + i} or not rising(m{i}, 3)")
    joined = " or ".join(f"c{i}" for i in range(0, 28, 2))
    lines.append(f"long when {joined}")
    lines.append('exit long when crossunder(m0, m1) and tf("1d", ema(close, 50)) > close')
    lines.append("stop_loss by 2 * atr(14)")
    lines.append("take_profit 6%")
    lines.append('plot m0 as "First"')
    lines.append('alert "{symbol} {m0} {r0}" when c1')
    return "\n".join(lines) + "\n"
