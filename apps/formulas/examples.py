"""Formulas to start from; the first two are those of the language page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    key: str
    name: str
    summary: str
    text: str


EXAMPLES = [
    Example(
        "trend-following",
        "Trend following",
        "Buys when a fast average crosses a slow one and momentum is not exhausted; leaves on the way back.",
        """# Trend following with a momentum filter
input fast = 9 in 2..50
input slow = 21 in 5..200 step 5

fast_ma = ema(close, fast)
slow_ma = ema(close, slow)

long when crossover(fast_ma, slow_ma) and rsi(close, 14) < 70
exit long when crossunder(fast_ma, slow_ma)

stop_loss 3%
take_profit 6%
size 50%

plot fast_ma as "Fast"
alert "Fast over slow on {symbol} at {close}" when crossover(fast_ma, slow_ma)
""",
    ),
    Example(
        "ut-bot",
        "UT Bot",
        "An ATR trailing line that flips between long and short as price crosses it.",
        """input key = 3.7 in 0.5..10 step 0.1
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
plot line as "UT line"
""",
    ),
    Example(
        "rsi-reversal",
        "RSI reversal",
        "Buys weakness once it turns, sells strength; a stop limits the cost of being early.",
        """input length = 14 in 2..50
input oversold = 30 in 5..45 step 5
input recovered = 60 in 50..95 step 5

strength = rsi(close, length)

long when crossover(strength, oversold)
exit long when strength > recovered
stop_loss 5%
plot strength as "RSI"
""",
    ),
    Example(
        "bollinger-reversion",
        "Bollinger reversion",
        "Buys a close back inside the lower band and leaves at the middle.",
        """input length = 20 in 5..100 step 5
input width = 2.0 in 1..4 step 0.5

upper = bb(close, length, width).upper
middle = bb(close, length, width).middle
lower = bb(close, length, width).lower

long when crossover(close, lower)
exit long when close > middle
stop_loss 4%
plot upper as "Upper"
""",
    ),
    Example(
        "breakout",
        "Channel breakout",
        "Buys a close above the highest high of the last weeks, leaves below the lowest low of fewer.",
        """input entry = 20 in 5..100 step 5
input leave = 10 in 5..50 step 5

top = highest(high, entry)[1]
bottom = lowest(low, leave)[1]

long when close > top
exit long when close < bottom
size risk 1%
stop_loss by 2 * atr(20)
plot top as "Top"
""",
    ),
    Example(
        "macd",
        "MACD cross",
        "Follows the MACD line over its signal while price is above its long average.",
        """input fast = 12 in 5..30
input slow = 26 in 10..60
input signal_length = 9 in 3..20

line = macd(close, fast, slow, signal_length).macd
signal = macd(close, fast, slow, signal_length).signal

long when crossover(line, signal) and close > sma(close, 200)
exit long when crossunder(line, signal)
trailing_stop 8%
plot sma(close, 200) as "Long average"
""",
    ),
]
EXAMPLES_BY_KEY = {example.key: example for example in EXAMPLES}
