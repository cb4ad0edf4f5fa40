"""The UT Bot of the language's page with its published vector, as a test of a formula."""

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
VECTOR = {
    "name": "UT Bot turns",
    "settings": {"key": 1, "atr_period": 3, "ema_period": 1},
    "bars": [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102],
    "spread": 1,
    "signals": [{"bar": 6, "kind": "short"}, {"bar": 10, "kind": "long"}],
    "series": {
        "line": [
            None, None, None, 100, 101, 101, 104.333333, 101.888889, 100.592593, 100.592593, 97.069959, 99.713306,
            101.808871, 101.808871, 101.808871, 101.808871,
        ]
    },
    "tolerance": 1e-6,
}  # fmt: skip
