"""Each metric on numbers small enough to compute by hand, or against published ones."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.sim.run import run
from apps.engine.sim.spec import LONG, SHORT
from apps.engine.stats.calendar import day_ends, is_round_the_clock, local_days, year_of
from apps.engine.stats.equity import cagr, fall_figures, falls
from apps.engine.stats.metrics import metrics_of
from apps.engine.stats.returns import moments_of, period_returns, return_figures
from apps.engine.stats.sums import total
from apps.engine.stats.trades import trade_figures
from tests.engine.sim.candles import FREE, make_bars, make_orders

DAY_MS = 86_400_000
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def instants(start, step, count):
    return np.array([int((start + i * step).timestamp() * 1000) for i in range(count)])


# Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed. 2008, p. 65 and 66: monthly returns.
PORTFOLIO = np.array([
    0.003, 0.026, 0.011, -0.010, 0.015, 0.025, 0.016, 0.067, -0.014, 0.040, -0.005, 0.081,
    0.040, -0.037, -0.061, 0.017, -0.049, -0.022, 0.070, 0.058, -0.065, 0.024, -0.005, -0.009,
])  # fmt: skip
BENCHMARK = np.array([
    0.002, 0.025, 0.018, -0.011, 0.014, 0.018, 0.014, 0.065, -0.015, 0.042, -0.006, 0.083,
    0.039, -0.038, -0.062, 0.015, -0.048, 0.021, 0.060, 0.056, -0.067, 0.019, -0.003, 0.000,
])  # fmt: skip


def test_figures_of_returns_as_published_for_bacons_portfolio():
    """Ratios that PerformanceAnalytics prints for it, with the pages of the book (p. 95, 100, 99)."""
    figures = return_figures(PORTFOLIO, BENCHMARK)
    annual = cagr(1.0, float(np.prod(1 + PORTFOLIO)), 2.0)
    sharpe = annual / (figures.deviation * math.sqrt(12))
    adjusted = sharpe * (1 + figures.skew / 6 * sharpe - (figures.kurtosis - 3) / 24 * sharpe**2)
    assert round(figures.omega, 2) == 1.78  # Bernardo and Ledoit: omega at 0
    assert round(figures.skew / figures.kurtosis, 3) == -0.034
    assert adjusted == pytest.approx(0.7591435, abs=1e-7)


def test_figures_of_returns_as_empyrical_has_them():
    """Of its daily returns with 252 days a year."""
    mixed = np.array([1.0, 10, -4, 2, 3, 2, 1, -10]) / 100
    figures = return_figures(mixed, mixed)
    assert figures.deviation * math.sqrt(252) == pytest.approx(0.9136465399704637, rel=1e-12)
    assert figures.mean / figures.deviation * math.sqrt(252) == pytest.approx(1.7238613961706866, rel=1e-12)
    assert figures.downside * math.sqrt(252) == pytest.approx(0.60448325038829653, rel=1e-12)
    assert cagr(1.0, float(np.prod(1 + mixed)), 9 / 252) == pytest.approx(1.9135925373194231, rel=1e-9)
    negative = np.array([0.0, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
    assert fall_figures(np.cumprod(1 + negative), 1.0).deepest == pytest.approx(0.36590730349873601)


def test_regression_on_the_market_as_numpy_fits_it():
    figures = return_figures(PORTFOLIO, BENCHMARK)
    beta, alpha = np.polyfit(BENCHMARK, PORTFOLIO, 1)
    assert (figures.beta, figures.alpha) == (pytest.approx(beta), pytest.approx(alpha))


def test_tails_by_hand():
    # 5 % of the way through 21 values is the second, 95 % the second to last
    returns = np.array([-0.10, -0.06, *[0.0] * 17, 0.03, 0.20])
    figures = return_figures(returns, returns)
    assert figures.value_at_risk == pytest.approx(0.06)
    assert figures.expected_shortfall == pytest.approx(0.08)
    assert figures.tail_ratio == pytest.approx(0.5)
    assert (figures.best, figures.worst, figures.positive) == (0.20, -0.10, 2 / 21)
    assert figures.omega == pytest.approx(0.23 / 0.16)


def test_returns_are_between_the_closes_of_periods():
    equity = np.array([100.0, 101.0, 110.0, 99.0])
    assert period_returns(equity, np.array([0, 2, 3])).tolist() == pytest.approx([0.1, -0.1])


def test_sharpe_is_mean_over_sample_deviation():
    figures = return_figures(
        np.array([0.01, 0.03]), np.zeros(2)
    )  # mean 0.02, sample deviation 0.02 / sqrt(2)
    assert (figures.mean, figures.deviation) == (pytest.approx(0.02), pytest.approx(0.02 / math.sqrt(2)))


def test_sortino_divides_by_all_periods():
    returns = np.array([0.02, -0.01, 0.02, 0.01])  # mean 0.01, downside sqrt(0.0001 / 4) = 0.005
    figures = return_figures(returns, returns)
    assert figures.mean / figures.downside == pytest.approx(2)


@pytest.mark.parametrize("returns", [[], [0.01], [0.0, 0.0, 0.0]])
def test_ratios_without_spread_are_undefined(returns):
    figures = return_figures(np.array(returns), np.array(returns))
    assert not figures.deviation > 0
    assert not figures.downside > 0
    assert math.isnan(figures.skew)


def test_drawdowns_by_hand():
    # from 100: 2 values under it, down to 80; a new high of 120; 3 values under that, down to 90, not recovered
    curve = np.array([90.0, 80.0, 120.0, 100.0, 90.0, 114.0])
    figures = fall_figures(curve, 100.0)
    assert (figures.drawdowns, figures.under, figures.longest_start, figures.longest_stop) == (2, 5, 3, 6)
    assert (figures.deepest, figures.deepest_amount) == (0.25, 30.0)
    assert figures.mean_depth == pytest.approx((0.20 + 0.25) / 2)
    squares = 0.1**2 + 0.2**2 + (1 / 6) ** 2 + 0.25**2 + 0.05**2
    assert figures.ulcer == pytest.approx(math.sqrt(squares / 6))
    whole, real = falls(curve, 100.0, figures.drawdowns)
    assert whole.tolist() == [[0, 1, 2], [3, 4, 6]]
    assert real.tolist() == [[100.0, 80.0], [120.0, 90.0]]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=40))
def test_drawdowns_of_any_curve_as_numpy_sees_them(values):
    curve = np.array(values, dtype=float)
    peak = np.maximum(np.maximum.accumulate(curve), 6.0)
    below = 1 - curve / peak
    figures = fall_figures(curve, 6.0)
    assert figures.deepest == below.max()
    assert figures.under == np.count_nonzero(below)
    assert figures.ulcer == pytest.approx(math.sqrt(np.mean(below**2)))
    runs = "".join("x" if one > 0 else " " for one in below).split()
    assert figures.drawdowns == len(runs)
    assert figures.longest_stop - figures.longest_start == max(map(len, runs), default=0)
    whole, _ = falls(curve, 6.0, figures.drawdowns)
    assert all(curve[trough] == curve[start:stop].min() for start, trough, stop in whole.tolist())


@given(st.lists(st.floats(-1e12, 1e12), max_size=50))
def test_sums_are_exact_to_a_bit_or_two(values):
    exact = math.fsum(values)
    assert total(np.array(values)) == pytest.approx(exact, rel=1e-15, abs=1e-9 * (exact == 0))


def test_growth_per_year():
    assert cagr(100, 121, 2) == pytest.approx(0.1)
    assert math.isnan(cagr(100, 0, 2))
    assert math.isnan(cagr(100, 200, 1e-6))
    assert cagr(1e308, 1e-300, 1000) == pytest.approx(10**-0.608 - 1)  # the ratio itself is 0 in a double
    assert cagr(1e-300, 1e308, 1000) == pytest.approx(10**0.608 - 1)


def test_trade_figures_by_hand():
    """Two longs won 100 and lost 50, two shorts lost 30 and won 60; each bought 10 at 100."""
    size = np.full(4, 10.0)
    figures = trade_figures(
        np.array([1, 1, -1, -1]), size, np.full(4, 100.0), np.array([110.0, 95, 103, 94]),
        np.array([0, 1, 5, 9]), np.array([1, 3, 8, 13]), np.zeros(4), np.array([100.0, -50.0, -30.0, 60.0]),
    )  # fmt: skip
    assert (figures.won, figures.lost, figures.gained, figures.given) == (2, 2, 160.0, -80.0)
    assert (figures.pnl, figures.largest_win, figures.largest_loss) == (80.0, 100.0, -50.0)
    assert figures.deviation == pytest.approx(math.sqrt((80**2 + 70**2 + 50**2 + 40**2) / 3))
    assert (figures.mean_return, figures.best_return, figures.worst_return) == (
        pytest.approx(0.02),
        0.1,
        -0.05,
    )
    assert (figures.bars_held, figures.bars_won, figures.bars_lost) == (10, 5, 5)
    assert (figures.most_wins, figures.most_losses) == (1, 2)
    assert (figures.longs, figures.longs_won, figures.long_pnl) == (2, 1, 50.0)
    assert (figures.shorts, figures.shorts_won, figures.short_pnl) == (2, 1, 30.0)
    assert figures.traded == 4000 + 4020


def test_kelly_as_in_his_coin():
    """Kelly 1956: a coin that wins 60 % at even odds is worth 20 % of the bankroll."""
    bars = make_bars([100, 110, 99, 110, 99, 110])
    pnl = np.array([10.0, -10.0, 10.0, -10.0, 10.0])
    rows = SimpleNamespace(
        side=np.ones(5, int), size=np.ones(5), entry_price=np.full(5, 100.0), exit_price=np.full(5, 100.0),
        entry_index=np.zeros(5, int), exit_index=np.ones(5, int), carry=np.zeros(5), pnl=pnl,
    )  # fmt: skip
    rows = type("Rows", (SimpleNamespace,), {"__len__": lambda self: 5})(**vars(rows))
    result = SimpleNamespace(equity=bars.close, time=bars.time, trades=rows, open_trade=None, fees=0.0)
    metrics = metrics_of(result, bars, 100.0)
    assert (metrics["payoff_ratio"], metrics["kelly"]) == (1.0, pytest.approx(0.2))
    assert metrics["profit_factor"] == pytest.approx(1.5)


def test_month_and_day_figures_and_the_market():
    """All held from the second open on: 1,000 at 100, closes of 100 in January, then 110, 99 and 121."""
    bars = make_bars([100, 100, 110, 99, 121])
    bars = replace(bars, time=instants(datetime(2024, 1, 30, tzinfo=UTC), timedelta(days=1), 5))
    metrics = metrics_of(run(bars, make_orders(5, {0: LONG}), FREE), bars, 1000.0)
    assert (metrics["best_month"], metrics["worst_month"]) == (pytest.approx(0.21), 0.0)
    assert metrics["positive_months"] == 0.5
    assert (metrics["best_day"], metrics["worst_day"]) == (pytest.approx(121 / 99 - 1), pytest.approx(-0.1))
    assert metrics["positive_days"] == 0.5
    assert (metrics["alpha"], metrics["beta"]) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    assert metrics["buy_and_hold_max_drawdown"] == pytest.approx(0.1)
    assert metrics["buy_and_hold_cagr"] == pytest.approx(metrics["cagr"])
    assert metrics["buy_and_hold_sharpe"] == pytest.approx(metrics["sharpe"])
    assert (metrics["net_profit"], metrics["recovery_factor"]) == (
        pytest.approx(210),
        pytest.approx(210 / 110),
    )
    assert (metrics["time_under_water"], metrics["avg_drawdown"]) == (0.2, pytest.approx(0.1))


def test_days_end_in_the_zone():
    time = instants(datetime(2024, 1, 2, 4, 59, tzinfo=UTC), timedelta(minutes=1), 2)
    assert np.diff(local_days(time, "America/New_York")).tolist() == [1]
    assert np.diff(local_days(time, "UTC")).tolist() == [0]


@pytest.mark.parametrize(("weekdays", "count", "expected"), [
    (range(7), 60, True),
    (range(5), 60, False),
    ([6, 0, 1, 2, 3], 60, False),  # Sunday to Thursday
    (range(7), 5, False),  # Monday to Friday: nothing is known of the weekend
    (range(7), 6, True),
], ids=["every day", "weekdays", "Sunday to Thursday", "one working week", "a Saturday too"])  # fmt: skip
def test_round_the_clock_markets_trade_at_weekends(weekdays, count, expected):
    first = int(MONDAY.timestamp() * 1000) // DAY_MS
    days = np.array([first + i for i in range(count) if i % 7 in weekdays])
    assert is_round_the_clock(days) is expected


def test_year_of_daily_sessions():
    time = np.array([t for t in instants(MONDAY, timedelta(days=1), 364) if (t // DAY_MS + 3) % 7 < 5])
    year = year_of(time, DAY_MS, "UTC")
    assert (year.periods_per_year, len(year.last_of_period)) == (252, 260)
    assert year.years == pytest.approx(260 / 252)


def test_year_of_round_the_clock_minutes():
    time = instants(MONDAY, timedelta(minutes=1), 7 * 1440)
    year = year_of(time, 60_000, "UTC")
    assert year.last_of_period.tolist() == [1440 * day - 1 for day in range(1, 8)]
    assert (year.periods_per_year, year.years) == (365, pytest.approx(7 / 365))


def test_year_of_weeks():
    year = year_of(instants(MONDAY, timedelta(days=7), 10), 7 * DAY_MS, "UTC")
    assert year.periods_per_year == pytest.approx(365 / 7)
    assert len(year.last_of_period) == 10


def test_metrics_of_a_small_run():
    # all of 1,000 long at 100, out at 110; 1,100 short at 110, still open at 121: equity 990
    bars = make_bars([100, 100, (110, 110, 110, 121)])
    result = run(bars, make_orders(3, {0: LONG, 1: SHORT}), FREE)
    metrics = metrics_of(result, bars, 1000.0)
    assert metrics["final_equity"] == pytest.approx(990)
    assert metrics["total_return"] == pytest.approx(-0.01)
    assert metrics["buy_and_hold"] == pytest.approx(0.21)
    assert metrics["max_drawdown"] == pytest.approx(0.01)
    assert (metrics["trades"], metrics["win_rate"], metrics["profit_factor"]) == (1, 1.0, None)
    assert metrics["exposure"] == pytest.approx(2 / 3)
    assert metrics["turnover"] == pytest.approx(1.0 + 1.1 + 1.1)
    assert (metrics["max_drawdown_duration_bars"], metrics["max_drawdown_duration_days"]) == (1, 1.0)


def test_a_run_without_trades_leaves_undefined_what_is():
    bars = make_bars([100] * 10)
    metrics = metrics_of(run(bars, make_orders(10, {}), FREE), bars, 1000.0)
    undefined = {name for name, value in metrics.items() if value is None}
    assert undefined == {
        "sharpe", "sortino", "calmar", "omega", "skew", "kurtosis", "tail_ratio", "avg_drawdown", "recovery_factor",
        "buy_and_hold_sharpe", "alpha", "beta", "win_rate", "profit_factor", "expectancy", "avg_win", "avg_loss",
        "payoff_ratio", "kelly", "largest_win", "largest_loss", "avg_trade", "best_trade", "worst_trade",
        "avg_bars_held", "avg_bars_won", "avg_bars_lost", "sqn", "long_win_rate", "short_win_rate",
    }  # fmt: skip
    assert (metrics["max_drawdown"], metrics["exposure"], metrics["trades"], metrics["cagr"]) == (
        0.0,
        0.0,
        0,
        0.0,
    )


def test_an_account_that_lost_more_than_all_still_has_metrics():
    bars = make_bars([100, 100, 250, 50])
    metrics = metrics_of(run(bars, make_orders(4, {0: SHORT}), FREE), bars, 1000.0)
    assert (metrics["final_equity"], metrics["max_drawdown"], metrics["cagr"]) == (-500.0, 1.5, None)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
@pytest.mark.parametrize("step", [7, 60, 1440])
def test_ends_of_days_are_where_the_local_date_changes(zone, step):
    time = instants(datetime(2024, 3, 1, tzinfo=UTC), timedelta(minutes=step), 60 * 1440 // step)
    time = time[np.random.default_rng(step).random(len(time)) < 0.6]
    found, days = day_ends(time, zone)
    every = local_days(time, zone)
    expected = np.append(np.flatnonzero(np.diff(every)), len(time) - 1)
    assert (found.tolist(), days.tolist()) == (expected.tolist(), every[expected].tolist())


def test_months_end_with_their_last_day():
    year = year_of(instants(datetime(2024, 1, 30, tzinfo=UTC), timedelta(hours=12), 8), 12 * 3_600_000, "UTC")
    assert (year.last_of_month.tolist(), year.months.tolist()) == ([3, 7], [54 * 12, 54 * 12 + 1])


def test_moments_are_those_of_the_returns_per_period():
    equity = 100 * np.cumprod(np.r_[1.0, 1 + PORTFOLIO])
    year = year_of(instants(MONDAY, timedelta(days=1), 25), DAY_MS, "UTC")
    moments = moments_of(equity, year)
    figures = return_figures(PORTFOLIO, BENCHMARK)
    assert moments.periods == 24
    assert moments.sharpe == pytest.approx(np.mean(PORTFOLIO) / np.std(PORTFOLIO, ddof=1))
    assert (moments.skew, moments.kurtosis) == (pytest.approx(figures.skew), pytest.approx(figures.kurtosis))
