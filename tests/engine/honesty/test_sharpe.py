"""Sharpe statistics against the examples printed in the papers, and properties that hold for all of them."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.sharpe import (
    Moments,
    Trials,
    deflated_sharpe,
    expected_max,
    expected_max_sharpe,
    min_backtest_years,
    min_track_record,
    moments_of,
    probabilistic_sharpe,
)

moments = st.builds(
    lambda sharpe, skew, above, periods: Moments(sharpe, skew, skew * skew + 1 + above, periods),
    st.floats(-0.5, 0.5), st.floats(-4, 4), st.floats(0.5, 20), st.integers(2, 5000),
)  # fmt: skip


def test_moments_by_hand():
    # mean 0.02, away -0.02 -0.01 0 0.03: second 14e-4 / 4, third 18e-6 / 4, fourth 98e-8 / 4
    found = moments_of(np.array([0.0, 0.01, 0.02, 0.05]))
    assert found.sharpe == pytest.approx(0.02 / statistics.stdev([0.0, 0.01, 0.02, 0.05]))
    assert found.skew == pytest.approx(4.5e-6 / (3.5e-4) ** 1.5)
    assert found.kurtosis == pytest.approx(2.45e-7 / 3.5e-4**2)
    assert found.periods == 4


@pytest.mark.parametrize("returns", [[], [0.01], [0.0] * 9, [0.1] * 9, [0.0, 1e-200], [0.0, 1e200, 0.0]])
def test_moments_without_spread_are_undefined(returns):
    assert moments_of(np.array(returns)) == Moments(None, None, None, len(returns))


@pytest.mark.parametrize(("skew", "kurtosis", "expected"), [(0, 3, 0.982), (-2.448, 10.164, 0.913)])
def test_probabilistic_sharpe_of_the_papers_hedge_fund(skew, kurtosis, expected):
    # Bailey & López de Prado 2012: two years of monthly returns, 0.458 a month
    assert probabilistic_sharpe(Moments(0.458, skew, kurtosis, 24)) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("per_year", "skew", "kurtosis", "years"), [
    (250, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99),
])  # fmt: skip
def test_track_records_of_the_same_paper(per_year, skew, kurtosis, years):
    # an annual Sharpe ratio of 2, above 1 with 95 %
    found = min_track_record(Moments(2 / math.sqrt(per_year), skew, kurtosis, 2), 1 / math.sqrt(per_year))
    assert found / per_year == pytest.approx(years, abs=5e-3)


def test_deflated_sharpe_of_the_papers_example():
    # Bailey & López de Prado 2014: 2.5 a year over 1,250 days, 250 a year; the trials' annual variance 1/2
    trials = Trials.annualised(100, 0.5, 250)
    best = Moments(2.5 / math.sqrt(250), -3, 10, 1250)
    assert expected_max_sharpe(trials, 1250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(best, trials) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(best, Trials.annualised(46, 0.5, 250)) == pytest.approx(0.9505, abs=5e-5)
    normal = Moments(best.sharpe, 0, 3, 1250)
    assert deflated_sharpe(normal, Trials.annualised(88, 0.5, 250)) == pytest.approx(0.9505, abs=5e-5)


def test_expected_maximum():
    assert expected_max(10) == pytest.approx(1.57, abs=5e-3)  # Bailey, Borwein, López de Prado & Zhu 2014
    assert expected_max(1) == 0
    # the true one of two draws is 1 / sqrt(pi)
    assert expected_max(2) == pytest.approx(1 / math.sqrt(math.pi), abs=0.05)
    assert 6 < expected_max(10**9) < math.sqrt(2 * math.log(10**9))


def test_expected_maximum_is_that_of_draws():
    draws = np.random.default_rng(1).standard_normal((20_000, 38)).max(axis=1)
    assert expected_max(38) == pytest.approx(
        draws.mean(), abs=0.05
    )  # the approximation is a little too large


def test_five_years_allow_45_variants():
    # the same paper: no more than 45 for a Sharpe ratio of 1 on five years
    assert min_backtest_years(45, 1.0) < 5 < min_backtest_years(46, 1.0)
    assert min_backtest_years(45, 2.0) == pytest.approx(5 / 4, abs=1e-3)
    assert min_backtest_years(1, 1.0) == 0
    assert min_backtest_years(45, 0.0) is None
    assert min_backtest_years(45, -1.0) is None


def test_one_trial_or_no_spread_leaves_the_probabilistic_sharpe():
    found = Moments(0.1, -0.5, 4, 500)
    assert deflated_sharpe(found, Trials(1)) == probabilistic_sharpe(found)
    assert deflated_sharpe(found, Trials(1, 0.3)) == probabilistic_sharpe(found)
    assert deflated_sharpe(found, Trials(50, 0.0)) == probabilistic_sharpe(found)


def test_an_unknown_spread_is_that_of_chance():
    assert expected_max_sharpe(Trials(38), 101) == pytest.approx(expected_max(38) / 10)
    assert expected_max_sharpe(Trials(38), 1) is None


def test_returns_of_two_values_may_leave_nothing_to_divide_by():
    # values a and b with equal weight: skew 0, kurtosis 1, and a Sharpe ratio has no spread left only at skew x sr = 2
    assert probabilistic_sharpe(Moments(2.0, 1.0, 2.0, 100)) is None  # 1 - 2 + 1
    assert min_track_record(Moments(2.0, 1.0, 2.0, 100)) is None
    assert probabilistic_sharpe(Moments(2.0, 3.0, 3.0, 100)) is None  # moments of no returns: 1 - 6 + 2
    assert probabilistic_sharpe(Moments(None, None, None, 0)) is None


def test_no_track_record_is_long_enough_below_the_benchmark():
    assert min_track_record(Moments(0.1, 0, 3, 100), 0.1) is None
    assert min_track_record(Moments(-0.1, 0, 3, 100)) is None


@pytest.mark.parametrize(
    ("count", "variance", "says"),
    [(0, 0.1, "at least 1"), (2, -0.1, "0 or more"), (2, math.nan, "0 or more")],
)
def test_trials_that_cannot_be(count, variance, says):
    with pytest.raises(HonestyError, match=says):
        Trials(count, variance)


@given(moments, st.floats(-0.5, 0.5), st.integers(1, 5000))
def test_a_longer_record_is_surer(found, benchmark, more):
    longer = Moments(found.sharpe, found.skew, found.kurtosis, found.periods + more)
    before, after = probabilistic_sharpe(found, benchmark), probabilistic_sharpe(longer, benchmark)
    assert (after >= before) if found.sharpe >= benchmark else (after <= before)


@given(moments, st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0, 0.1))
def test_more_trials_deflate_more(found, count, more, variance):
    assert deflated_sharpe(found, Trials(count + more, variance)) <= deflated_sharpe(
        found, Trials(count, variance)
    )


@given(moments, st.floats(-0.5, 0.5))
def test_the_minimum_track_record_is_where_the_confidence_is_reached(found, benchmark):
    needed = min_track_record(found, benchmark)
    if needed is None or not 3 < needed < 1e9:
        return
    long_enough = Moments(found.sharpe, found.skew, found.kurtosis, math.ceil(needed))
    too_short = Moments(found.sharpe, found.skew, found.kurtosis, math.ceil(needed) - 1)
    assert probabilistic_sharpe(long_enough, benchmark) >= 0.95 - 1e-9
    assert probabilistic_sharpe(too_short, benchmark) <= 0.95 + 1e-9


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=60))
def test_real_returns_always_have_a_probability_or_none(returns):
    found = moments_of(np.array(returns))
    probability = probabilistic_sharpe(found)
    assert probability is None or 0 <= probability <= 1
    if found.kurtosis is not None:
        assert found.kurtosis >= found.skew**2 + 1 - 1e-6  # Pearson's inequality
