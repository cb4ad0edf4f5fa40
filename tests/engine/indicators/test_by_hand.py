"""Arithmetic and the rules on na, by hand."""

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from tests.engine.indicators.samples import random_bars

NA = float("nan")


def value(expression: str, bars: Bars) -> np.ndarray:
    program = compile_formula(f"x = {expression}\nlong when close > 0")
    return program.evaluate(bars).series["x"]


def test_a_window_that_holds_an_na_is_na_and_smoothing_passes_over_it() -> None:
    x = np.array([1.0, 2.0, 3.0, NA, 5.0, 6.0, 7.0, 8.0])
    bars = Bars(np.arange(8), x, x, x, x, x, 1)
    # by hand: the mean of 2 is na on the hole and on the bar after it
    np.testing.assert_array_equal(value("sma(close, 2)", bars), [NA, 1.5, 2.5, NA, NA, 5.5, 6.5, 7.5])
    # by hand: seeded with (1 + 2) / 2, then + 2/3 of the distance; the hole leaves 2.5 in place
    np.testing.assert_allclose(value("ema(close, 2)", bars)[:5], [NA, 1.5, 2.5, NA, 2.5 + 2.5 * 2 / 3])
    np.testing.assert_array_equal(value("fixnan(close)", bars), [1, 2, 3, 3, 5, 6, 7, 8])
    np.testing.assert_array_equal(value("cum(close)", bars), [1, 3, 6, NA, 11, 17, 24, 32])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 % 3 + bar_index * 0", 1),
        ("-7 % 3 + bar_index * 0", -1),
        ("7 % -3 + bar_index * 0", 1),
        ("1 / 2 + bar_index * 0", 0.5),
        ("bar_index / 0", NA),
        ("0 / (bar_index * 0)", NA),
        ("max(close, na)", NA),
        ("min(na, close)", NA),
        ("nz(close / 0, 5)", 5),
        ("nz(close / 0)", 0),
        ("na != close ? 1 : 0", 0),
        ("na == na ? 1 : 0", 0),
        ("not (na > close) ? 1 : 0", 1),
        ("na(close / 0) ? 1 : 0", 1),
        ("sqrt(0 - close)", NA),
        ("log(close * 0)", NA),
        ("pow(0 - close, 0.5)", NA),
        ("pow(2, 10) + close * 0", 1024),
        ("exp(close * 1000)", NA),
        ("exp(bar_index * 0 + 709.7) > 0 ? 1 : 0", 1),
        ("exp(bar_index * 0 + 709.8)", NA),
        ("pow(10, 300) * pow(10, 300) + close * 0", NA),
        ("close * pow(10, 300) * pow(10, 300)", NA),
        ("0 - close * pow(10, 300) * pow(10, 300)", NA),
        ("close / pow(10, -300) / pow(10, -300)", NA),
        ("0 - pow(10, 308) - pow(10, 308) + close * 0", NA),
        ("round(2.5 + close * 0)", 3),
        ("round(-2.5 + close * 0)", -2),
        ("round(2.345 + close * 0, 1)", 2.3),
        ("floor(0 - 1.5 + close * 0)", -2),
        ("ceil(1.2 + close * 0)", 2),
        ("sign(0 - close)", -1),
        ("avg(1, 2, 6) + close * 0", 3),
        ("2 + 3 * 4 - 1 + close * 0", 13),
        ("(close > 0 ? close > 0 ? 1 : 2 : 3)", 1),
        ("3% * 100 + close * 0", 3),
        ("10 - 4 - 3 + close * 0", 3),
        ("true or false and false ? 1 : 0", 1),
        ("1 < 2 == 3 > 2 ? 1 : 0", 1),
    ],
)
def test_arithmetic_by_hand(expression: str, expected: float) -> None:
    bars = random_bars(5, seed=1)
    np.testing.assert_allclose(value(expression, bars)[-1], expected)
