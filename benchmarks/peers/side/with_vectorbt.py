"""What vectorbt is asked to do. Every function takes what is held (dict of columns) and gives columns.

`at_close` fills at the signal's close; otherwise signals are moved on by one bar and fill at that bar's open, which is
how its users have them fill at the next open.
"""

import numpy as np
import vectorbt
from numba import njit

VERSION = vectorbt.__version__
LONG, SHORT, EXIT_LONG, EXIT_SHORT, EXIT = 1, 2, 4, 8, 16


def hold(columns):
    return columns


def indicators(held, engine):
    """The averages, RSI and crossings of the first example. Wilder's average over 14 is exponential over 27."""
    vectorbt.settings["engine"] = engine
    close = held["close"]
    fast = vectorbt.MA.run(close, 9, ewm=True)
    slow = vectorbt.MA.run(close, 21, ewm=True)
    strength = vectorbt.RSI.run(close, 27, ewm=True)
    buy = fast.ma_crossed_above(slow) & strength.rsi_below(70)
    sell = fast.ma_crossed_below(slow)
    return {
        "fast": fast.ma.values,
        "slow": slow.ma.values,
        "strength": strength.rsi.values,
        "buy": buy.values,
        "sell": sell.values,
    }


def signals(held, engine, size, cash, fee, at_close, stop=None, target=None, size_type="amount"):
    """Fills of the held `flags` (uint8[n]), reversing where an opposite entry says so. `size` null is all cash."""
    flags = held["flags"]
    entries = [flags & bit != 0 for bit in (LONG, SHORT)]
    exits = [flags & (bit | EXIT) != 0 for bit in (EXIT_LONG, EXIT_SHORT)]
    return _found(
        _portfolio(held, engine, *entries, *exits, size, cash, fee, at_close, stop, target, size_type)
    )


def ema_cross(
    held, engine, size, cash, fee, at_close=False, stop=None, target=None, fast=9, slow=21, settled=0
):
    """Long from crossing above to crossing below, by its own averages. Nothing is asked before bar `settled`."""
    vectorbt.settings["engine"] = engine
    fast_ma = vectorbt.MA.run(held["close"], fast, ewm=True)
    slow_ma = vectorbt.MA.run(held["close"], slow, ewm=True)
    asked = np.arange(len(held["close"])) >= settled
    buy = fast_ma.ma_crossed_above(slow_ma).values & asked
    sell = fast_ma.ma_crossed_below(slow_ma).values & asked
    none = np.zeros(len(buy), dtype=np.bool_)
    return _found(_portfolio(held, engine, buy, none, sell, none, size, cash, fee, at_close, stop, target))


def ut_bot(held, engine, size, cash, fee, key=3.7, atr_period=10, ema_period=9):
    """The UT Bot, long and short: its own ATR and average, its users' compiled loop for the line."""
    vectorbt.settings["engine"] = engine
    high, low, close = held["high"], held["low"], held["close"]
    # Wilder's average over n is exponential over 2 n - 1
    loss = key * vectorbt.ATR.run(high, low, close, 2 * atr_period - 1, ewm=True).atr.values
    line = _line(close, loss)
    average = vectorbt.MA.run(close, ema_period, ewm=True).ma.values
    above = np.zeros(len(close), dtype=np.bool_)
    below = above.copy()
    above[1:] = (average[:-1] <= line[:-1]) & (average[1:] > line[1:])
    below[1:] = (line[:-1] <= average[:-1]) & (line[1:] > average[1:])
    buy, sell = above & (close > line), below & (close < line)
    none = np.zeros(len(close), dtype=np.bool_)
    return _found(_portfolio(held, engine, buy, sell, none, none, size, cash, fee, False, None, None))


def sweep(held, engine, fasts, slows, size, cash, fee):
    """EMA cross for all pairs as columns of one run: closed trades, end of equity, deepest fall, Sharpe ratio."""
    vectorbt.settings["engine"] = engine
    close = held["close"]
    pairs = np.array([(fast, slow) for fast in fasts for slow in slows])
    fast_ma = vectorbt.MA.run(close, pairs[:, 0].tolist(), ewm=True)
    slow_ma = vectorbt.MA.run(close, pairs[:, 1].tolist(), ewm=True)
    buy, sell = fast_ma.ma_crossed_above(slow_ma).values, fast_ma.ma_crossed_below(slow_ma).values
    portfolio = vectorbt.Portfolio.from_signals(
        close[:, None], _next(buy), _next(sell), price=held["open"][:, None], size=np.inf if size is None else size,
        init_cash=cash, fees=fee, freq="1min",
    )  # fmt: skip
    return {
        "trades": np.asarray(portfolio.trades.closed.count()),
        "final": np.asarray(portfolio.final_value()),
        "deepest": np.asarray(portfolio.max_drawdown()),
        "sharpe": np.asarray(portfolio.sharpe_ratio()),
    }


@njit(cache=True)
def _line(close, loss):
    line = np.empty(len(close))
    prior = before = np.nan
    for i in range(len(close)):
        price = close[i]
        base = prior if prior == prior else 0.0
        if price > base and before > base:
            line[i] = max(base, price - loss[i])
        elif price < base and before < base:
            line[i] = min(base, price + loss[i])
        elif price > base:
            line[i] = price - loss[i]
        else:
            line[i] = price + loss[i]
        prior, before = line[i], price
    return line


def _next(signal):
    moved = np.zeros_like(signal)
    moved[1:] = signal[:-1]
    return moved


def _portfolio(
    held,
    engine,
    buy,
    sell,
    exit_long,
    exit_short,
    size,
    cash,
    fee,
    at_close,
    stop,
    target,
    size_type="amount",
):
    vectorbt.settings["engine"] = engine
    columns = [buy, exit_long, sell, exit_short]
    if not at_close:
        columns = [_next(column) for column in columns]
    stops = {}
    if stop is not None or target is not None:
        stops = {
            "open": held["open"],
            "high": held["high"],
            "low": held["low"],
            "sl_stop": np.nan if stop is None else stop,
            "tp_stop": np.nan if target is None else target,
            "stop_entry_price": "fillprice",
        }
    shorts = {"short_entries": columns[2], "short_exits": columns[3]} if sell.any() else {}
    return vectorbt.Portfolio.from_signals(
        held["close"], columns[0], columns[1], **shorts, **stops,
        price=held["close"] if at_close else held["open"], size=np.inf if size is None else size,
        size_type=size_type, upon_opposite_entry="reverse", init_cash=cash, fees=fee, freq="1min",
    )  # fmt: skip


def _found(portfolio):
    trades = portfolio.trades.records
    trades = trades[trades["status"] == 1]
    return {
        "side": np.where(trades["direction"] == 0, 1, -1),
        "entry_index": trades["entry_idx"].to_numpy(),
        "exit_index": trades["exit_idx"].to_numpy(),
        "entry_price": trades["entry_price"].to_numpy(),
        "exit_price": trades["exit_price"].to_numpy(),
        "size": trades["size"].to_numpy(),
        "pnl": trades["pnl"].to_numpy(),
        "equity": np.asarray(portfolio.value()),
    }


JOBS = {
    "indicators": indicators,
    "signals": signals,
    "ema_cross": ema_cross,
    "ut_bot": ut_bot,
    "sweep": sweep,
}
