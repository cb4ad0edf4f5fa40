"""Second moments stay true to 1e-9 on hostile prices, against two passes over each window in extended precision."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula

Column = np.ndarray
TEXT = """
v = variance(close, {n})
d = stdev(close, {n})
e = linreg(close, {n})
s = slope(close, {n})
c = correlation(close, open, {n})
m = sma(close, {n})
w = wma(close, {n})
long when close > 0
"""


def hostile(kind: str, count: int, n: int) -> Column:
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1, count)
    at = np.arange(count)
    if kind == "large with a tiny spread":
        return 1e6 + 1e-6 * noise
    if kind == "outliers":
        return 1e6 + 1e-6 * noise + np.where(at % (3 * n + 1) == n, 1e8, 0.0)
    if kind == "steps up and down":
        return 1e6 + 1e-4 * noise + np.where(at // (2 * n + 3) % 2 == 1, 1e8, 0.0)
    if kind == "constant between jumps":
        return np.where(at % (3 * n + 1) == n, 1e8, 0.1)
    if kind == "steep trend":
        return 1e-3 * at * at + 1e-6 * noise
    if kind == "every magnitude":
        return np.asarray(10.0 ** rng.uniform(-9, 9, count))
    if kind == "shrinking":
        return np.asarray(1.0 + 1e9 * 0.2 ** (at % (n + 7)))
    assert kind == "walk"
    return np.asarray(100 * np.exp(np.cumsum(0.001 * noise)))


KINDS = [
    "large with a tiny spread",
    "outliers",
    "steps up and down",
    "constant between jumps",
    "steep trend",
    "every magnitude",
    "shrinking",
    "walk",
]


def check(kind: str, count: int, n: int, every: int = 1) -> None:
    close = hostile(kind, count, n)
    other = hostile("walk", count, n)
    bars = Bars(np.arange(count), other, close, close, close, close, 1)
    ours = compile_formula(TEXT.format(n=n)).evaluate(bars).series
    picked = np.arange(0, count - n + 1, every)
    windows, others = sliding_window_view(close, n), sliding_window_view(other, n)
    distance = np.arange(n, dtype=np.longdouble) - np.longdouble(n - 1) / 2
    for start in range(0, len(picked), 500):
        rows = picked[start : start + 500]
        x = windows[rows].astype(np.longdouble)
        y = others[rows].astype(np.longdouble)
        ends = rows + n - 1
        mean = x.mean(axis=1)
        centered = x - x[:, -1:]
        centered -= centered.mean(axis=1, keepdims=True)
        y -= y.mean(axis=1, keepdims=True)
        variance = (centered**2).mean(axis=1)
        spread = np.sqrt(variance)
        slope = centered @ distance / (distance @ distance)
        end = mean + slope * np.longdouble(n - 1) / 2
        np.testing.assert_allclose(ours["v"][ends], variance.astype(float), rtol=1e-9, atol=0)
        np.testing.assert_allclose(ours["d"][ends], spread.astype(float), rtol=1e-9, atol=0)
        constant = (centered == 0).all(axis=1)
        assert (ours["d"][ends][constant] == 0).all()
        assert (ours["s"][ends][constant] == 0).all()
        assert (ours["m"][ends][constant] == close[ends][constant]).all()
        assert (abs(ours["s"][ends] - slope) <= 1e-9 * (abs(slope) + 3 * spread / n)).all()
        assert (abs(ours["e"][ends] - end) <= 1e-9 * spread + 1e-15 * abs(close[ends])).all()
        both = np.where(constant, 1, np.sqrt((centered**2).sum(axis=1) * (y**2).sum(axis=1)))
        expected = np.where(constant, 0, (centered * y).sum(axis=1) / both)
        assert (abs(ours["c"][ends] - expected) <= 1e-9).all()


@pytest.mark.parametrize("kind", KINDS)
def test_moments_of_hostile_prices(kind: str) -> None:
    check(kind, 6_000, 14)
    check(kind, 6_000, 200, every=7)


@pytest.mark.parametrize("kind", KINDS)
def test_moments_of_hostile_prices_over_the_longest_window(kind: str) -> None:
    check(kind, 25_000, 5_000, every=331)


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "every"), [(2, 11), (14, 13), (200, 101), (5_000, 4_999)])
def test_moments_over_a_million_bars(kind: str, n: int, every: int) -> None:
    check(kind, 1_000_000, n, every)


@pytest.mark.parametrize(
    "expression", ["sma(x, 20)", "wma(x, 20)", "kama(x, 20)", "mfi(20)", "cci(20)", "stdev(x, 20)"]
)
def test_an_outlier_is_forgotten(expression: str) -> None:
    """Running sums carry no trace of a huge value once the window has passed it twice."""
    count = 400
    close = hostile("walk", count, 20)
    spiked = close.copy()
    spiked[50] = 1e17
    values = []
    for some in (close, spiked):
        bars = Bars(np.arange(count), some, some, some, some, np.full(count, 3.0), 1)
        values.append(
            compile_formula(f"x = close\ny = {expression}\nlong when close > 0").evaluate(bars).series["y"]
        )
    since = 50 + 42
    if expression.startswith("kama"):  # the average itself remembers; its speed does not
        values = [np.diff(v)[since:] / (close[since + 1 :] - v[since:-1]) for v in values]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-3)
    else:
        np.testing.assert_allclose(values[0][since:], values[1][since:], rtol=1e-12)


def test_a_window_without_volume_has_no_weighted_average() -> None:
    """By hand: 0.1 + 0.2 + 0.3 - 0.1 - 0.2 - 0.3 is not 0 in floating point, yet nothing was traded."""
    volume = np.array([0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0])
    price = np.arange(1.0, 9.0)
    bars = Bars(np.arange(8), price, price, price, price, volume, 1)
    series = compile_formula("x = vwma(close, 3)\ny = mfi(3)\nlong when close > 0").evaluate(bars).series
    np.testing.assert_allclose(
        series["x"], [np.nan, np.nan, 1.4 / 0.6, 1.3 / 0.5, 3.0, np.nan, np.nan, np.nan]
    )
    np.testing.assert_allclose(series["y"], [np.nan] * 3 + [100, 100, 0, 0, 0])
