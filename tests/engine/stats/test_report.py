"""Costs, delays, distributions: by hand, and against the fill step itself."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.result import run_backtest
from apps.engine.sim import kernel
from apps.engine.sim.rules import rules_of
from apps.engine.sim.run import run
from apps.engine.sim.spec import EXIT, LONG, Protection, SimParams, Size
from apps.engine.stats.costs import cost_table, risk_table
from apps.engine.stats.delay import delay_table, shifted
from apps.engine.stats.histogram import histogram
from apps.engine.stats.report import report_of
from apps.engine.stats.tables import drawdown_table
from apps.engine.stats.unslipped import unslipped
from tests.engine.sim.candles import DAY_MS, FREE, make_bars, make_orders
from tests.engine.sim.test_against_reference import random_case

# Bought at the open of 100, sold at that of 110.
RISE = [100, (100, 110, 100, 110), 110, 110]
IN_AND_OUT = {0: LONG, 1: EXIT}
ONE = Size("units", 1.0)


def costs_of(bars, orders, params):
    result = run(bars, orders, params)
    return cost_table(result, bars, params, unslipped(result.trades, bars, orders, params))


def test_waterfall_and_break_even_by_hand():
    """1 unit from 100 to 110: 10 gross; 100 bps against it on each fill cost 1.00 + 1.10; fees 1 % of 101 and 108.9."""
    bars = make_bars(RISE)
    params = SimParams(cash=1000.0, fee=0.01, slippage_bps=100.0)
    costs = costs_of(bars, make_orders(4, IN_AND_OUT, size=ONE), params)
    assert costs["gross"] == pytest.approx(10.0)
    assert costs["slippage"] == pytest.approx(2.10)
    assert costs["fees"] == pytest.approx(0.01 * (101 + 108.9))
    assert costs["net"] == pytest.approx(10 - 2.10 - 2.099)
    assert costs["break_even_slippage_bps"] == pytest.approx((10 - 2.099) / 210 * 10_000)
    assert costs["break_even_fee"] == pytest.approx(7.9 / 209.9)


def test_at_the_break_even_slippage_trades_earn_nothing():
    """Without fees and with fixed sizes, a run at that slippage confirms it."""
    rng = np.random.default_rng(2)
    rows = 100 + np.cumsum(rng.normal(0.05, 1, 300))
    bars = make_bars([float(price) for price in rows])
    flags = {i: LONG if i % 10 == 0 else EXIT for i in range(0, 300, 5)}
    orders = make_orders(300, flags, size=ONE)
    params = SimParams(cash=10_000.0, fee=0.0)
    even = costs_of(bars, orders, params)["break_even_slippage_bps"]
    assert even > 1
    slipped = run(bars, orders, replace(params, slippage_bps=even))
    assert float(np.sum(slipped.trades.pnl)) == pytest.approx(0, abs=1e-9)


def test_targets_do_not_slip_and_carry_no_notional():
    bars = make_bars([100, (100, 112, 99, 111), 111])
    orders = make_orders(3, {0: LONG}, size=ONE, target=Protection("percent", 0.1))
    costs = costs_of(bars, orders, SimParams(cash=1000.0, fee=0.0, slippage_bps=10.0))
    # bought at 100.10, sold at the target of 110.11: 0.10 of slippage on the entry alone
    assert costs["gross"] == pytest.approx(10.11)
    assert costs["slippage"] == pytest.approx(0.10)
    assert costs["break_even_slippage_bps"] == pytest.approx(10.11 / 100 * 10_000)


def test_the_open_trade_is_in_the_waterfall_and_not_in_the_break_even():
    bars = make_bars([100, 100, 120])
    params = SimParams(cash=1000.0, fee=0.01)
    orders = make_orders(3, {0: LONG}, size=ONE)
    costs = costs_of(bars, orders, params)
    assert (costs["gross"], costs["fees"], costs["net"]) == (20.0, 1.0, 19.0)
    assert (costs["break_even_slippage_bps"], costs["break_even_fee"]) == (None, None)


@pytest.mark.parametrize("seeds", [range(300), pytest.param(range(300, 6000), marks=pytest.mark.prove)])
def test_prices_before_slippage_give_the_fills_of_any_run(seeds):
    """Moved by the fill step's own rule, they are the prices of the trades, to the last bit."""
    seen = set()
    for seed in seeds:
        bars, orders, params, finer = random_case(seed)
        result = run(bars, orders, params, finer=finer)
        trades = result.trades
        prices = unslipped(trades, bars, orders, params)
        rules = rules_of(orders, params)
        for i in range(len(trades)):
            side = int(trades.side[i])
            assert kernel.moved(prices.entry[i], side, rules) == trades.entry_price[i], seed
            if trades.reason[i] == kernel.BY_TARGET:
                assert prices.exit[i] == trades.exit_price[i]
            else:
                assert kernel.moved(prices.exit[i], -side, rules) == trades.exit_price[i], seed
            seen.add(int(trades.reason[i]))
        costs = cost_table(result, bars, params, prices)
        spent = costs["slippage"] + costs["fees"] + costs["borrow"]
        assert costs["gross"] - spent == pytest.approx(costs["net"], rel=1e-9, abs=1e-7), seed
    assert len(seen) >= 6  # of the seven reasons; few accounts fall to 0


def test_results_in_r_by_hand():
    """Bought 1 at 100 with a stop at 95: a win of 10 is 2 R, a stop -1 R; a trade without a stop does not count."""
    bars = make_bars([100, (100, 110, 100, 110), 110, 100, (100, 100, 90, 92)])
    orders = make_orders(5, {0: LONG, 1: EXIT, 2: LONG}, size=ONE, stop=Protection("percent", 0.05))
    result = run(bars, orders, FREE)
    risk = risk_table(result, unslipped(result.trades, bars, orders, FREE))
    assert risk == {
        "trades_with_stop": 2,
        "expectancy_r": pytest.approx(0.5),
        "avg_win_r": pytest.approx(2.0),
        "avg_loss_r": pytest.approx(-1.0),
    }
    orders = replace(orders, stop=None)
    result = run(bars, orders, FREE)
    assert risk_table(result, unslipped(result.trades, bars, orders, FREE))["expectancy_r"] is None


def test_worst_drawdowns_have_dates():
    bars = make_bars([100, 100, 90, 100, 80, 70, 90])
    orders = make_orders(7, {0: LONG})
    rows = drawdown_table(run(bars, orders, FREE), bars, 1000.0)
    assert rows[0] == {
        "start": "1970-01-05T00:00:00Z", "trough": "1970-01-06T00:00:00Z", "end": None,
        "depth": pytest.approx(0.3), "amount": pytest.approx(300.0), "bars": 3, "days": 3.0, "days_to_recover": None,
    }  # fmt: skip
    assert rows[1] == {
        "start": "1970-01-03T00:00:00Z", "trough": "1970-01-03T00:00:00Z", "end": "1970-01-04T00:00:00Z",
        "depth": pytest.approx(0.1), "amount": pytest.approx(100.0), "bars": 1, "days": 1.0, "days_to_recover": 1.0,
    }  # fmt: skip


# One asks at bar 0 and leaves at bar 4. The open rises to 110 by bar 3 and falls to 105 and 100.
OPENS = [100, 100, 104, 106, 112, 105, 110, 111]


def delays_of(finer=None, **settings):
    bars = make_bars([float(price) for price in OPENS])
    orders = make_orders(len(OPENS), {0: LONG, 4: EXIT}, **settings)
    result = run(bars, orders, FREE, finer=finer)
    return delay_table(result, bars, orders, FREE, finer)


def test_cost_of_delay_by_hand():
    """In at the open of bars 1, 2, 3 and 4, out at those of 5, 6 and 7; 5 bars late there is no exit any more."""
    delay = delays_of()
    assert [row["bars"] for row in delay["rows"]] == [0, 1, 2, 3, 5]
    expected = [105 / 100, 110 / 104, 111 / 106, 111 / 112, 111 / 110]
    assert [row["total_return"] for row in delay["rows"]] == pytest.approx([each - 1 for each in expected])
    assert [row["trades"] for row in delay["rows"]] == [1, 1, 1, 0, 0]
    before, after = 111 / 106 - 1, 111 / 112 - 1
    assert delay["gone_after_bars"] == pytest.approx(2 + before / (before - after))
    assert delay["words"] == "This edge is gone after 3 bars."


@pytest.mark.parametrize(
    ("opens", "words"),
    [
        ([100] * 8, "There is no edge to lose: the run earns nothing even without delay."),
        (list(range(100, 180, 10)), "The edge outlasts a delay of 5 bars."),
    ],
)
def test_what_is_said_of_other_edges(opens, words, monkeypatch):
    monkeypatch.setattr("tests.engine.stats.test_report.OPENS", opens)
    delay = delays_of()
    assert (delay["words"], delay["gone_after_bars"]) == (words, None)


def test_without_trades_nothing_is_late():
    bars = make_bars([100] * 4)
    orders = make_orders(4, {})
    words = delay_table(run(bars, orders, FREE), bars, orders, FREE, None)["words"]
    assert words == "There are no trades that a delay could cost."


def test_delay_inside_the_bar_takes_the_finer_opens():
    """Quarters of a day: one finer bar late buys at the second quarter's open; stops are tested as before."""
    bars = make_bars([(100, 130, 90, 100), (100, 130, 90, 100), (100, 130, 90, 120), (120, 130, 90, 120)])
    quarter = DAY_MS // 4
    opens = np.array([100.0, 102, 104, 106] * 2 + [100.0, 110, 120, 126] + [120.0] * 4)
    finer = Bars(np.arange(16) * quarter, opens, opens, opens, opens, np.ones(16), quarter)
    orders = make_orders(4, {0: LONG, 1: EXIT})
    delay = delay_table(run(bars, orders, FREE, finer=finer), bars, orders, FREE, finer)
    rows = {row["seconds"] / 3600: row["total_return"] for row in delay["rows"]}
    assert list(rows) == [0, 6, 12, 24, 48, 72, 120]
    assert rows[6] == pytest.approx(110 / 102 - 1)
    assert rows[12] == pytest.approx(120 / 104 - 1)
    # a bar without a finer bar so late opens at its close
    early = Bars(np.arange(16) * quarter, opens, opens, opens, opens, np.ones(16), quarter).slice(0, 9)
    delay = delay_table(run(bars, orders, FREE, finer=early), bars, orders, FREE, early)
    assert delay["rows"][1]["total_return"] == pytest.approx(120 / 102 - 1)


@given(st.integers(0, 100_000), st.integers(1, 5))
def test_later_orders_are_the_same_orders_later(seed, count):
    bars, orders, *_ = random_case(seed)
    late = shifted(orders, count)
    n = len(bars)
    assert late.flags.tolist() == [0] * min(count, n) + orders.flags[: max(n - count, 0)].tolist()
    for name in ("stop", "target", "trail"):
        one, other = getattr(orders, name), getattr(late, name)
        if one is None or one.series is None:
            assert other is one
        else:
            np.testing.assert_array_equal(other.series[count:], one.series[: max(n - count, 0)])
            assert np.isnan(other.series[:count]).all()


@given(st.lists(st.floats(-1, 3), min_size=1, max_size=200))
def test_histograms_count_every_value_once(values):
    found = histogram(np.array(values))
    edges, counts = found["edges"], found["counts"]
    assert found["below"] + sum(counts) + found["above"] == len(values)
    assert counts == [sum(low <= v < high for v in values) for low, high in pairwise(edges)]
    assert len(counts) <= 42


def test_bins_are_round_numbers():
    found = histogram(np.linspace(-0.02, 0.05, 71))
    assert found["edges"][:3] == [-0.02, -0.018, -0.016]
    assert histogram(np.array([])) is None
    assert histogram(np.zeros(5)) == {"edges": [0.0, 0.001], "counts": [5], "below": 0, "above": 0}


def test_months_and_years_make_up_the_whole():
    """Their returns compound to the run's and to buy-and-hold's."""
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 800)))
    result = run_backtest(
        "long when close > sma(close, 5)\nexit when close < sma(close, 5)", make_bars(close.tolist())
    )
    for table in ("monthly", "yearly"):
        rows = result.report[table]
        assert math.prod(1 + row["return"] for row in rows) - 1 == pytest.approx(
            result.metrics["total_return"]
        )
        assert math.prod(1 + row["buy_and_hold"] for row in rows) - 1 == pytest.approx(
            result.metrics["buy_and_hold"]
        )
    assert [row["year"] for row in result.report["yearly"]] == [1970, 1971, 1972]
    assert result.report["monthly"][0] | {"return": 0, "buy_and_hold": 0} == {
        "year": 1970, "month": 1, "return": 0, "buy_and_hold": 0,
    }  # fmt: skip


def test_a_report_of_the_strangest_runs_is_plain_json():
    for seed in range(200):
        bars, orders, params, finer = random_case(seed)
        result = run(bars, orders, params, finer=finer)
        report = report_of(
            result, bars, orders, params, unslipped(result.trades, bars, orders, params), finer
        )
        json.dumps(report, allow_nan=False)
