"""Where folds lie: tables worked out by hand, what holds of every layout, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.walk_forward.folds import check_folds, lay_folds
from apps.engine.walk_forward.spec import WalkForwardError, WalkForwardSpec, check_spec

# 1,000 bars, 5 folds, three quarters of a fold for training: 3 parts + 5 x 1 part = 8 parts of 125 bars.
EIGHTHS = [
    ((0, 375), (375, 500)),
    ((125, 500), (500, 625)),
    ((250, 625), (625, 750)),
    ((375, 750), (750, 875)),
    ((500, 875), (875, 1000)),
]


def bounds(bars, purge=0, **spec):
    return [(fold.train, fold.test) for fold in lay_folds(bars, WalkForwardSpec(**spec), purge)]


def test_shares_by_hand():
    assert bounds(1000) == EIGHTHS
    assert bounds(1000, train_share=0.75, folds=5) == EIGHTHS
    assert bounds(1000, mode="anchored") == [((0, test[0]), test) for _, test in EIGHTHS]


def test_what_is_left_over_goes_to_the_training():
    # 103 bars, 4 folds of one half: 5 parts of 20.6, so 20 test bars each and 103 - 80 = 23 before the first
    assert bounds(103, folds=4, train_share=0.5) == [
        ((0, 23), (23, 43)),
        ((20, 43), (43, 63)),
        ((40, 63), (63, 83)),
        ((60, 83), (83, 103)),
    ]


def test_a_share_is_the_decimal_that_was_written():
    # 0.7 and 0.3: 130 x 0.3 / (2 x 0.3 + 0.7) is 30 exactly, which floats miss
    assert bounds(130, folds=2, train_share=0.7) == [((0, 70), (70, 100)), ((30, 100), (100, 130))]


def test_lengths_in_bars_end_with_the_last_bar():
    assert bounds(100, folds=3, train_bars=30, test_bars=20) == [
        ((10, 40), (40, 60)),
        ((30, 60), (60, 80)),
        ((50, 80), (80, 100)),
    ]
    assert bounds(100, folds=3, train_bars=30, test_bars=20, mode="anchored") == [
        ((10, 40), (40, 60)),
        ((10, 60), (60, 80)),
        ((10, 80), (80, 100)),
    ]


def test_one_length_in_bars_leaves_the_rest_to_the_other():
    assert bounds(100, folds=3, test_bars=20) == [
        ((0, 40), (40, 60)),
        ((20, 60), (60, 80)),
        ((40, 80), (80, 100)),
    ]
    assert bounds(100, folds=3, train_bars=39) == [
        ((1, 40), (40, 60)),
        ((21, 60), (60, 80)),
        ((41, 80), (80, 100)),
    ]


def test_purge_and_embargo_by_hand():
    spec = WalkForwardSpec(folds=3, train_bars=30, test_bars=20, mode="anchored", embargo_bars=4)
    folds = lay_folds(100, spec, 5)
    assert [fold.used for fold in folds] == [
        ((10, 35),),
        ((10, 55),),
        (
            (10, 60),
            (64, 75),
        ),  # four bars after the first test span, which ended at 60, and five before the third
    ]
    assert [fold.train_bars for fold in folds] == [25, 45, 61]
    assert [fold.test for fold in folds] == [(40, 60), (60, 80), (80, 100)]


def test_an_embargo_longer_than_a_test_span():
    spec = WalkForwardSpec(folds=4, train_bars=30, test_bars=10, mode="anchored", embargo_bars=15)
    # tests end at 40, 50, 60: of the fourth training (0..60) the bars 40..60 are under embargo, purged ones included
    assert [fold.used for fold in lay_folds(70, spec, 2)] == [((0, 28),), ((0, 38),), ((0, 40),), ((0, 40),)]


@st.composite
def layouts(draw):
    lengths = draw(
        st.one_of(
            st.fixed_dictionaries({"train_share": st.integers(1, 99).map(lambda n: n / 100)}),
            st.fixed_dictionaries({"train_bars": st.integers(1, 300), "test_bars": st.integers(1, 100)}),
            st.fixed_dictionaries({"test_bars": st.integers(1, 100)}),
            st.fixed_dictionaries({"train_bars": st.integers(1, 300)}),
        )
    )
    spec = WalkForwardSpec(
        folds=draw(st.integers(1, 12)),
        mode=draw(st.sampled_from(["rolling", "anchored"])),
        embargo_bars=draw(st.integers(0, 60)),
        **lengths,
    )
    return draw(st.integers(1, 900)), spec, draw(st.integers(0, 120))


@given(layouts())
def test_of_every_layout(layout):
    bars, spec, purge = layout
    folds = lay_folds(bars, spec, purge)
    if not folds:
        return
    assert len(folds) == spec.folds
    tested = [bar for fold in folds for bar in range(*fold.test)]
    assert tested == list(range(folds[0].test[0], bars))  # each bar once, up to the last
    assert len({fold.test_bars for fold in folds}) == 1
    for at, fold in enumerate(folds):
        used = [bar for span in fold.used for bar in range(*span)]
        embargoed = {
            bar
            for earlier in folds[:at]
            for bar in range(earlier.test[1], earlier.test[1] + spec.embargo_bars)
        }
        wanted = [bar for bar in range(fold.train[0], fold.test[0] - purge) if bar not in embargoed]
        assert used == wanted
        assert fold.train_bars == len(used)
    starts = {fold.train[0] for fold in folds}
    lengths = {fold.train[1] - fold.train[0] for fold in folds}
    assert len(starts if spec.mode == "anchored" else lengths) == 1


def refused(bars, purge=0, warm_up=0, **spec):
    with pytest.raises(WalkForwardError) as caught:
        check_folds(bars, WalkForwardSpec(**spec), purge, warm_up)
    assert caught.value.field == "folds"
    return str(caught.value)


def test_a_training_that_is_too_short_is_refused():
    # 1,000 bars and 10 folds: 13 parts of 76 bars and 240 to train on; 200 less the purge of 44 are not 44 + 160
    told = refused(1000, purge=44, warm_up=44, folds=10, min_train_bars=160)
    assert told == (
        "fold 1 has 196 bars to train on (240 bars less 44 purged), and needs 204: 44 of warm-up and at least 160 "
        "more. At most 9 folds would fit."
    )
    # of 9 folds: 12 parts of 83 bars, and 1,000 - 9 x 83 = 253 less 44 are 209
    assert len(check_folds(1000, WalkForwardSpec(folds=9, min_train_bars=160), 44, 44)) == 9


def test_a_test_that_is_too_short_is_refused():
    # 400 bars: 30 folds make 33 parts of 12 bars; 17 make 20 parts of 20
    told = refused(400, folds=30, min_train_bars=1)
    assert told == "fold 1 has 12 test bars, and needs at least 20. At most 17 folds would fit."


def test_lengths_that_do_not_fit_are_refused():
    told = refused(1000, folds=3, train_bars=900, test_bars=50)
    assert told == (
        "3 folds of 50 test bars after 900 training bars need 1,050 bars, and there are 1,000. "
        "At most 2 folds would fit."
    )


def test_the_embargo_counts():
    # rolling, 120 to train on: from the third fold on 5 bars after each earlier test span inside it are left out
    spec = {"folds": 4, "train_bars": 120, "test_bars": 30, "embargo_bars": 5}
    told = refused(240, purge=10, min_train_bars=106, **spec)
    assert told.startswith(
        "fold 3 has 105 bars to train on (120 bars less 10 purged and 5 under embargo), and needs 106: 0 of warm-up "
        "and at least 106 more. At most 2 folds would fit."
    )


def test_no_number_of_folds_fits():
    assert refused(50).endswith(
        "Not even one fold would fit: use more bars, a shorter purge or shorter look-backs."
    )
    assert refused(1, folds=1).startswith("1 fold cannot be laid over 1 bar.")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("folds", 0, "from 1 to 1,000, not 0"),
        ("folds", 2.5, "whole number"),
        ("folds", True, "whole number"),
        ("mode", "sliding", "rolling or anchored, not 'sliding'"),
        ("metric", "luck", "cannot choose by 'luck': metric must be one of sharpe, sortino"),
        ("train_share", 1.0, "between 0 and 1"),
        ("train_bars", 0, "train_bars must be a whole number of bars, 1 or more, not 0"),
        ("test_bars", -3, "1 or more, not -3"),
        ("purge_bars", -1, "0 or more, not -1"),
        ("embargo_bars", 1.5, "0 or more, not 1.5"),
        ("min_train_bars", 0, "1 or more"),
        ("min_test_bars", 1, "2 or more, not 1"),
        ("min_trades", -1, "min_trades must be a whole number, 0 or more, not -1"),
    ],
)
def test_values_out_of_range_are_named(field, value, told):
    with pytest.raises(WalkForwardError) as caught:
        check_spec(WalkForwardSpec(**{field: value}))
    assert caught.value.field == field
    assert told in str(caught.value)


def test_a_share_and_bars_contradict_one_another():
    with pytest.raises(WalkForwardError, match="as a share or in bars, not both") as caught:
        check_spec(WalkForwardSpec(train_share=0.5, test_bars=20))
    assert caught.value.field == "train_share"
