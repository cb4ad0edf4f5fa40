"""Our fills against vectorbt's, trade by trade; and where they differ, how often and why."""

import numpy as np
import pytest

from apps.engine.sim.rules import REASONS
from apps.engine.sim.run import run
from apps.engine.sim.spec import Orders, SimParams, Size
from benchmarks.peers import PeerError
from tests.engine.peers.cases import (
    BOTH_WAYS,
    CASH,
    EMA_CROSS,
    FEE,
    STOCKS,
    UT_BOT,
    Case,
    assert_equal,
    differing,
)  # fmt: skip

ENGINE = "rust"  # its Numba kernels give the same, and need 20 seconds to compile


def reasons(trades):
    return np.array([REASONS[code] for code in trades.reason.tolist()])


@pytest.mark.parametrize("symbol", [*STOCKS, "MINUTES"])
@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("formula", [EMA_CROSS, BOTH_WAYS, UT_BOT], ids=["cross", "both ways", "UT Bot"])
def test_trades_and_equity_are_equal(vectorbt, symbol, fill, formula):
    case = Case(symbol, formula)
    assert_equal(case.ours(fill), case.theirs(vectorbt, engine=ENGINE, at_close=fill == "close"), least=40)


@pytest.mark.parametrize("symbol", [*STOCKS, "MINUTES"])
def test_with_stop_and_target_at_the_close(vectorbt, symbol):
    stop, target = (0.002, 0.004) if symbol == "MINUTES" else (0.03, 0.06)
    case = Case(symbol, stop=stop, target=target)
    ours = case.ours("close")
    assert {"stop_loss", "take_profit"} <= set(reasons(ours.trades))
    assert_equal(ours, case.theirs(vectorbt, engine=ENGINE, at_close=True), least=40)


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_with_all_of_equity(vectorbt, fill):
    case = Case("IBM", size=Size("percent", 1.0))
    assert_equal(
        case.ours(fill), case.theirs(vectorbt, engine=ENGINE, at_close=fill == "close", size=None), least=60
    )


@pytest.mark.parametrize("symbol", STOCKS)
def test_with_its_own_averages_and_crossings(vectorbt, symbol):
    # Its averages are seeded with the first value, ours with a mean: by then they have met.
    settled, case = 300, Case(symbol)
    vectorbt.hold(case.bars)
    theirs = vectorbt.run("ema_cross", engine=ENGINE, size=10, cash=CASH, fee=FEE, settled=settled)
    flags = case.flags.copy()
    flags[:settled] = 0
    ours = run(case.bars, Orders(flags, size=Size("units", 10)), SimParams(cash=CASH, fee=FEE))
    assert_equal(ours, theirs, least=35)


@pytest.mark.prove
def test_its_numba_kernels_fill_alike(vectorbt):
    case = Case("IBM", BOTH_WAYS, stop=0.03)
    numba, rust = (case.theirs(vectorbt, engine=engine, at_close=False) for engine in ("numba", "rust"))
    for name, column in rust.items():
        np.testing.assert_array_equal(column, numba[name], err_msg=name)


def test_at_the_next_open_a_stop_beats_the_exit_due_and_spares_the_entry(vectorbt):
    """It looks for stops before it carries out what is due at the open, and not at all on the bar of the entry."""
    differ = beaten = spared = count = 0
    for symbol in STOCKS:
        case = Case(symbol, stop=0.03, target=0.06)
        ours, bars = case.ours(), case.bars
        trades = ours.trades
        stop, target, at = trades.entry_price * 0.97, trades.entry_price * 1.06, trades.exit_index
        inside = (bars.open[at] > stop) & (bars.low[at] <= stop)
        inside |= (bars.open[at] < target) & (bars.high[at] >= target)
        due = (reasons(trades) == "exit") & inside
        at_once = at == trades.entry_index
        found = differing(ours, case.theirs(vectorbt, engine=ENGINE, at_close=False))
        assert found == set(trades.entry_index[due | at_once].tolist())
        differ, beaten, spared = differ + len(found), beaten + int(due.sum()), spared + int(at_once.sum())
        count += len(trades)
    assert (differ, beaten, spared, count) == (19, 7, 12, 233)  # as docs/peers.md says


def test_it_does_not_hear_a_signal_on_the_bar_of_a_stop(vectorbt):
    missed = heard = 0
    for symbol in STOCKS:
        case = Case(symbol, UT_BOT, stop=0.03, target=0.06)
        ours = case.ours("close")
        trades = ours.trades
        protected = np.isin(reasons(trades), ("stop_loss", "take_profit"))
        again = np.zeros(len(trades), dtype=bool)
        for k in range(1, len(trades)):
            # one that it missed it need not leave either, so that it hears the signal after
            held = protected[k - 1] and not again[k - 1]
            again[k] = held and trades.entry_index[k] == trades.exit_index[k - 1]
        theirs = case.theirs(vectorbt, engine=ENGINE, at_close=True)
        assert differing(ours, theirs) == set(trades.entry_index[again].tolist())
        missed, heard = missed + int(again.sum()), heard + len(trades)
    assert (missed, heard) == (68, 644)  # as docs/peers.md says


def test_it_takes_the_stop_where_a_bar_opened_beyond_the_target(vectorbt):
    case = Case("GAPS", stop=0.01, target=0.01)
    ours, bars = case.ours("close"), case.bars
    trades = ours.trades
    stop, target, at = trades.entry_price * 0.99, trades.entry_price * 1.01, trades.exit_index
    beyond = (reasons(trades) == "take_profit") & (bars.open[at] >= target) & (bars.low[at] <= stop)
    theirs = case.theirs(vectorbt, engine=ENGINE, at_close=True)
    assert set(trades.entry_index[beyond].tolist()) <= differing(ours, theirs)
    assert np.count_nonzero(beyond) >= 3
    at_theirs = np.isin(theirs["entry_index"], trades.entry_index[beyond])
    np.testing.assert_allclose(theirs["exit_price"][at_theirs], stop[beyond])


def test_a_sum_of_money_is_without_the_fee_there_and_with_it_here(vectorbt):
    case = Case("IBM", size=Size("quote", 1_000))
    theirs = case.theirs(vectorbt, engine=ENGINE, at_close=False, size_type="value", size=1_000)
    ours = case.ours().trades
    np.testing.assert_array_equal(ours.entry_index, theirs["entry_index"])
    np.testing.assert_allclose(theirs["size"], 1_000 / theirs["entry_price"])
    np.testing.assert_allclose(ours.size, 1_000 / (ours.entry_price * (1 + FEE)))


def test_a_share_of_equity_cannot_reverse_there(vectorbt):
    case = Case("IBM", BOTH_WAYS, size=Size("percent", 0.5))
    with pytest.raises(PeerError, match="reversal"):
        case.theirs(vectorbt, engine=ENGINE, at_close=False, size_type="percent")
