"""Each metric on numbers small enough to compute by hand, and all of them against an independent script."""

import math
import statistics
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.sim.run import run
from apps.engine.sim.spec import EXIT, LONG, SHORT, Orders, Protection, SimParams
from apps.engine.stats import equity as of_equity
from apps.engine.stats.calendar import is_round_the_clock, local_days, year_of
from apps.engine.stats.metrics import metrics_of
from apps.engine.stats.trades import trade_figures
from tests.engine.sim.candles import FREE, make_bars, make_orders

DAY_MS = 86_400_000
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def instants(start, step, count):
    return np.array([int((start + i * step).timestamp() * 1000) for i in range(count)])


def test_returns_are_between_the_closes_of_periods():
    equity = np.array([100.0, 101.0, 110.0, 99.0])
    assert of_equity.period_returns(equity, np.array([0, 2, 3])).tolist() == pytest.approx([0.1, -0.1])


def test_sharpe_is_mean_over_sample_deviation_per_year():
    returns = np.array([0.01, 0.03])  # mean 0.02, sample deviation 0.02 / sqrt(2)
    assert of_equity.sharpe(returns, 252) == pytest.approx(math.sqrt(2) * math.sqrt(252))
    assert of_equity.volatility(returns, 252) == pytest.approx(0.02 / math.sqrt(2) * math.sqrt(252))


def test_sortino_divides_by_all_periods():
    returns = np.array([0.02, -0.01, 0.02, 0.01])  # mean 0.01, downside sqrt(0.0001 / 4) = 0.005
    assert of_equity.sortino(returns, 365) == pytest.approx(2 * math.sqrt(365))


@pytest.mark.parametrize("returns", [[], [0.01], [0.0, 0.0, 0.0]])
def test_ratios_without_spread_are_undefined(returns):
    assert math.isnan(of_equity.sharpe(np.array(returns), 252))
    assert math.isnan(of_equity.sortino(np.array(returns), 252))


def test_drawdown_counts_from_the_starting_cash():
    below = of_equity.drawdowns(np.array([90.0, 120.0, 90.0, 120.0]), 100.0)
    assert below.tolist() == pytest.approx([0.1, 0.0, 0.25, 0.0])


def test_growth_per_year():
    assert of_equity.cagr(100, 121, 2) == pytest.approx(0.1)
    assert math.isnan(of_equity.cagr(100, 0, 2))
    assert math.isnan(of_equity.cagr(100, 200, 1e-6))


@pytest.mark.parametrize(
    ("mask", "span"), [([], (0, 0)), ([0, 0], (0, 0)), ([1, 0, 1, 1, 0], (2, 4)), ([1], (0, 1))]
)
def test_longest_run(mask, span):
    assert of_equity.longest_run(np.array(mask, dtype=bool)) == span


def test_trade_figures_by_hand():
    pnl = np.array([100.0, -50.0, -30.0, 60.0])
    figures = trade_figures(pnl, pnl / 1000, np.array([1, 2, 3, 4]))
    assert figures == {
        "trades": 4,
        "winning_trades": 2,
        "losing_trades": 2,
        "win_rate": 0.5,
        "profit_factor": 2.0,
        "expectancy": 20.0,
        "avg_win": 80.0,
        "avg_loss": -40.0,
        "avg_trade": pytest.approx(0.02),
        "best_trade": 0.1,
        "worst_trade": -0.05,
        "avg_bars_held": 2.5,
        "max_consecutive_wins": 1,
        "max_consecutive_losses": 2,
        "sqn": pytest.approx(2 * 20 / math.sqrt((80**2 + 70**2 + 50**2 + 40**2) / 3)),
    }


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
        "sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy", "avg_win", "avg_loss",
        "avg_trade", "best_trade", "worst_trade", "avg_bars_held", "sqn",
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


def test_every_figure_follows_from_trades_and_equity_alone():
    """Plain Python over the exported lists; no NumPy, no code of the engine."""
    rng = np.random.default_rng(5)
    n = 24 * 90
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    opening = np.r_[close[0], close[:-1]]
    high, low = np.maximum(opening, close) * 1.002, np.minimum(opening, close) * 0.998
    bars = Bars(instants(MONDAY, timedelta(hours=1), n), opening, high, low, close, np.ones(n), 3_600_000)
    flags = np.where(rng.random(n) < 0.1, LONG, 0) | np.where(rng.random(n) < 0.1, EXIT, 0)
    orders = Orders(flags.astype(np.uint8), stop=Protection("percent", 0.02))
    result = run(bars, orders, SimParams(cash=5000.0))
    metrics = metrics_of(result, bars, 5000.0)

    equity = result.equity.tolist()
    daily = equity[23::24]
    returns = [b / a - 1 for a, b in pairwise(daily)]
    mean = statistics.mean(returns)
    pnl, size, price = (
        result.trades.pnl.tolist(),
        result.trades.size.tolist(),
        result.trades.entry_price.tolist(),
    )
    peak, deepest = 5000.0, 0.0
    for value in equity:
        peak = max(peak, value)
        deepest = max(deepest, 1 - value / peak)
    growth = (equity[-1] / 5000.0) ** (365 / 90) - 1
    expected = {
        "final_equity": equity[-1],
        "total_return": equity[-1] / 5000.0 - 1,
        "max_drawdown": deepest,
        "sharpe": mean / statistics.stdev(returns) * math.sqrt(365),
        "sortino": mean / math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns)) * math.sqrt(365),
        "volatility": statistics.stdev(returns) * math.sqrt(365),
        "cagr": growth,
        "calmar": growth / deepest,
        "win_rate": sum(p > 0 for p in pnl) / len(pnl),
        "profit_factor": sum(p for p in pnl if p > 0) / -sum(p for p in pnl if p < 0),
        "expectancy": sum(pnl) / len(pnl),
        "avg_trade": statistics.mean(p / (s * e) for p, s, e in zip(pnl, size, price, strict=True)),
        "exposure": sum(value != 0 for value in result.position.tolist()) / n,
        "trades": len(pnl),
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-9)
