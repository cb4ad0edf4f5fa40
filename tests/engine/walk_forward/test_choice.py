"""The choice and its stability, against values worked out by hand or published."""

import pytest

from apps.engine.walk_forward.choice import best_of, score_of
from apps.engine.walk_forward.stability import input_stability, rank_correlation
from apps.engine.walk_forward.verdict import verdict_of


def test_the_first_of_equals_is_chosen():
    assert best_of([None, 1.0, 2.0, 2.0, -5.0], "sharpe") == 2
    assert best_of([-2.0, -1.0], "sharpe") == 1
    assert best_of([0.0, 0.0], "cagr") == 0


def test_of_risks_the_lowest_is_chosen():
    assert best_of([0.3, None, 0.1, 0.1], "max_drawdown") == 2
    assert best_of([0.0, 0.2], "volatility") == 0


def test_none_qualifies():
    assert best_of([None, None], "sharpe") is None
    assert best_of([], "sharpe") is None


def test_too_few_trades_or_no_value_do_not_qualify():
    assert score_of({"sharpe": 1.5, "trades": 3}, "sharpe", 3) == 1.5
    assert score_of({"sharpe": 1.5, "trades": 3}, "sharpe", 4) is None
    assert score_of({"sharpe": None, "trades": 30}, "sharpe", 0) is None


def test_rank_correlation_of_a_published_example():
    """IQ and hours of television of ten people (Wikipedia, "Spearman's rank correlation"): rho = -29/165."""
    iq = [106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0]
    hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0]
    assert rank_correlation(iq, hours) == pytest.approx(-29 / 165, abs=1e-15)


def test_rank_correlation_with_equals():
    # ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5 over root of 4.5 x 5
    assert rank_correlation([1.0, 2.0, 2.0, 3.0], [10.0, 20.0, 30.0, 40.0]) == pytest.approx((4.5 / 5) ** 0.5)


def test_rank_correlation_of_cells_scored_in_both():
    assert rank_correlation([1.0, None, 2.0, 3.0], [5.0, 9.0, 6.0, 7.0]) == pytest.approx(1.0)
    assert rank_correlation([1.0, None, 2.0, 3.0], [5.0, 9.0, None, 7.0]) is None  # two are left
    assert rank_correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None


CELLS = [{"fast": f, "on": o} for f in (5, 10, 25) for o in (True, False)]


def test_stability_of_inputs_by_hand():
    fast = input_stability("fast", CELLS, [0, 2, 2, None, 3])
    assert fast.values == (5, 10, 10, None, 10)
    assert fast.unchanged == 0.5  # of the two steps between folds that both chose
    assert fast.spread == 5 / 20
    on = input_stability("on", CELLS, [0, 2, 2, None, 3])
    assert (on.values, on.unchanged, on.spread) == ((True, True, True, None, False), 1.0, None)


def test_stability_without_steps():
    one = input_stability("fast", CELLS, [None, 4])
    assert (one.unchanged, one.spread) == (None, 0.0)
    none = input_stability("fast", CELLS, [None, None])
    assert (none.unchanged, none.spread) == (None, None)
    same = input_stability("fast", [{"fast": 5}], [0, 0])
    assert (same.unchanged, same.spread) == (1.0, None)


GOOD = {
    "trades": 60,
    "total_return": 0.2,
    "efficiency": 0.5,
    "profitable": 0.6,
    "chosen": [True] * 5,
    "asked": 5,
    "ended": False,
}


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "holds up"),
        ({"efficiency": 0.49}, "weak"),
        ({"efficiency": None}, "weak"),
        ({"profitable": 0.4}, "weak"),
        ({"trades": 29}, "too little to judge"),
        ({"total_return": 0.0}, "fails"),
        ({"total_return": -0.1, "trades": 3}, "fails"),
        ({"ended": True}, "fails"),
        ({"chosen": [False] * 5, "total_return": 0.0}, "too little to judge"),
    ],
)
def test_verdicts(changes, level):
    assert verdict_of(**{**GOOD, **changes}).level == level


def test_a_verdict_tells_its_facts():
    told = verdict_of(**{**GOOD, "chosen": [True, True, False, True, True]}).text
    assert told == (
        "What was chosen by the past went on earning. Out of sample the account gained 20.0 % over 5 folds, 3 of them "
        "profitable, in 60 trades. In 1 fold no cell qualified, and the account stayed out of the market. It grew at "
        "50 % of its pace in training (the efficiency)."
    )
