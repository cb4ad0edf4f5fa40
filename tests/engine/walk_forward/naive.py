"""A walk-forward as one would write it down: lists, loops, and nothing of the engine.

Its formula holds while the close lies above its average of `length` closes; all equity, fills at the next open.
"""

import math
import statistics
from itertools import pairwise

DAYS = 365


def average(closes, at, length):
    return sum(closes[at - length + 1 : at + 1]) / length if at + 1 >= length else None


def trade(opens, closes, length, cash, fee, first=0, leave=False):
    """Equity at each close from bar `first` on, and the pnl of the closed trades."""
    units, paid, money, asked = 0.0, 0.0, cash, None
    equity, won = [], []
    last = len(closes) - 1
    for i in range(first, len(closes)):
        if asked == "buy" and units == 0:
            units, paid, money = money / (opens[i] * (1 + fee)), money, 0.0
        elif asked == "sell" and units > 0:
            money = units * opens[i] * (1 - fee)
            won.append(money - paid)
            units = 0.0
        equity.append(money + units * closes[i])
        mean = average(closes, i, length)
        asked = None if mean is None else "buy" if closes[i] > mean else "sell" if closes[i] < mean else None
        if leave and i == last - 1:
            asked = "sell"
    return equity, won


def sharpe(equity):
    """Of daily bars, each a period; the first return is that from the first close to the second."""
    returns = [b / a - 1 for a, b in pairwise(equity)]
    spread = statistics.stdev(returns)
    return statistics.fmean(returns) / spread * math.sqrt(DAYS) if spread > 0 else None


def walk_forward(opens, closes, lengths, cuts, cash, fee, min_trades):
    """`cuts`: for each fold first and one-past-last bar of training and of test."""
    folds, capital, curve = [], cash, []
    for train_from, train_to, test_from, test_to in cuts:
        scores, equities = [], []
        for length in lengths:
            equity, won = trade(opens[train_from:train_to], closes[train_from:train_to], length, cash, fee)
            scores.append(sharpe(equity) if len(won) >= min_trades else None)
            equities.append(equity)
        known = [score for score in scores if score is not None]
        if known:
            chosen = scores.index(max(known))
            equity, won = trade(
                opens[:test_to], closes[:test_to], lengths[chosen], capital, fee, test_from, True
            )
            inside = math.log(equities[chosen][-1] / cash) / (train_to - train_from)
            outside = math.log(equity[-1] / capital) / (test_to - test_from)
            efficiency = outside / inside if inside > 0 else None
        else:
            chosen, equity, won, efficiency = None, [capital] * (test_to - test_from), [], None
        folds.append(
            {
                "scores": scores,
                "chosen": chosen,
                "equity": equity,
                "trades": len(won),
                "efficiency": efficiency,
            }
        )
        curve += equity
        capital = equity[-1]
    return folds, curve
