"""Our fills against backtesting.py's, trade by trade; and where they differ, how often and why."""

import numpy as np
import pytest

from apps.engine.lang import compile_formula
from apps.engine.sim.rules import REASONS
from apps.engine.sim.run import run
from apps.engine.sim.spec import LONG, Orders, SimParams, Size
from tests.engine.peers.cases import BOTH_WAYS, EMA_CROSS, FEE, STOCKS, UT_BOT, Case, assert_equal, differing


def reasons(trades):
    return np.array([REASONS[code] for code in trades.reason.tolist()])


@pytest.mark.parametrize("symbol", STOCKS)
@pytest.mark.parametrize(
    ("formula", "stop", "target"),
    [
        (EMA_CROSS, None, None),
        (BOTH_WAYS, None, None),
        (EMA_CROSS, 0.03, 0.06),
        (BOTH_WAYS, 0.03, None),
        (BOTH_WAYS, None, 0.06),
        (UT_BOT, 0.02, 0.05),
    ],
    ids=["cross", "cross both ways", "cross, stop and target", "stop", "target", "UT Bot, stop and target"],
)
def test_trades_and_equity_are_equal_on_stocks(backtesting_py, symbol, formula, stop, target):
    case = Case(symbol, formula, stop=stop, target=target)
    assert_equal(case.ours(), case.theirs(backtesting_py), least=40)


@pytest.mark.parametrize(
    ("formula", "stop", "target"),
    [(BOTH_WAYS, 0.002, 0.004), (UT_BOT, 0.002, 0.004)],
    ids=["cross both ways", "UT Bot"],
)
def test_trades_and_equity_are_equal_on_minutes(backtesting_py, formula, stop, target):
    case = Case("MINUTES", formula, stop=stop, target=target)
    ours = case.ours()
    assert {"stop_loss", "take_profit", "reverse"} <= set(reasons(ours.trades))
    assert_equal(ours, case.theirs(backtesting_py), least=500)


@pytest.mark.parametrize("formula", [EMA_CROSS, BOTH_WAYS], ids=["long", "both ways"])
def test_a_share_of_equity_in_whole_units_is_equal(backtesting_py, formula):
    case = Case("IBM", formula, size=Size("percent", 0.95), lot=1.0, stop=0.03)
    assert_equal(case.ours(), case.theirs(backtesting_py), least=60)


def test_with_its_own_averages_and_crossing(backtesting_py):
    text = EMA_CROSS.replace("ema", "sma").replace("21", "30")
    for symbol in STOCKS:
        bars = Case(symbol).bars
        backtesting_py.hold(bars)
        theirs = backtesting_py.run("sma_cross", size=10, cash=1e6, fee=FEE, fast=9, slow=30)
        orders = compile_formula(text).evaluate(bars).orders
        ours = run(bars, Orders(orders.flags, size=Size("units", 10)), SimParams(cash=1e6, fee=FEE))
        assert_equal(ours, theirs, least=30)


def test_it_buys_whole_units_only(backtesting_py):
    case = Case("IBM", size=Size("percent", 0.95), cash=10_000.0)
    ours, theirs = case.ours().trades, case.theirs(backtesting_py)
    np.testing.assert_array_equal(ours.entry_index, theirs["entry_index"])
    assert np.count_nonzero(ours.size != theirs["size"]) == len(ours)
    assert np.array_equal(theirs["size"], np.round(theirs["size"]))


def test_it_cancels_what_cannot_be_paid_and_we_cut_it(backtesting_py):
    case = Case("IBM", size=Size("units", 1_000), cash=10_000.0)
    ours = case.ours()
    assert len(case.theirs(backtesting_py)["side"]) == 0
    assert ours.counts["cut_sizes"] == len(ours.trades) + (ours.open_trade is not None) > 0


def test_it_refuses_an_order_whose_levels_the_last_close_has_passed(backtesting_py):
    refused = expected = entries = 0
    for symbol in STOCKS:
        case = Case(symbol, UT_BOT, stop=0.02, target=0.05)
        bars, trades = case.bars, case.ours().trades
        refused += len(case.theirs(backtesting_py, how="refusing")["refused"])
        before = bars.close[trades.entry_index - 1]
        stop = trades.entry_price * (1 - trades.side * 0.02)
        target = trades.entry_price * (1 + trades.side * 0.05)
        expected += np.count_nonzero(
            (trades.side * (before - stop) <= 0) | (trades.side * (target - before) <= 0)
        )
        entries += len(trades)
    assert 0 < refused == expected < entries / 20


def test_it_takes_the_stop_where_a_bar_opened_beyond_the_target(backtesting_py):
    case = Case("GAPS", "long when close > open and close[1] > 0\n", stop=0.02, target=0.02)
    ours, bars = case.ours(), case.bars
    trades = ours.trades
    stop, target = trades.entry_price * 0.98, trades.entry_price * 1.02
    at = trades.exit_index
    beyond = (reasons(trades) == "take_profit") & (bars.open[at] >= target) & (bars.low[at] <= stop)
    assert np.count_nonzero(beyond) >= 3
    theirs = case.theirs(backtesting_py)
    assert differing(ours, theirs) == set(trades.entry_index[beyond].tolist())
    np.testing.assert_allclose(theirs["exit_price"][beyond], stop[beyond])


def test_a_reversal_by_one_order_lets_a_stop_come_first(backtesting_py):
    # The stop takes the position, then the order for both sizes opens twice the size.
    case = Case("GAPS", BOTH_WAYS, stop=0.04)
    bars, trades = case.bars, case.ours().trades
    at, stop = trades.exit_index, trades.entry_price * (1 - trades.side * 0.04)
    reached = np.where(trades.side > 0, bars.low[at] <= stop, bars.high[at] >= stop)
    reached &= trades.side * (bars.open[at] - stop) > 0
    first = int(np.flatnonzero((reasons(trades) == "reverse") & reached)[0])
    theirs = case.theirs(backtesting_py, how="netting")
    equal = case.theirs(backtesting_py)
    assert theirs["exit_index"][first] == equal["exit_index"][first]
    assert theirs["exit_price"][first] != equal["exit_price"][first]
    assert theirs["size"][first + 1] == 2 * equal["size"][first + 1]


@pytest.mark.parametrize("formula", [EMA_CROSS, BOTH_WAYS], ids=["long", "both ways"])
def test_at_the_close_trades_are_equal_and_equity_is_noted_before_the_fill(backtesting_py, formula):
    case = Case("IBM", formula)
    ours, theirs = case.ours(fill="close"), case.theirs(backtesting_py, at_close=True)
    trades, fees = ours.trades, np.zeros(len(case.bars))
    np.add.at(fees, trades.entry_index, trades.entry_fee)
    np.add.at(fees, trades.exit_index, trades.exit_fee)
    if ours.open_trade:
        fees[ours.open_trade.entry_index] += ours.open_trade.entry_fee
    assert np.count_nonzero(fees) > 100
    assert_equal(ours, theirs | {"equity": theirs["equity"] - fees}, least=60)


def test_it_hears_nothing_on_the_first_bar(backtesting_py):
    case = Case("GAPS", "long when close > open\nexit long when close < open\n")
    ours, theirs = case.ours(), case.theirs(backtesting_py)
    assert case.flags[0] == LONG
    late = {1, int(theirs["entry_index"][0])} if case.flags[1] == LONG else {1}
    assert differing(ours, theirs) == late
