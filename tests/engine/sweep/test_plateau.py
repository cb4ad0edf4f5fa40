"""Plateau scores: by hand on a line, against plain loops on a grid."""

import itertools
import math

import numpy as np
import pytest

from apps.engine.sweep import Axis, Cell, SweepError, plateau


def cells(axes, values):
    names = [axis.name for axis in axes]
    settings = itertools.product(*(axis.values for axis in axes))
    return [
        Cell(dict(zip(names, each, strict=True)), {"sharpe": value, "max_drawdown": value}, {}, {}, None, {})
        for each, value in zip(settings, values, strict=True)
    ]


LINE = [Axis("n", (1, 2, 3, 4), True)]


def test_a_needle_is_not_supported():
    found = plateau(cells(LINE, [1.0, 2.0, 3.0, 10.0]), LINE, "sharpe")
    assert (found.best, found.supported) == (3, False)  # sigma 3.54, its neighbour is 7 below
    assert found.scores == pytest.approx([1.5 - 0.5, 2 - math.sqrt(2 / 3), 5 - math.sqrt(38 / 3), 6.5 - 3.5])
    assert found.steadiest == 3


def test_a_plateau_is():
    found = plateau(cells(LINE, [1.0, 2.0, 3.0, 3.5]), LINE, "sharpe")
    assert (found.best, found.supported, found.steadiest) == (3, True, 3)


def test_less_drawdown_is_better():
    found = plateau(cells(LINE, [0.1, 0.2, 0.3, 0.35]), LINE, "max_drawdown")
    assert (found.best, found.steadiest) == (0, 0)
    assert found.scores[0] == pytest.approx(0.15 + 0.05)


def test_undefined_cells_support_nothing():
    found = plateau(cells(LINE, [None, None, 3.0, None]), LINE, "sharpe")
    assert (found.scores, found.best, found.supported, found.steadiest) == ([None] * 4, 2, False, None)
    assert plateau(cells(LINE, [None] * 4), LINE, "sharpe").best is None


def test_a_grid_against_plain_loops():
    axes = [
        Axis("a", tuple(range(5)), True),
        Axis("b", (True, False), False),
        Axis("c", (0.1, 0.2, 0.3), True),
    ]
    rng = np.random.default_rng(4)
    values = [None if rng.random() < 0.2 else float(rng.normal()) for _ in range(30)]
    found = plateau(cells(axes, values), axes, "sharpe")
    places = list(itertools.product(range(5), range(2), range(3)))
    for i, place in enumerate(places):
        near = [
            value
            for other, value in zip(places, values, strict=True)
            if value is not None
            and abs(other[0] - place[0]) <= 1 and other[1] == place[1] and abs(other[2] - place[2]) <= 1
        ]  # fmt: skip
        expected = None if values[i] is None or len(near) < 2 else np.mean(near) - np.std(near)
        assert found.scores[i] == (None if expected is None else pytest.approx(expected))


def test_an_unknown_metric_is_named():
    with pytest.raises(SweepError, match="shrape"):
        plateau(cells(LINE, [1.0, 2.0, 3.0, 4.0]), LINE, "shrape")
