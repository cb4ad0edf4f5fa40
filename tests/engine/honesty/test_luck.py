"""The verdict: its marks, its words for one variant and for many, and what it refuses to judge."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.luck import effective_returns, luck, sweep_luck, trials_of
from apps.engine.honesty.sharpe import Moments, Trials, deflated_sharpe, moments_of


def daily(annual, periods=1250, skew=0.0, kurtosis=3.0, per_year=250):
    return Moments(annual / math.sqrt(per_year), skew, kurtosis, periods)


def test_the_papers_example_in_words():
    found = luck(daily(2.5, skew=-3, kurtosis=10), Trials.annualised(100, 0.5, 250), 250)
    assert found.verdict == "weak"
    assert found.words == (
        "Luck remains a possible explanation: of 100 variants tried, the best by chance alone would show a Sharpe ratio of "
        "about 1.79; yours is 2.50. The deflated Sharpe ratio is 0.90; from 0.80 to 0.95 this is weak evidence."
    )
    assert found.expected_max_sharpe == pytest.approx(0.1132 * math.sqrt(250), abs=1e-3)
    assert found.years == 5


def test_many_variants_and_a_small_sharpe():
    found = luck(daily(0.6), Trials(38), 250)
    assert found.verdict == "none"
    # chance: 2.17 / sqrt(1249) a day, 0.97 a year
    assert found.words == (
        "Luck is a likely explanation: of 38 variants tried, the best by chance alone would show a Sharpe ratio of about "
        "0.97; yours is 0.60. The deflated Sharpe ratio is 0.20; below 0.80 this is no evidence."
    )
    assert found.min_track_record_periods is None
    assert found.min_backtest_years == pytest.approx((0.97 / 0.6) ** 2 * 5, rel=0.01)


def test_one_variant():
    found = luck(daily(1.0).as_dict(), Trials(1), 250)
    assert found.verdict == "evidence"
    assert found.words == (
        "Luck is an unlikely explanation: one variant tried; chance alone would show a Sharpe ratio around 0, give or take "
        "0.45, and yours is 1.00. The deflated Sharpe ratio is 0.98; from 0.95 on this is evidence."
    )
    assert (found.expected_max_sharpe, found.min_backtest_years) == (0, 0)


def test_no_edge():
    assert luck(daily(-0.4), Trials(1), 250).words == (
        "There is no edge to explain: the Sharpe ratio is -0.40, one variant tried."
    )
    assert luck(daily(-0.001), Trials(1200), 250).words == (
        "There is no edge to explain: the Sharpe ratio is 0.00, 1,200 variants tried."
    )


@pytest.mark.parametrize(("returns", "verdict", "words"), [
    ([], "too_short", "Too short to judge: 0 returns, and at least 30 are needed."),
    ([0.01], "too_short", "Too short to judge: 1 return, and at least 30 are needed."),
    ([0.01, 0.02] * 14, "too_short", "Too short to judge: 28 returns, and at least 30 are needed."),
    ([0.0] * 1000, "none", "There is nothing to judge: all 1,000 returns are the same."),
    ([0.0] * 999 + [0.3], "too_short", "Too little to judge: of 1,000 returns, only a few make up the result, as if there "
     "were 3; at least 30 are needed."),
])  # fmt: skip
def test_too_little(returns, verdict, words):
    found = luck(moments_of(np.array(returns)), Trials(7, 0.01), 250)
    assert (found.verdict, found.words) == (verdict, words)
    json.dumps(found.as_dict(), allow_nan=False)


def test_one_lucky_day_is_no_evidence_though_its_probability_is_high():
    # the papers' formula alone is at 0.977 here: the day's skew makes the estimate look sure
    moments = moments_of(np.array([0.0] * 999 + [0.3]))
    assert deflated_sharpe(moments, Trials(1)) > 0.95
    assert effective_returns(moments) == pytest.approx(3, abs=0.02)


def test_marks():
    def at(deflated):
        z = __import__("statistics").NormalDist().inv_cdf(deflated)
        # returns with no skew: solve sr sqrt(T - 1) / sqrt(1 + sr² / 2) = z
        t = 1249
        return luck(Moments(z / math.sqrt(t - z * z / 2), 0.0, 3.0, t + 1), Trials(1), 250)

    assert [at(x).verdict for x in (0.951, 0.949, 0.801, 0.799, 0.501)] == [
        "evidence",
        "weak",
        "weak",
        "none",
        "none",
    ]
    assert "ratio is 0.94;" in at(0.9499).words  # not rounded up over the mark


def test_sweeps_count_every_cell():
    cells = [daily(0.2), daily(1.0), daily(0.6).as_dict(), Moments(None, None, None, 1250)]
    trials = trials_of(cells)
    assert trials.count == 4
    assert trials.sharpe_variance == pytest.approx(np.var([0.2, 1.0, 0.6], ddof=1) / 250)
    assert sweep_luck(cells[1], cells, 250) == luck(cells[1], trials, 250)
    assert trials_of(cells[3:]) == Trials(1)


@given(st.integers(1, 10_000), st.integers(0, 10_000), st.floats(-3, 3), st.floats(0, 1))
def test_more_trials_never_make_a_better_verdict(count, more, annual, variance):
    order = ["none", "weak", "evidence"]
    few = luck(daily(annual), Trials.annualised(count, variance, 250), 250)
    many = luck(daily(annual), Trials.annualised(count + more, variance, 250), 250)
    assert order.index(many.verdict) <= order.index(few.verdict)
    assert "nan" not in many.words


def test_refuses_a_year_without_periods():
    with pytest.raises(HonestyError, match="periods per year"):
        luck(daily(1.0), Trials(1), 0.0)


def test_noise_is_called_evidence_one_time_in_twenty():
    generator = np.random.default_rng(1)
    verdicts = [luck(moments_of(generator.normal(0, 0.01, 500)), Trials(1), 250).verdict for _ in range(4000)]
    assert verdicts.count("evidence") / 4000 == pytest.approx(0.05, abs=0.012)
    assert verdicts.count("weak") / 4000 == pytest.approx(0.15, abs=0.02)


def test_the_best_of_many_without_an_edge_is_called_evidence_less_often():
    generator = np.random.default_rng(2)
    found = 0
    for _ in range(300):
        cells = [moments_of(column) for column in generator.normal(0, 0.01, (20, 250))]
        found += sweep_luck(max(cells, key=lambda m: m.sharpe), cells, 250).verdict == "evidence"
    assert found / 300 < 0.05
