"""Every function of the language has its source's values: TA-Lib's to 1e-9 where it has the function."""

import os
import warnings
from functools import cache

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import Program, compile_formula
from apps.engine.lang.functions import FUNCTIONS
from tests.engine.indicators.references import CASES, Case
from tests.engine.indicators.samples import COLUMNS, flat_bars, random_bars, real_bars, tied_bars, with_na

ALL = [case for cases in CASES.values() for case in cases]
BY_LENGTH = [case for case in ALL if case.has_length]
every_case = pytest.mark.parametrize("case", ALL, ids=lambda case: case.expression)
every_length = pytest.mark.parametrize("case", BY_LENGTH, ids=lambda case: case.expression)
THOROUGH = bool(os.environ.get("PROVE"))


@cache
def program(expression: str) -> Program:
    return compile_formula(f"x = {expression}\nlong when close > 0")


def value(case: Case, bars: Bars, n: int) -> np.ndarray:
    return program(case.expression.format(n=n)).evaluate(bars).series["x"]


def assert_same(ours: np.ndarray, theirs: np.ndarray, scale: float = 1.0) -> None:
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * scale)


def check(case: Case, bars: Bars, n: int) -> None:
    ours = value(case, bars, n)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(ours, case.slow(bars, n))


def check_talib(case: Case, bars: Bars, n: int) -> None:
    if case.talib is not None and n >= case.talib_least:
        assert_same(value(case, bars, n), case.talib(bars, n))


def test_every_function_has_a_reference() -> None:
    assert set(CASES) == set(FUNCTIONS)
    for name, cases in CASES.items():
        assert all(name in case.expression for case in cases)


@every_case
def test_random_bars(case: Case) -> None:
    bars = random_bars(10_000, seed=5)
    check_talib(case, bars, 14)
    check(case, bars if THOROUGH else bars.slice(0, 1_000), 11)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
@every_case
def test_real_bars(case: Case, symbol: str) -> None:
    bars = real_bars(symbol)
    scale = 1e9 if case.expression in ("obv", "ad", "cum(volume)") or "adosc" in case.expression else 1.0
    if case.talib is not None:
        assert_same(value(case, bars, 14), case.talib(bars, 14), scale)
    assert_same(value(case, bars.slice(0, 700), 9), case.slow(bars.slice(0, 700), 9), scale)


@every_case
def test_ties_stretches_without_trade_and_without_volume(case: Case) -> None:
    bars = tied_bars(600, seed=3)
    for n in (case.least, 2, 5, 20) if case.has_length else (1,):
        check(case, bars, n)


@every_case
@pytest.mark.parametrize(("price", "volume"), [(50.0, 10.0), (0.1, 0.0), (0.0, 3.3)])
def test_prices_that_never_move(case: Case, price: float, volume: float) -> None:
    for n in (case.least, 10) if case.has_length else (1,):
        check(case, flat_bars(90, price, volume), n)
        if price == 50.0:
            check_talib(case, flat_bars(90, price, volume), n)


@every_length
def test_lengths_at_their_limits(case: Case) -> None:
    bars = random_bars(70, seed=8)
    for n in {0, 1, 2, len(bars) - 1, len(bars), len(bars) + 1, 5_000}:
        if n >= case.least:
            check(case, bars, n)
            check_talib(case, bars, n)


@every_length
def test_the_longest_length(case: Case) -> None:
    bars = random_bars(5_400, seed=9)
    check_talib(case, bars, 5_000)
    check(case, bars, 5_000)


@every_case
def test_na_at_every_position(case: Case) -> None:
    """All columns of one bar, one column of one bar, and runs of them."""
    bars = random_bars(80 if THOROUGH else 18, seed=6)
    n = max(3, case.least)
    for at in range(len(bars)):
        check(case, with_na(bars, COLUMNS, at), n)
        for column in COLUMNS if THOROUGH else (COLUMNS[at % 5], COLUMNS[(at + 2) % 5]):
            check(case, with_na(bars, (column,), at), n)
    for at, count in ((0, 5), (9, 6), (0, len(bars))):
        check(case, with_na(bars, COLUMNS, at, count), n)
    check(case, with_na(with_na(tied_bars(150, 4), ("close",), 60, 3), ("volume", "high"), 100), n)


@every_case
def test_an_infinity_is_an_na(case: Case) -> None:
    """In windows and averages; it is gone once the window has passed it."""
    if not case.has_length or case.expression.startswith(("nz", "na", "valuewhen", "barssince", "cross")):
        return
    bars = random_bars(60, seed=6)
    missing = with_na(bars, COLUMNS[:4], 20)
    columns = {name: np.nan_to_num(getattr(missing, name), nan=np.inf) for name in COLUMNS}
    infinite = Bars(bars.time, **columns, timeframe_ms=bars.timeframe_ms)
    np.testing.assert_array_equal(value(case, infinite, 5), value(case, missing, 5))
