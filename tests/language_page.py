"""The language page's own examples, and its vector for the second one."""

TREND = """# Trend following with a momentum filter
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
"""
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
# key 1, ATR 3, EMA 1; each bar opens at the close before, the first at 100; high and low one beyond open and close
UT_BOT_SETTINGS = {"key": 1, "atr_period": 3, "ema_period": 1}
UT_BOT_CLOSES = [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
UT_BOT_LINE = [
    None, None, None, 100, 101, 101, 104.333333, 101.888889, 100.592593, 100.592593, 97.069959, 99.713306,
    101.808871, 101.808871, 101.808871, 101.808871,
]  # fmt: skip
