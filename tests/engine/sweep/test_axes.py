"""Axes, grids and draws: expected values written out by hand."""

import pytest

from apps.engine.lang import check
from apps.engine.sweep import MOST_CELLS, SweepError, axes_of, grid, random_cells

INPUTS = check(
    """input fast = 9 in 2..50
input slow = 21 in 5..200 step 5
input width = 2.0 in 0.5..4 step 0.5
input loose = 1.5
input stop = 3% in 1%..10% step 1%
input trend = true
input kind = "a" in "a", "b"
long when close > fast + slow + width + loose and trend and kind == "a"
stop_loss stop
"""
).inputs


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("fast", "5..8", (5, 6, 7, 8)),
        ("fast", "5..20 step 5", (5, 10, 15, 20)),
        ("fast", "5 .. 10 step 2", (5, 7, 9)),
        ("fast", "1e1", (10,)),
        ("fast", "5, 7,9", (5, 7, 9)),
        ("fast", "2..3,10", (2, 3, 10)),
        ("slow", "25..28", (25, 26, 27, 28)),
        ("width", "1..2", (1.0, 1.5, 2.0)),
        ("loose", "0.1..0.3 step 0.1", (0.1, 0.2, 0.3)),
        ("loose", "-1..1 step 1", (-1.0, 0.0, 1.0)),
        ("stop", "1%..3%", (0.01, 0.02, 0.03)),
        ("stop", "0.01..0.02", (0.01, 0.02)),
        ("trend", "true,false", (True, False)),
        ("kind", "b,a", ("b", "a")),
    ],
)
def test_values_of_an_axis(name, text, values):
    (axis,) = axes_of({name: text}, INPUTS)
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]
    assert axis.ordered == (name not in ("trend", "kind"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("fats", "5..8", ["fats", "fast"]),
        ("fast", "1..8", ["fast", "2..50"]),
        ("fast", "8..5", ["fast", "empty"]),
        ("fast", "5..8 step 0", ["step", "above 0"]),
        ("fast", "5..8 step 0.5", ["fast", "whole number"]),
        ("fast", "5,5", ["fast", "twice"]),
        ("fast", "5,", ["fast"]),
        ("fast", "a..b", ["fast", "'a'"]),
        ("fast", "nan..8", ["fast", "nan"]),
        ("loose", "1..2", ["loose", "step"]),
        ("loose", "0..1 step 0.00001", ["100,001", f"{MOST_CELLS:,}"]),
        ("loose", "0..1e200 step 1e-200", [f"{MOST_CELLS:,}"]),
        ("stop", "1%..3", ["stop", "percent"]),
        ("trend", "1..2", ["trend", "true or false"]),
        ("kind", "c", ["kind", "a, b"]),
    ],
)
def test_a_wrong_axis_is_refused(name, text, words):
    with pytest.raises(SweepError) as raised:
        axes_of({name: text}, INPUTS)
    assert raised.value.field == name
    assert [word for word in words if word not in str(raised.value)] == []


def test_a_grid_runs_its_last_axis_fastest():
    axes = axes_of({"fast": "5..6", "trend": "true,false"}, INPUTS)
    assert grid(axes) == [
        {"fast": 5, "trend": True},
        {"fast": 5, "trend": False},
        {"fast": 6, "trend": True},
        {"fast": 6, "trend": False},
    ]


def test_a_grid_too_large_is_refused_with_both_numbers():
    axes = axes_of({"fast": "2..50", "slow": "5..200", "width": "0.5..4"}, INPUTS)
    with pytest.raises(SweepError, match=f"76,832 cells: at most {MOST_CELLS:,}"):
        grid(axes)


@pytest.mark.parametrize("count", [1, 30, 97, 98, 200])
def test_a_draw_has_no_repeats_and_follows_its_seed(count):
    axes = axes_of({"fast": "2..50", "trend": "true,false"}, INPUTS)
    cells = random_cells(axes, count, 7)
    whole = grid(axes)
    assert len(cells) == min(count, 98)
    assert len({tuple(cell.items()) for cell in cells}) == len(cells)
    assert all(cell in whole for cell in cells)
    assert cells == random_cells(axes, count, 7)
    if count in (30, 97):
        assert cells != random_cells(axes, count, 8)


def test_a_draw_from_more_cells_than_could_be_listed():
    axes = axes_of(dict.fromkeys(("loose",), "0..1 step 0.0001"), INPUTS) * 8
    assert len(random_cells(axes, 5, 1)) == 5
    with pytest.raises(SweepError, match="from 1 to"):
        random_cells(axes, MOST_CELLS + 1, 1)
