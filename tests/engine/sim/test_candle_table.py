"""Each rule of docs/fills.md on a few candles; every expected number was computed by hand.

Unless a case says otherwise: 1,000 in cash, no fee, all of equity, requests at bar 0 fill at the open of bar 1.
A trade is (side, entry bar, entry price, exit bar, exit price, reason).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from apps.engine.sim.run import run
from apps.engine.sim.spec import (
    EXIT,
    EXIT_LONG,
    EXIT_SHORT,
    LONG,
    SHORT,
    Protection,
    SimParams,
    SimulationError,
    Size,
)
from tests.engine.sim.candles import FREE, make_bars, make_orders

NA = np.nan


def percent(value):
    return Protection("percent", value)


def by(*values):
    return Protection("by", series=np.array(values, dtype=float))


def at(*values):
    return Protection("at", series=np.array(values, dtype=float))


STOP_3 = {"stop": percent(0.03)}  # 97 for a long from 100, 103 for a short
TARGET_6 = {"target": percent(0.06)}  # 106; 94
BOTH = STOP_3 | TARGET_6
CLOSE = replace(FREE, fill="close")

EXITS = [
    # name, rows, flags, order settings, params, expected closed trades
    ("rule 1: filled at the next open", [90, (100, 105, 95, 104), 104, (110, 111, 109, 110)],
     {0: LONG, 2: EXIT}, {}, FREE, [(1, 1, 100, 3, 110, "exit")]),
    ("rule 1: filled at the close in that mode", [90, (100, 105, 95, 104), (107, 111, 106, 108), 109],
     {0: LONG, 2: EXIT}, {}, CLOSE, [(1, 0, 90, 2, 108, "exit")]),
    ("rule 1: a request on the last bar is never filled", [100, 101, 102], {2: LONG}, {}, FREE, []),
    ("rule 1: nor at its own close", [90, 100, 108], {0: LONG, 2: EXIT}, {}, CLOSE, []),
    ("rule 1: nor is an exit", [100, 100, 102], {0: LONG, 2: EXIT}, {}, FREE, []),
    ("rule 2: an exit at the open comes before a stop", [100, 100, (96, 97, 90, 91)],
     {0: LONG, 1: EXIT}, STOP_3, FREE, [(1, 1, 100, 2, 96, "exit")]),
    ("rule 2: a stop on the entry's own bar", [100, (100, 101, 96, 99)],
     {0: LONG}, STOP_3, FREE, [(1, 1, 100, 1, 97, "stop_loss")]),
    ("rule 2: a target on the entry's own bar", [100, (100, 107, 99, 105)],
     {0: LONG}, TARGET_6, FREE, [(1, 1, 100, 1, 106, "take_profit")]),
    ("rule 2: in close mode the entry's bar is over", [(100, 101, 90, 100), (100, 101, 99, 100)],
     {0: LONG}, STOP_3, CLOSE, []),
    ("rule 2: after a stop the same close asks again", [100, (100, 101, 96, 99), (98, 99, 98, 98), (98, 98, 98, 98)],
     {0: LONG, 1: LONG, 2: EXIT}, STOP_3, FREE,
     [(1, 1, 100, 1, 97, "stop_loss"), (1, 2, 98, 3, 98, "exit")]),
    ("rule 2: exit after 1 bar", [100, 100, 102, 103], {0: LONG}, {"exit_after": 1}, FREE,
     [(1, 1, 100, 2, 102, "exit_after")]),
    ("rule 2: exit after 3 bars asks at the third close", [100, 100, 102, 103, 104, 105], {0: LONG},
     {"exit_after": 3}, FREE, [(1, 1, 100, 4, 104, "exit_after")]),
    ("rule 2: exit after 2 bars at a close counts the entry's bar", [100, 101, 102], {0: LONG},
     {"exit_after": 2}, CLOSE, [(1, 0, 100, 1, 101, "exit_after")]),
    ("rule 2: exit after stands against an entry like exit", [100, 100, 102, 103], {0: LONG, 1: SHORT},
     {"exit_after": 1}, FREE, [(1, 1, 100, 2, 102, "exit_after")]),
    ("rule 2: an exit asked at the same close gives the reason", [100, 100, 102, 103], {0: LONG, 1: EXIT_LONG},
     {"exit_after": 1}, FREE, [(1, 1, 100, 2, 102, "exit")]),
    ("rule 3: stop untouched", [100, (100, 103, 98, 101)], {0: LONG}, STOP_3, FREE, []),
    ("rule 3: stop inside the bar", [100, 100, (100, 101, 96, 98)], {0: LONG}, STOP_3, FREE,
     [(1, 1, 100, 2, 97, "stop_loss")]),
    ("rule 3: stop touched exactly", [100, 100, (100, 101, 97, 98)], {0: LONG}, STOP_3, FREE,
     [(1, 1, 100, 2, 97, "stop_loss")]),
    ("rule 3: gap below the stop", [100, 100, (94, 95, 92, 93)], {0: LONG}, STOP_3, FREE,
     [(1, 1, 100, 2, 94, "stop_loss")]),
    ("rule 3: target inside the bar", [100, 100, (100, 107, 99, 101)], {0: LONG}, TARGET_6, FREE,
     [(1, 1, 100, 2, 106, "take_profit")]),
    ("rule 3: gap above the target", [100, 100, (109, 110, 108, 109)], {0: LONG}, TARGET_6, FREE,
     [(1, 1, 100, 2, 109, "take_profit")]),
    ("rule 3: short, stop inside the bar", [100, 100, (100, 104, 99, 101)], {0: SHORT}, STOP_3, FREE,
     [(-1, 1, 100, 2, 103, "stop_loss")]),
    ("rule 3: short, gap above the stop", [100, 100, (105, 106, 104, 104)], {0: SHORT}, STOP_3, FREE,
     [(-1, 1, 100, 2, 105, "stop_loss")]),
    ("rule 3: short, target inside the bar", [100, 100, (100, 101, 93, 95)], {0: SHORT}, TARGET_6, FREE,
     [(-1, 1, 100, 2, 94, "take_profit")]),
    ("rule 3: short, gap below the target", [100, 100, (90, 91, 89, 90)], {0: SHORT}, TARGET_6, FREE,
     [(-1, 1, 100, 2, 90, "take_profit")]),
    ("rule 3: a percent counts from the fill, slippage included", [100, 100, (100, 101, 96, 98)],
     {0: LONG}, {"stop": percent(0.5), "target": percent(0.25)}, replace(FREE, slippage_bps=100), []),
    ("rule 3: by is measured at the signal's close", [100, (102, 103, 100, 101), (101, 102, 98, 99)],
     {0: LONG}, {"stop": by(3, 50, 50)}, FREE, [(1, 1, 102, 2, 99, "stop_loss")]),
    ("rule 3: by for a target", [100, (102, 103, 100, 101), (101, 107, 100, 105)],
     {0: LONG}, {"target": by(4, 1, 1)}, FREE, [(1, 1, 102, 2, 106, "take_profit")]),
    ("rule 3: at follows the close before", [100, 100, (100, 101, 96, 99), (99, 100, 97, 98)],
     {0: LONG}, {"stop": at(90, 95, 98, 0)}, FREE, [(1, 1, 100, 3, 98, "stop_loss")]),
    ("rule 3: at the entry it is the signal bar's", [100, (100, 101, 96, 99)],
     {0: LONG}, {"stop": at(97, 90)}, FREE, [(1, 1, 100, 1, 97, "stop_loss")]),
    ("rule 3: na means no such order on that bar", [100, 100, (100, 101, 50, 99), (99, 100, 94, 98)],
     {0: LONG}, {"stop": at(95, NA, 95, 95)}, FREE, [(1, 1, 100, 3, 95, "stop_loss")]),
    ("rule 3: a stop level already passed fills at the open", [100, 100, (100, 101, 99, 100)],
     {0: LONG}, {"stop": at(90, 105, 0)}, FREE, [(1, 1, 100, 2, 100, "stop_loss")]),
    ("rule 3: so on the entry's bar", [100, (100, 101, 99, 100)],
     {0: LONG}, {"stop": at(105, 0)}, FREE, [(1, 1, 100, 1, 100, "stop_loss")]),
    ("rule 3: a target level already passed fills at the open", [100, 100, (100, 101, 99, 100)],
     {0: LONG}, {"target": at(NA, 95, 0)}, FREE, [(1, 1, 100, 2, 100, "take_profit")]),
    ("rule 4: both touched, the stop is taken", [100, 100, (100, 107, 96, 101)], {0: LONG}, BOTH, FREE,
     [(1, 1, 100, 2, 97, "stop_loss")]),
    ("rule 4: opened past the target, the target came first", [100, 100, (108, 109, 90, 101)], {0: LONG}, BOTH,
     FREE, [(1, 1, 100, 2, 108, "take_profit")]),
    ("rule 4: opened past the stop, the stop came first", [100, 100, (95, 109, 94, 101)], {0: LONG}, BOTH,
     FREE, [(1, 1, 100, 2, 95, "stop_loss")]),
    ("rule 4: short, both touched", [100, 100, (100, 104, 93, 101)], {0: SHORT}, BOTH, FREE,
     [(-1, 1, 100, 2, 103, "stop_loss")]),
    ("rule 5: the entry price is the first best", [100, (100, 110, 91, 95)], {0: LONG},
     {"trail": percent(0.1)}, FREE, []),
    ("rule 5: a bar's own high does not tighten its stop", [100, 100, (100, 120, 105, 110)], {0: LONG},
     {"trail": percent(0.1)}, FREE, []),
    ("rule 5: it tightens the next bar's", [100, 100, (100, 120, 105, 110), (110, 111, 107, 109)], {0: LONG},
     {"trail": percent(0.1)}, FREE, [(1, 1, 100, 3, 108, "trailing_stop")]),
    ("rule 5: the entry bar's high counts afterwards", [100, (100, 110, 95, 105), (105, 106, 98, 99)], {0: LONG},
     {"trail": by(10, 1, 1)}, FREE, [(1, 1, 100, 2, 100, "trailing_stop")]),
    ("rule 5: short, from the lowest low", [100, (100, 101, 80, 85), (85, 89, 84, 86)], {0: SHORT},
     {"trail": percent(0.1)}, FREE, [(-1, 1, 100, 2, 88, "trailing_stop")]),
    ("rule 5: the nearer of stop and trail: the stop", [100, 100, (100, 101, 90, 92)], {0: LONG},
     {"stop": percent(0.05), "trail": percent(0.08)}, FREE, [(1, 1, 100, 2, 95, "stop_loss")]),
    ("rule 5: the nearer of stop and trail: the trail", [100, 100, (100, 110, 99, 109), (109, 110, 90, 92)],
     {0: LONG}, {"stop": percent(0.05), "trail": percent(0.1)}, FREE, [(1, 1, 100, 3, 99, "trailing_stop")]),
    ("rule 5: in close mode the entry bar's high is before the entry", [(100, 150, 99, 100), (100, 101, 91, 95)],
     {0: LONG}, {"trail": percent(0.1)}, CLOSE, []),
    ("rule 6: exit beats entry for a holder", [100, 100, 102], {0: LONG, 1: LONG | EXIT_LONG}, {}, FREE,
     [(1, 1, 100, 2, 102, "exit")]),
    ("rule 6: and one who is flat stays flat", [100, 100, 102], {0: LONG | EXIT_LONG}, {}, FREE, []),
    ("rule 6: exit stands against both sides", [100, 100, 102], {0: SHORT | EXIT}, {}, FREE, []),
    ("rule 6: exit long does not stand against short", [100, 100, 102, 103],
     {0: SHORT | EXIT_LONG, 2: EXIT_SHORT}, {}, FREE, [(-1, 1, 100, 3, 103, "exit")]),
    ("rule 6: exit short does not touch a long", [100, 100, 102], {0: LONG, 1: EXIT_SHORT}, {}, FREE, []),
    ("rule 6: a holder of a long with exit long and short goes short", [100, 100, 102, 102, 90],
     {0: LONG, 1: SHORT | EXIT_LONG, 3: EXIT}, {}, FREE,
     [(1, 1, 100, 2, 102, "reverse"), (-1, 2, 102, 4, 90, "exit")]),
    ("rule 6: long and short together ask for nothing", [100, 100, 102], {0: LONG | SHORT}, {}, FREE, []),
    ("rule 6: an exit beside them still asks", [100, 100, 102], {0: LONG, 1: LONG | SHORT | EXIT_LONG}, {}, FREE,
     [(1, 1, 100, 2, 102, "exit")]),
    ("rule 6: exit keeps a short from reversing", [100, 100, 102, 103], {0: SHORT, 1: LONG | EXIT}, {}, FREE,
     [(-1, 1, 100, 2, 102, "exit")]),
    ("rule 7: a second long changes nothing", [100, 100, 110, 120], {0: LONG, 1: LONG, 2: EXIT}, {}, FREE,
     [(1, 1, 100, 3, 120, "exit")]),
    ("rule 8: slippage against the trader on both market fills", [100, 100, 110], {0: LONG, 1: EXIT}, {},
     replace(FREE, slippage_bps=100), [(1, 1, 101, 2, 108.9, "exit")]),
    ("rule 8: a short sells lower and buys back higher", [100, 100, 110], {0: SHORT, 1: EXIT}, {},
     replace(FREE, slippage_bps=100), [(-1, 1, 99, 2, 111.1, "exit")]),
    ("rule 8: a stop slips", [100, 100, (100, 100, 90, 91)], {0: LONG}, {"stop": at(95, 95, 95)},
     replace(FREE, slippage_bps=100), [(1, 1, 101, 2, 94.05, "stop_loss")]),
    ("rule 8: a stop at a gap slips too", [100, 100, (90, 100, 90, 91)], {0: LONG}, {"stop": at(95, 95, 95)},
     replace(FREE, slippage_bps=100), [(1, 1, 101, 2, 89.1, "stop_loss")]),
    ("rule 8: a take-profit fills at its price", [100, 100, (100, 110, 100, 109)], {0: LONG},
     {"target": at(108, 108, 108)}, replace(FREE, slippage_bps=100), [(1, 1, 101, 2, 108, "take_profit")]),
    ("rule 8: ticks, against the trader", [100, 100.3, 110.3], {0: LONG, 1: EXIT}, {}, replace(FREE, tick=0.5),
     [(1, 1, 100.5, 2, 110.0, "exit")]),
    ("rule 8: a price on the grid stays as it is", [100, 100.1, 100.7], {0: LONG, 1: EXIT}, {},
     replace(FREE, tick=0.1), [(1, 1, 100.1, 2, 100.7, "exit")]),
    ("rule 9: a flip below the minimum is dropped, the old position closed all the same", [100, 100, 40, 40],
     {0: LONG, 1: SHORT}, {"size": Size("percent", 0.5)}, replace(FREE, min_notional=400),
     [(1, 1, 100, 2, 40, "reverse")]),
    ("rule 10: equity at 0 closes the account at that close", [100, 100, (150, 260, 150, 210), 50],
     {0: SHORT}, {}, FREE, [(-1, 1, 100, 2, 210, "account_at_zero")]),
    ("rule 7: a flip closes and opens in the same fill", [100, 100, 110, 110, 99], {0: LONG, 1: SHORT, 3: EXIT}, {}, FREE,
     [(1, 1, 100, 2, 110, "reverse"), (-1, 2, 110, 4, 99, "exit")]),
    ("rule 7: a flip from short to long", [100, 100, 90, 90, 99], {0: SHORT, 1: LONG, 3: EXIT}, {}, FREE,
     [(-1, 1, 100, 2, 90, "reverse"), (1, 2, 90, 4, 99, "exit")]),
    ("rule 7: a flip's new position may be stopped on the same bar", [100, 100, (110, 115, 108, 109)],
     {0: LONG, 1: SHORT}, STOP_3, FREE,
     [(1, 1, 100, 2, 110, "reverse"), (-1, 2, 110, 2, 113.3, "stop_loss")]),
]  # fmt: skip


WORDS = {LONG: "long", SHORT: "short", EXIT_LONG: "exit long", EXIT_SHORT: "exit short", EXIT: "exit"}


def page_rows():
    """The cases as rows of the page's table."""
    return [page_row(*case) for case in EXITS]


def page_row(name, rows, flags, asks, params, trades):
    rule, title = name.removeprefix("rule ").split(": ", 1)
    candles = " · ".join(
        " ".join(f"{x:g}" for x in (row if isinstance(row, tuple) else (row,))) for row in rows
    )
    requests = ", ".join(
        f"{i}: {' + '.join(word for bit, word in WORDS.items() if flag & bit)}" for i, flag in flags.items()
    )
    given = [f"{each} {settings_of(value)}" for each, value in asks.items()]
    given += [f"{each} {getattr(params, each)}" for each in ("fill", "slippage_bps", "tick", "min_notional")
              if getattr(params, each) != getattr(FREE, each)]  # fmt: skip
    found = "; ".join(
        f"{'long' if side > 0 else 'short'} {entry} @ {price:g} → {leave} @ {out:g} {reason}"
        for side, entry, price, leave, out, reason in trades
    )
    cells = (rule, title, candles, requests, ", ".join(given) or "-", found or "-")
    return f"| {' | '.join(cells)} |"


def settings_of(value):
    if isinstance(value, Size):
        return f"{value.kind} {value.value:g}"
    if not isinstance(value, Protection):
        return str(value)
    if value.kind == "percent":
        return f"{100 * value.value:g}%"
    return f"{value.kind} " + " ".join("na" if x != x else f"{x:g}" for x in value.series)


@pytest.mark.parametrize(("rows", "flags", "asks", "params", "trades"), [case[1:] for case in EXITS],
                         ids=[case[0] for case in EXITS])  # fmt: skip
def test_trades(rows, flags, asks, params, trades):
    result = run(make_bars(rows), make_orders(len(rows), flags, **asks), params)
    closed = result.trades
    found = list(zip(closed.side, closed.entry_index, closed.entry_price, closed.exit_index,
                     closed.exit_price, closed.reasons(), strict=True))  # fmt: skip
    assert [(*trade[:5], trade[5]) for trade in found] == [
        (side, entry, pytest.approx(price), leave, pytest.approx(out), reason)
        for side, entry, price, leave, out, reason in trades
    ]


FEE_1 = replace(FREE, fee=0.01)
SIZES = [
    # name, entry open, order settings, params, flags at bar 0, units, cash after the entry
    ("all of equity: notional + fee = equity", 100, {}, FEE_1, LONG, 1000 / 101, 0.0),
    ("half of equity, fee included", 100, {"size": Size("percent", 0.5)}, FEE_1, LONG, 500 / 101, 500.0),
    ("short: proceeds less fee are added", 100, {}, FEE_1, SHORT, 1000 / 101, 1000 + 1000 * 0.99 / 1.01),
    ("quote currency, fee included", 100, {"size": Size("quote", 202)}, FEE_1, LONG, 2.0, 798.0),
    ("units", 100, {"size": Size("units", 2)}, FEE_1, LONG, 2.0, 798.0),
    ("units beyond what can be paid are cut", 100, {"size": Size("units", 50)}, FEE_1, LONG, 1000 / 101, 0.0),
    ("quote beyond what can be paid is cut", 100, {"size": Size("quote", 5000)}, FEE_1, LONG, 1000 / 101, 0.0),
    ("a short beyond its collateral is cut", 100, {"size": Size("units", 50)}, FREE, SHORT, 10.0, 2000.0),
    ("risk 1 % with a 5 % stop: 10 / 5 a unit", 100,
     {"size": Size("risk", 0.01), "stop": percent(0.05)}, FREE, LONG, 2.0, 800.0),
    ("risk ignores fees", 100, {"size": Size("risk", 0.01), "stop": percent(0.05)}, FEE_1, LONG, 2.0, 798.0),
    ("risk with a distance", 100, {"size": Size("risk", 0.01), "stop": by(4, 4)}, FREE, LONG, 2.5, 750.0),
    ("risk with a level", 100, {"size": Size("risk", 0.01), "stop": at(98, 98)}, FREE, LONG, 5.0, 500.0),
    ("risk of a short", 100, {"size": Size("risk", 0.01), "stop": at(104, 104)}, FREE, SHORT, 2.5, 1250.0),
    ("risk of too near a stop is cut", 100, {"size": Size("risk", 0.01), "stop": at(99.5, 0)}, FREE, LONG, 10, 0.0),
    ("the size counts the fill price, slippage included", 100, {}, replace(FREE, slippage_bps=100), LONG,
     1000 / 101, 0.0),
    ("whole lots", 300, {}, replace(FREE, lot=1), LONG, 3.0, 100.0),
    ("three tenths are three lots of a tenth", 100, {"size": Size("units", 0.3)}, replace(FREE, lot=0.1), LONG,
     0.3, 970.0),
    ("at the minimum size", 100, {"size": Size("units", 2)}, replace(FREE, min_size=2), LONG, 2.0, 800.0),
    ("at the minimum notional", 100, {"size": Size("units", 2)}, replace(FREE, min_notional=200), LONG, 2.0, 800.0),
]  # fmt: skip


@pytest.mark.parametrize(("price", "asks", "params", "flag", "units", "cash"), [case[1:] for case in SIZES],
                         ids=[case[0] for case in SIZES])  # fmt: skip
def test_sizes(price, asks, params, flag, units, cash):
    result = run(make_bars([price, (price, price, price, price)]), make_orders(2, {0: flag}, **asks), params)
    assert result.open_trade is not None
    assert result.open_trade.size == pytest.approx(units)
    assert result.cash == pytest.approx(cash, abs=1e-9)


DROPS = [
    ("by is na", {"stop": by(NA, 1, 1)}, FREE),
    ("by is 0", {"target": by(0, 1, 1)}, FREE),
    ("by is negative", {"trail": by(-1, 1, 1)}, FREE),
    ("below the minimum size", {}, replace(FREE, min_size=11)),
    ("below the minimum notional", {}, replace(FREE, min_notional=1001)),
    ("less than a lot", {}, replace(FREE, lot=11)),
    ("risk with no stop on that bar", {"size": Size("risk", 0.01), "stop": at(NA, 1, 1)}, FREE),
    ("risk with a stop above a long's price", {"size": Size("risk", 0.01), "stop": at(101, 1, 1)}, FREE),
]


@pytest.mark.parametrize(("asks", "params"), [case[1:] for case in DROPS], ids=[case[0] for case in DROPS])
def test_dropped_requests_are_counted(asks, params):
    result = run(make_bars([100, 100, 100]), make_orders(3, {0: LONG}, **asks), params)
    assert (len(result.trades), result.open_trade, result.counts["dropped_requests"]) == (0, None, 1)


def test_a_dropped_flip_at_the_signal_leaves_the_position_but_its_exit_stands():
    orders = make_orders(4, {0: LONG, 1: SHORT, 2: SHORT | EXIT_LONG}, stop=by(50, NA, NA, NA))
    result = run(make_bars([100, 100, 100, 100]), orders, FREE)
    assert result.counts["dropped_requests"] == 2
    assert (result.trades.exit_index.tolist(), result.trades.reasons()) == ([3], ["exit"])


def test_a_flip_sized_from_equity_after_the_close():
    # long 10 at 100, closed at 120: equity 1,200, of which a short at 120 takes 10 units
    result = run(make_bars([100, 100, 120, 120]), make_orders(4, {0: LONG, 1: SHORT}), FREE)
    assert result.trades.pnl.tolist() == [200.0]
    assert result.open_trade.size == 10.0
    assert result.position.tolist() == [0.0, 10.0, -10.0, -10.0]


def test_pnl_is_net_of_both_fees_and_return_is_of_the_entry_notional():
    params = SimParams(cash=1010.0, fee=0.01)  # 10 units at 100 and 10 of fee; 1,100 less 11 come back
    result = run(make_bars([100, 100, 110]), make_orders(3, {0: LONG, 1: EXIT}), params)
    assert result.trades.pnl[0] == pytest.approx(79.0)
    assert result.trades.returns[0] == pytest.approx(0.079)
    assert result.fees == pytest.approx(21.0)
    assert result.equity.tolist() == pytest.approx([1010.0, 1000.0, 1089.0])


def test_equity_is_marked_at_every_close_and_the_open_trade_listed():
    result = run(make_bars([100, (100, 110, 95, 105), (105, 110, 90, 92)]), make_orders(3, {0: LONG}), FREE)
    assert result.equity.tolist() == [1000.0, 1050.0, 920.0]
    assert len(result.trades) == 0
    assert (result.open_trade.entry_index, result.open_trade.pnl, result.open_trade.mark_price) == (
        1,
        -80.0,
        92.0,
    )


def test_equity_of_a_short():
    result = run(make_bars([100, (100, 110, 95, 105), (105, 110, 90, 92)]), make_orders(3, {0: SHORT}), FREE)
    assert result.equity.tolist() == [1000.0, 950.0, 1080.0]
    assert result.position.tolist() == [0.0, -10.0, -10.0]


def test_borrow_is_paid_for_each_day_a_short_is_held_over():
    # 10 units short from bar 1; at the opens of bars 2 and 3 a day's 1 % of 1,000 and of 900 is due
    params = replace(FREE, borrow_per_day=0.01)
    result = run(make_bars([100, 100, 90, 90]), make_orders(4, {0: SHORT, 2: EXIT}), params)
    assert result.trades.carry.tolist() == pytest.approx([19.0])
    assert result.trades.pnl.tolist() == pytest.approx([81.0])
    assert result.equity.tolist() == pytest.approx([1000, 1000, 1090, 1081])


def test_borrow_counts_the_days_between_bars_and_longs_pay_none():
    params = replace(FREE, borrow_per_day=0.01)
    bars = make_bars([100, 100, 100])
    bars.time[2] += 2 * 86_400_000  # a weekend
    short = run(bars, make_orders(3, {0: SHORT, 1: EXIT}), params)
    assert short.trades.carry.tolist() == pytest.approx([30.0])
    assert run(bars, make_orders(3, {0: LONG, 1: EXIT}), params).trades.carry.tolist() == [0.0]


FUNDING = replace(FREE, funding_per_day=0.01)


@pytest.mark.parametrize(("flag", "params", "carry", "equity"), [
    # 10 units from bar 1; at the opens of bars 2 and 3 a day's 1 % of 1,000 and of 900 is due
    (LONG, FUNDING, 19, [1000, 1000, 890, 881]),
    (SHORT, FUNDING, -19, [1000, 1000, 1110, 1119]),
    (LONG, replace(FREE, funding_per_day=-0.01), -19, [1000, 1000, 910, 919]),
    (SHORT, replace(FUNDING, borrow_per_day=0.03), 38, [1000, 1000, 1080, 1062]),
    (LONG, replace(FUNDING, borrow_per_day=0.03), 19, [1000, 1000, 890, 881]),
], ids=["a long pays", "a short receives", "a negative rate turns it around", "less what a short pays for borrow",
        "a long pays no borrow"])  # fmt: skip
def test_funding(flag, params, carry, equity):
    result = run(make_bars([100, 100, 90, 90]), make_orders(4, {0: flag, 2: EXIT}), params)
    assert result.trades.carry.tolist() == pytest.approx([carry])
    assert result.trades.pnl.tolist() == pytest.approx([equity[-1] - 1000])
    assert result.equity.tolist() == pytest.approx(equity)


@pytest.mark.parametrize("rate", [1.0, -1.0, NA])
def test_a_rate_of_funding_is_a_fraction(rate):
    with pytest.raises(SimulationError, match="funding_per_day must be a fraction between -1 and 1"):
        run(make_bars([100]), make_orders(1, {}), replace(FREE, funding_per_day=rate))


def test_the_page_shows_every_candle_case():
    """docs/fills.md holds these rows, word for word; `python -m tests.engine.sim.test_candle_table` prints them."""
    page = (Path(__file__).parents[3] / "docs" / "fills.md").read_text(encoding="utf-8")
    shown = [line for line in page.split("## 13. ", 1)[1].splitlines() if line.startswith("| ")]
    assert shown[2:] == page_rows()
    assert {row.split(" |")[0] for row in shown[2:]} == {f"| {number}" for number in range(1, 11)}


def test_an_account_at_zero_ends_the_run():
    result = run(make_bars([100, 100, 200, 50]), make_orders(4, {0: SHORT, 2: LONG}), FREE)
    assert result.ended_early
    assert result.counts["accounts_ended"] == 1
    assert result.equity.tolist() == [1000.0, 1000.0, 0.0]
    assert result.trades.reasons() == ["account_at_zero"]


def test_ambiguous_bars_are_counted_only_where_the_order_is_unknown():
    def ambiguous(row):
        return run(make_bars([100, 100, row]), make_orders(3, {0: LONG}, **BOTH), FREE).counts[
            "ambiguous_bars"
        ]

    assert ambiguous((100, 107, 96, 101)) == 1
    assert ambiguous((108, 109, 90, 101)) == 0
    assert ambiguous((95, 109, 94, 101)) == 0
    assert ambiguous((100, 105, 96, 101)) == 0


def test_conflicting_bars_are_counted_whatever_is_held():
    orders = make_orders(4, {0: LONG, 1: LONG | SHORT, 2: LONG | SHORT | EXIT})
    assert run(make_bars([100, 100, 100, 100]), orders, FREE).counts["conflicting_bars"] == 2


@pytest.mark.parametrize(("parts", "price", "reason", "ambiguous"), [
    ([(100, 107, 99, 106), (106, 106, 96, 97)], 106, "take_profit", 0),
    ([(100, 101, 96, 98), (98, 107, 98, 106)], 97, "stop_loss", 0),
    ([(100, 101, 99, 100), (100, 107, 96, 101)], 97, "stop_loss", 1),
    ([(100, 101, 99, 101), (107, 107, 96, 97)], 106, "take_profit", 0),
], ids=["target first", "stop first", "both in one finer bar", "a finer bar opens past the target"])  # fmt: skip
def test_finer_bars_decide_which_came_first(parts, price, reason, ambiguous):
    half = 43_200_000
    finer = make_bars([100, 100, 100, 100, *parts], step_ms=half)
    bars = make_bars([100, 100, (100, 107, 96, 97)])
    result = run(bars, make_orders(3, {0: LONG}, **BOTH), FREE, finer=finer)
    assert (result.trades.exit_price.tolist(), result.trades.reasons()) == ([pytest.approx(price)], [reason])
    assert result.counts["ambiguous_bars"] == ambiguous


def test_excursions_count_bars_held_to_their_close():
    rows = [100, (100, 110, 95, 105), (105, 120, 90, 108), (108, 300, 1, 108)]
    result = run(make_bars(rows), make_orders(4, {0: LONG, 2: EXIT}), FREE)
    assert (result.trades.mae.tolist(), result.trades.mfe.tolist()) == (
        pytest.approx([0.10]), pytest.approx([0.20])
    )  # fmt: skip


if __name__ == "__main__":
    print("\n".join(page_rows()))
