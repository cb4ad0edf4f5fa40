"""What backtesting.py is asked to do. Every function takes what is held (a data frame) and gives columns.

Sizes are whole units, or below 1 a share of equity, as backtesting.py has them.
"""

import backtesting
import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover
from backtesting.test import SMA

VERSION = backtesting.__version__
LONG, SHORT, EXIT_LONG, EXIT_SHORT, EXIT = 1, 2, 4, 8, 16

backtesting.backtesting._tqdm = lambda each, **_: each  # no progress bar


def hold(columns):
    index = pd.to_datetime(columns.pop("time"), unit="ms")
    names = {name: name.capitalize() for name in ("open", "high", "low", "close", "volume")}
    return pd.DataFrame(columns, index=index).rename(columns=names)


def _enter(strategy, buys, size, stop=None, target=None, how="equal"):
    """Open at the next bar, closing first what is held: an order that closes a trade comes before its stop there.

    Percentages are of the fill's price, which an order must know before: that of the next open. backtesting.py refuses
    an order whose levels do not lie around the last close, so they are set after it was accepted.
    """
    if strategy.position and how == "netting":
        size *= 2
    elif strategy.position:
        strategy.position.close()
    i = len(strategy.data) - 1
    levels = {}
    if (stop or target) and i + 1 < len(strategy.opening):
        side, fill = (1 if buys else -1), strategy.opening[i + 1]
        if stop:
            levels["sl"] = fill * (1 - side * stop)
        if target:
            levels["tp"] = fill * (1 + side * target)
    enter = strategy.buy if buys else strategy.sell
    if how == "refusing":
        enter(size=size, **levels)
    else:
        enter(size=size)._replace(**{f"{name}_price": level for name, level in levels.items()})


def signals(held, size, cash, fee, at_close=False, stop=None, target=None, how="equal"):
    """Fills of the held `flags`, made equal to ours, or as its users often write them.

    `how`: "netting" reverses by one opposite order of both sizes; "refusing" gives levels with the order and gives the
    entry up where they are refused, and counts them in `refused`.
    """
    flags = held["flags"].to_numpy()
    refused = []

    class Flags(Strategy):
        def init(self):
            self.opening = held["Open"].to_numpy()

        def enter(self, buys):
            try:
                _enter(self, buys, size, stop, target, how)
            except ValueError:
                refused.append(len(self.data) - 1)

        def next(self):
            asked = flags[len(self.data) - 1]
            if not asked:
                return
            leave = (self.position.is_long and asked & (EXIT_LONG | EXIT)) or (
                self.position.is_short and asked & (EXIT_SHORT | EXIT)
            )
            if leave:
                self.position.close()
            elif asked & LONG and not self.position.is_long:
                self.enter(True)
            elif asked & SHORT and not self.position.is_short:
                self.enter(False)

    return _found(held, Flags, cash, fee, at_close) | {"refused": np.array(refused, dtype=np.int64)}


def sma_cross(held, size, cash, fee, fast, slow):
    """Long from crossing above to crossing below, by the averages and the crossing it comes with."""

    class Cross(Strategy):
        def init(self):
            self.fast_ma = self.I(SMA, self.data.Close, fast)
            self.slow_ma = self.I(SMA, self.data.Close, slow)

        def next(self):
            if crossover(self.fast_ma, self.slow_ma):
                self.buy(size=size)
            elif crossover(self.slow_ma, self.fast_ma):
                self.position.close()

    return _found(held, Cross, cash, fee, False)


def ema_cross(held, size, cash, fee, stop=None, target=None, fast=9, slow=21, bars=None):
    """Long from crossing above to crossing below, averages by pandas. `bars` takes the first ones alone."""
    held = held.iloc[:bars]

    def ema(close, length):
        return pd.Series(close).ewm(span=length, adjust=False, min_periods=length).mean()

    class Cross(Strategy):
        def init(self):
            self.opening = held["Open"].to_numpy()
            self.fast_ma = self.I(ema, self.data.Close, fast)
            self.slow_ma = self.I(ema, self.data.Close, slow)

        def next(self):
            if crossover(self.fast_ma, self.slow_ma):
                if not self.position:
                    _enter(self, True, size, stop, target)
            elif crossover(self.slow_ma, self.fast_ma):
                self.position.close()

    return _found(held, Cross, cash, fee, False)


def ut_bot(held, size, cash, fee, key=3.7, atr_period=10, ema_period=9, bars=None):
    """The UT Bot, long and short: ATR and average by pandas, the line bar by bar."""
    held = held.iloc[:bars]

    def average(close):
        return pd.Series(close).ewm(span=ema_period, adjust=False, min_periods=ema_period).mean()

    def line(high, low, close):
        before = np.r_[np.nan, close[:-1]]
        span = np.maximum(high - low, np.maximum(abs(high - before), abs(low - before)))
        span[0] = np.nan
        loss = (
            key
            * pd.Series(span)
            .ewm(alpha=1 / atr_period, adjust=False, min_periods=atr_period)
            .mean()
            .to_numpy()
        )
        found, prior = np.empty(len(close)), 0.0
        for i in range(len(close)):
            price, last = close[i], before[i]
            if price > prior and last > prior:
                level = max(prior, price - loss[i])
            elif price < prior and last < prior:
                level = min(prior, price + loss[i])
            elif price > prior:
                level = price - loss[i]
            else:
                level = price + loss[i]
            found[i], prior = level, level if level == level else 0.0
        return found

    class Bot(Strategy):
        def init(self):
            self.average = self.I(average, self.data.Close)
            self.line = self.I(line, self.data.High, self.data.Low, self.data.Close)

        def next(self):
            close = self.data.Close[-1]
            if crossover(self.average, self.line) and close > self.line[-1]:
                if not self.position.is_long:
                    _enter(self, True, size)
            elif crossover(self.line, self.average) and close < self.line[-1] and not self.position.is_short:
                _enter(self, False, size)

    return _found(held, Bot, cash, fee, False)


def _found(held, strategy, cash, fee, at_close):
    frame = held[["Open", "High", "Low", "Close", "Volume"]]
    stats = Backtest(frame, strategy, cash=cash, commission=fee, trade_on_close=at_close).run()
    trades = stats["_trades"].sort_values(["EntryBar", "ExitBar"], kind="stable")
    return {
        "side": np.sign(trades["Size"].to_numpy()),
        "entry_index": trades["EntryBar"].to_numpy(),
        "exit_index": trades["ExitBar"].to_numpy(),
        "entry_price": trades["EntryPrice"].to_numpy(),
        "exit_price": trades["ExitPrice"].to_numpy(),
        "size": np.abs(trades["Size"].to_numpy(dtype=float)),
        "pnl": trades["PnL"].to_numpy(),
        "equity": stats["_equity_curve"]["Equity"].to_numpy(),
    }


JOBS = {"signals": signals, "sma_cross": sma_cross, "ema_cross": ema_cross, "ut_bot": ut_bot}
