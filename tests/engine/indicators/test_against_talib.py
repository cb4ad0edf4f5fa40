"""Every function TA-Lib has gives TA-Lib's values to 1e-9, with na in the same places."""

import numpy as np
import pytest
import talib

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula

HOUR = 3_600_000


def random_bars(count: int, seed: int) -> Bars:
    """A random walk with gaps, spikes and some bars without volume."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.002, count))
    high = np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.004, count)))
    low = np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.004, count)))
    volume = np.floor(rng.uniform(0, 1000, count)) + 1
    return Bars(np.arange(count) * HOUR, open_, high, low, close, volume, HOUR)


def flat_bars(count: int) -> Bars:
    """Prices that never move: every division by a range meets zero."""
    price = np.full(count, 50.0)
    return Bars(np.arange(count) * HOUR, price, price, price, price, np.full(count, 10.0), HOUR)


def value(expression: str, bars: Bars) -> np.ndarray:
    program = compile_formula(f"x = {expression}\nlong when close > 0")
    return program.evaluate(bars).series["x"]


CASES = {
    "sma(close, {n})": lambda b, n: talib.SMA(b.close, n),
    "ema(close, {n})": lambda b, n: talib.EMA(b.close, n),
    "wma(close, {n})": lambda b, n: talib.WMA(b.close, n),
    "dema(close, {n})": lambda b, n: talib.DEMA(b.close, n),
    "tema(close, {n})": lambda b, n: talib.TEMA(b.close, n),
    "kama(close, {n})": lambda b, n: talib.KAMA(b.close, n),
    "linreg(close, {n})": lambda b, n: talib.LINEARREG(b.close, n),
    "slope(close, {n})": lambda b, n: talib.LINEARREG_SLOPE(b.close, n),
    "stdev(close, {n})": lambda b, n: talib.STDDEV(b.close, n),
    "variance(close, {n})": lambda b, n: talib.VAR(b.close, n),
    "tr": lambda b, n: talib.TRANGE(b.high, b.low, b.close),
    "atr({n})": lambda b, n: talib.ATR(b.high, b.low, b.close, n),
    "natr({n})": lambda b, n: talib.NATR(b.high, b.low, b.close, n),
    "bb(close, {n}, 2).upper": lambda b, n: talib.BBANDS(b.close, n, 2, 2)[0],
    "bb(close, {n}, 2).middle": lambda b, n: talib.BBANDS(b.close, n, 2, 2)[1],
    "bb(close, {n}, 2.5).lower": lambda b, n: talib.BBANDS(b.close, n, 2.5, 2.5)[2],
    "highest(high, {n})": lambda b, n: talib.MAX(b.high, n),
    "lowest(low, {n})": lambda b, n: talib.MIN(b.low, n),
    "rsi(close, {n})": lambda b, n: talib.RSI(b.close, n),
    "cmo(close, {n})": lambda b, n: talib.CMO(b.close, n),
    "cci({n})": lambda b, n: talib.CCI(b.high, b.low, b.close, n),
    "mfi({n})": lambda b, n: talib.MFI(b.high, b.low, b.close, b.volume, n),
    "wpr({n})": lambda b, n: talib.WILLR(b.high, b.low, b.close, n),
    "roc(close, {n})": lambda b, n: talib.ROC(b.close, n),
    "mom(close, {n})": lambda b, n: talib.MOM(b.close, n),
    "change(close, {n})": lambda b, n: talib.MOM(b.close, n),
    "trix(close, {n})": lambda b, n: talib.TRIX(b.close, n),
    "aroon({n}).up": lambda b, n: talib.AROON(b.high, b.low, n)[1],
    "aroon({n}).down": lambda b, n: talib.AROON(b.high, b.low, n)[0],
    "adx({n})": lambda b, n: talib.ADX(b.high, b.low, b.close, n),
    "dmi({n}).plus": lambda b, n: talib.PLUS_DI(b.high, b.low, b.close, n),
    "dmi({n}).minus": lambda b, n: talib.MINUS_DI(b.high, b.low, b.close, n),
    "dmi({n}).adx": lambda b, n: talib.ADX(b.high, b.low, b.close, n),
    "correlation(close, volume, {n})": lambda b, n: talib.CORREL(b.close, b.volume, n),
}
FIXED = {
    "macd(close, 12, 26, 9).macd": lambda b: talib.MACD(b.close, 12, 26, 9)[0],
    "macd(close, 12, 26, 9).signal": lambda b: talib.MACD(b.close, 12, 26, 9)[1],
    "macd(close, 12, 26, 9).hist": lambda b: talib.MACD(b.close, 12, 26, 9)[2],
    "macd(close, 5, 7, 2).signal": lambda b: talib.MACD(b.close, 5, 7, 2)[1],
    "ppo(close, 12, 26)": lambda b: talib.PPO(b.close, 12, 26, 1),
    "stoch(14, 3, 3).k": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[0],
    "stoch(14, 3, 3).d": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[1],
    "stoch(5, 1, 4).k": lambda b: talib.STOCH(b.high, b.low, b.close, 5, 1, 0, 4, 0)[0],
    "ultosc(7, 14, 28)": lambda b: talib.ULTOSC(b.high, b.low, b.close, 7, 14, 28),
    "ultosc(9, 4, 5)": lambda b: talib.ULTOSC(b.high, b.low, b.close, 9, 4, 5),
    "sar(0.02, 0.02, 0.2)": lambda b: talib.SAR(b.high, b.low, 0.02, 0.2),
    "sar(0.05, 0.05, 0.1)": lambda b: talib.SAR(b.high, b.low, 0.05, 0.1),
    "obv": lambda b: talib.OBV(b.close, b.volume),
    "ad": lambda b: talib.AD(b.high, b.low, b.close, b.volume),
    "adosc(3, 10)": lambda b: talib.ADOSC(b.high, b.low, b.close, b.volume, 3, 10),
    "adosc(10, 3)": lambda b: talib.ADOSC(b.high, b.low, b.close, b.volume, 10, 3),
    "ema(ema(close, 9), 9)": lambda b: talib.EMA(talib.EMA(b.close, 9), 9),
}
AT_LEAST_3 = ["linreg", "slope"]


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("length", [2, 3, 14, 50])
@pytest.mark.parametrize("expression", CASES)
def test_value_is_talibs(expression: str, length: int) -> None:
    bars = random_bars(3_000, seed=length)
    assert_same(value(expression.format(n=length), bars), CASES[expression](bars, length))


@pytest.mark.parametrize("expression", FIXED)
def test_value_with_several_lengths_is_talibs(expression: str) -> None:
    bars = random_bars(10_000, seed=5)
    assert_same(value(expression, bars), FIXED[expression](bars))


@pytest.mark.parametrize("expression", CASES)
def test_value_on_flat_prices_is_talibs(expression: str) -> None:
    bars = flat_bars(120)
    assert_same(value(expression.format(n=10), bars), CASES[expression](bars, 10))


@pytest.mark.parametrize("expression", CASES)
def test_too_few_bars_give_na_alone(expression: str) -> None:
    if expression == "tr":
        pytest.skip("tr needs no length")
    bars = random_bars(9, seed=1)
    assert np.isnan(value(expression.format(n=5_000), bars)).all()


@pytest.mark.parametrize("length", [1_000, 4_999, 5_000])
@pytest.mark.parametrize(
    "expression",
    ["sma(close, {n})", "ema(close, {n})", "rsi(close, {n})", "stdev(close, {n})", "highest(high, {n})"],
)
def test_the_longest_lengths_are_talibs(expression: str, length: int) -> None:
    bars = random_bars(10_000, seed=9)
    assert_same(value(expression.format(n=length), bars), CASES[expression](bars, length))
