"""Each rule of docs/portfolios.md on a few candles; every expected number was computed by hand.

1,000 in cash, no fee, two legs of 50 % unless a case says otherwise. A leg is (candles by day, requests by bar, order
settings, weight); a candle is a price that did not move, or (open, high, low, close). Day 0 is 30 January 1970.
"""

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.portfolio.result import Leg, run_portfolio
from apps.engine.portfolio.run import simulate
from apps.engine.portfolio.spec import Instrument, PortfolioParams, SignalLeg
from apps.engine.sim.spec import EXIT, LONG, SHORT, Protection, SimulationError, Size
from tests.engine.sim.candles import make_orders

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
FIRST_DAY = 29
STOP_3 = {"stop": Protection("percent", 0.03)}


def bars_of(candles, hours=0):
    rows = [row if isinstance(row, tuple) else (row,) * 4 for row in candles.values()]
    time = (FIRST_DAY + np.array(list(candles))) * DAY_MS + hours * HOUR_MS
    return Bars(time, *np.array(rows, dtype=float).T, np.ones(len(rows)), timeframe_ms=DAY_MS)


def days(*rows):
    return dict(enumerate(rows))


def leg(name, candles, flags, weight=0.5, hours=0, lot=0.0, **settings):
    bars = bars_of(candles, hours)
    return SignalLeg(name, bars, make_orders(len(bars), flags, **settings), weight, Instrument(lot=lot))


def play(*legs, **conditions):
    return simulate(legs, PortfolioParams(cash=1000.0, fee=conditions.pop("fee", 0.0), **conditions))


def sizes(found):
    return {k: pytest.approx(trade.size) for k, trade in found.open_trades.items()}


def closed(found):
    t = found.trades
    rows = zip(
        t.leg, t.entry_index, t.entry_price, t.exit_index, t.exit_price, t.size, t.reasons(), strict=True
    )
    return [tuple(x if isinstance(x, str) else float(x) for x in row) for row in rows]


def test_each_leg_takes_its_share():
    found = play(leg("A", days(100, 100), {0: LONG}), leg("B", days(50, 50), {0: LONG}))
    assert sizes(found) == {0: 5, 1: 10}
    assert found.cash == 0


def test_a_share_counts_what_others_gained_and_cash_is_the_limit():
    found = play(leg("A", days(100, 100, 120), {0: LONG}), leg("B", days(50, 50, 50), {1: LONG}))
    assert sizes(found) == {0: 5, 1: 10}  # half of 1,100 is asked, 500 are there
    assert found.counts["cut_sizes"] == 1


def test_a_share_counts_what_others_lost():
    found = play(leg("A", days(100, 100, 80), {0: LONG}), leg("B", days(50, 50, 50), {1: LONG}))
    assert sizes(found) == {0: 5, 1: 9}  # half of 900


def test_the_size_of_the_formula_is_part_of_the_share():
    found = play(leg("A", days(100, 100), {0: LONG}, size=Size("percent", 0.4)), leg("B", days(50, 50), {}))
    assert sizes(found) == {0: 2}  # 40 % of 500


def test_a_size_beyond_the_share_is_cut_to_it():
    found = play(leg("A", days(100, 100), {0: LONG}, size=Size("quote", 800.0)), leg("B", days(50, 50), {}))
    assert (sizes(found), found.counts["cut_sizes"]) == ({0: 5}, 1)


def test_entries_come_in_the_order_of_the_legs():
    found = play(leg("A", days(100, 100), {0: LONG}, 0.7), leg("B", days(50, 50), {0: LONG}, 0.7))
    assert sizes(found) == {0: 7, 1: 6}
    assert found.leg_counts[1]["cut_sizes"] == 1


def test_exits_come_before_entries_whatever_the_order_of_the_legs():
    found = play(
        leg("B", days(50, 50, 50), {1: LONG}, 1.0), leg("A", days(100, 100, 110), {0: LONG, 1: EXIT}, 1.0)
    )  # fmt: skip
    assert closed(found) == [(1, 1, 100, 2, 110, 10, "exit")]
    assert sizes(found) == {0: 22}


def test_a_request_waits_for_the_legs_own_next_bar():
    found = play(leg("A", days(100, 100, 100, 100), {}), leg("B", {0: 50, 1: 50, 3: 40}, {1: LONG}))
    assert sizes(found) == {1: 12.5}
    assert found.open_trades[1].entry_time == (FIRST_DAY + 3) * DAY_MS


def test_without_a_bar_the_last_mark_stands():
    found = play(
        leg("A", {0: 100, 1: (100, 112, 100, 110), 3: 130}, {0: LONG}), leg("B", days(50, 50, 50, 50), {})
    )
    assert found.equity.tolist() == [1000, 1050, 1050, 1150]
    assert found.time.tolist() == [(FIRST_DAY + day) * DAY_MS for day in range(4)]


def test_what_a_stop_brings_in_is_there_at_the_close_of_its_bar():
    found = play(
        leg("A", days(100, 100, 90, 90), {0: LONG}, 1.0, **STOP_3),
        leg("B", days(50, 50, 50, 50), {1: LONG, 2: LONG}, 1.0),
    )
    assert closed(found) == [(0, 1, 100, 2, 90, 10, "stop_loss")]  # a gap: at the open
    assert (sizes(found), found.counts["dropped_requests"]) == ({1: 18}, 1)  # a day later, of 900


def test_a_short_posts_its_value_as_collateral():
    half = play(leg("A", days(100, 100), {0: SHORT}), leg("B", days(50, 50), {0: LONG}))
    assert sizes(half) == {0: 5, 1: 10}
    whole = play(leg("A", days(100, 100), {0: SHORT}, 1.0), leg("B", days(50, 50), {0: LONG}))
    assert (sizes(whole), whole.counts["dropped_requests"]) == ({0: 10}, 1)


def test_rebalancing_sells_and_buys_at_the_first_open_of_the_month():
    found = play(
        leg("A", days(100, 100, 120, 120), {0: LONG}), leg("B", days(50, 50, 50, 50), {0: LONG}), rebalance="monthly"
    )  # fmt: skip
    # 5 x 120 + 10 x 50 = 1,100: 550 each
    assert sizes(found) == {0: 550 / 120, 1: 11}
    assert found.trades.reasons() == ["rebalance"]
    assert found.trades.pnl[0] == pytest.approx(20 * (5 - 550 / 120))
    assert found.changes.units.tolist() == pytest.approx([550 / 120 - 5, 1])
    assert set(found.changes.time.tolist()) == {31 * DAY_MS}  # 1 February


def test_rebalancing_waits_until_every_position_has_a_bar():
    found = play(
        leg("A", days(100, 100, 120, 120), {0: LONG}), leg("B", {0: 50, 1: 50, 3: 50}, {0: LONG}), rebalance="monthly"
    )  # fmt: skip
    assert set(found.changes.time.tolist()) == {32 * DAY_MS}


def test_what_is_added_averages_the_entry_price():
    found = play(
        leg("A", days(100, 100, 200), {0: LONG}), leg("B", days(50, 50, 60), {0: LONG}), rebalance="monthly"
    )  # fmt: skip
    # 1,000 + 600: 800 each; 10 at 50 and 3.33 at 60
    assert sizes(found) == {0: 4, 1: 800 / 60}
    assert found.open_trades[1].entry_price == pytest.approx(52.5)


def test_rebalancing_in_whole_lots():
    found = play(
        leg("A", days(100, 100, 120), {0: LONG}, lot=1.0), leg("B", days(50, 50, 50), {0: LONG}, lot=1.0),
        rebalance="monthly",
    )  # fmt: skip
    assert sizes(found) == {0: 4, 1: 11}


def test_rebalancing_pays_fees():
    found = play(
        leg("A", days(100, 100, 120), {0: LONG}, size=Size("percent", 0.5)), leg("B", days(50, 50, 50), {}),
        rebalance="monthly", fee=0.01,
    )  # fmt: skip
    units = 250 / 101  # at first; then a quarter of the equity at 120
    equity = 750 + units * 120
    sold = units - 0.25 * equity / 120
    assert found.changes.fee.tolist() == pytest.approx([sold * 120 * 0.01])
    assert found.cash == pytest.approx(750 + sold * 120 * 0.99)


@pytest.mark.parametrize(("threshold", "fills"), [(0.02, 2), (0.05, 0)])
def test_a_drift_seen_at_a_close_is_traded_at_the_next_open(threshold, fills):
    found = play(
        leg("A", days(100, (100, 110, 100, 110), 110), {0: LONG}), leg("B", days(50, 50, 50), {0: LONG}),
        rebalance="threshold", threshold=threshold,
    )  # fmt: skip
    # 550 of 1,050 are 52.4 %
    assert found.counts["rebalances"] == fills
    assert sizes(found) == ({0: 525 / 110, 1: 10.5} if fills else {0: 5, 1: 10})


def test_sizes_of_the_formulas_own_are_not_rebalanced():
    found = play(
        leg("A", days(100, 100, 120), {0: LONG}, size=Size("units", 2.0)),
        leg("B", days(50, 50, 50), {0: LONG}, size=Size("quote", 300.0)),
        rebalance="monthly",
    )
    assert (sizes(found), found.counts["rebalances"]) == ({0: 2, 1: 6}, 0)


def test_an_account_at_zero_closes_everything():
    found = play(
        leg("A", days(100, (100, 400, 100, 400), 100), {0: SHORT}), leg("B", days(50, 50, 50), {0: LONG})
    )  # fmt: skip
    assert closed(found) == [
        (0, 1, 100, 1, 400, 5, "account_at_zero"),
        (1, 1, 50, 1, 50, 10, "account_at_zero"),
    ]
    assert (found.equity.tolist(), found.cash, found.ended_early) == ([1000, -500], -500, True)


def test_at_zero_a_leg_without_a_bar_is_closed_at_its_next_one():
    found = play(
        leg("A", days(100, 100, (100, 400, 100, 400), 100, 100), {0: SHORT, 3: LONG}),
        leg("B", {0: 50, 1: 50, 3: 30, 4: 30}, {0: LONG}),
    )
    assert closed(found) == [
        (0, 1, 100, 2, 400, 5, "account_at_zero"),
        (1, 1, 50, 2, 30, 10, "account_at_zero"),
    ]
    assert found.equity.tolist() == [1000, 1000, -500, -700]


def test_filling_at_the_close():
    found = play(
        leg("A", days(100, 120), {0: LONG}), leg("B", days(50, 50), {0: LONG, 1: EXIT}), fill="close"
    )
    assert sizes(found) == {0: 5, 1: 10}
    assert found.equity.tolist() == [1000, 1100]


def test_a_bar_that_is_not_over_is_known_by_its_open_alone():
    found = play(
        leg("A", days(100, (100, 140, 100, 140)), {0: LONG}), leg("B", days(50, 50), {0: LONG}, hours=6)
    )  # fmt: skip
    assert sizes(found) == {0: 5, 1: 10}  # half of 1,000, not of 1,200
    # A closes at midnight, B six hours later: each is a point of the curve
    assert found.equity.tolist() == [1000, 1000, 1200, 1200]


def test_borrow_is_paid_from_the_account():
    found = play(
        leg("A", days(100, 100, 100), {0: SHORT}), leg("B", days(50, 50, 50), {}), borrow_per_day=0.01
    )
    assert found.equity.tolist() == [1000, 1000, 995]


def test_a_leg_without_a_formula_is_bought_and_held():
    result = run_portfolio(
        [
            Leg("A", bars_of(days(100, 100, 120, 120)), weight=0.6),
            Leg("B", bars_of(days(50, 50, 50, 60)), weight=0.4),
        ],
        PortfolioParams(cash=1000.0, fee=0.0),
    )
    assert result.simulation.equity.tolist() == pytest.approx([1000, 1000, 1120, 1200])
    assert [leg["profit"] for leg in result.legs] == pytest.approx([120, 80])
    assert result.metrics["buy_and_hold"] == pytest.approx(0.6 * 0.2 + 0.4 * 0.2)
    assert result.metrics["exposure"] == 0.75


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": 0.0}, "weight of B must be above 0 %"),
        ({"weight": 0.6}, "add up to 110 %"),
        ({"currency": "EUR"}, "different currencies \\(EUR, USD\\)"),
        ({"text": 'alert "x" when true\n'}, "B: the formula only alerts"),
        (
            {"bars": bars_of(days(1, np.nan))},
            "B: the open of the bar of 1970-01-31T00:00:00Z is not a number",
        ),
    ],
)
def test_what_cannot_be_run_is_refused(change, message):
    bars = bars_of(days(50, 50))
    second = {"bars": bars, "weight": 0.5, "currency": "USD"} | change
    with pytest.raises(SimulationError, match=message):
        run_portfolio(
            [Leg("A", bars, weight=0.5, currency="USD"), Leg("B", **second)], PortfolioParams(rebalance="daily")
        )  # fmt: skip
