"""Steps without memory: arithmetic, comparison and choice."""

import math

import numpy as np
from numba import njit

from apps.engine.indicators.steps.windows import EPSILON, NA, missing

LARGEST_EXPONENT = 709.782712893384  # the logarithm of the largest number there is


@njit(cache=True)
def held(x: float) -> float:
    """x, or na where it is too large to hold."""
    return x if abs(x) < math.inf else NA


@njit(cache=True)
def add_step(a: float, b: float) -> float:
    """a + b; na where that is too large to hold, as in every step of this file."""
    return held(a + b)


@njit(cache=True)
def sub_step(a: float, b: float) -> float:
    return held(a - b)


@njit(cache=True)
def mul_step(a: float, b: float) -> float:
    return held(a * b)


@njit(cache=True)
def div_step(a: float, b: float) -> float:
    """a / b; na where b is zero."""
    if b == 0.0:
        return NA
    return held(a / b)


@njit(cache=True)
def mod_step(a: float, b: float) -> float:
    """The remainder with the dividend's sign; na where b is zero or a is infinite."""
    if b == 0.0 or math.isinf(a):
        return NA
    return np.fmod(a, b)


@njit(cache=True)
def neg_step(a: float) -> float:
    return -a


@njit(cache=True)
def lt_step(a: float, b: float) -> bool:
    return a < b


@njit(cache=True)
def le_step(a: float, b: float) -> bool:
    return a <= b


@njit(cache=True)
def gt_step(a: float, b: float) -> bool:
    return a > b


@njit(cache=True)
def ge_step(a: float, b: float) -> bool:
    return a >= b


@njit(cache=True)
def eq_step(a: float, b: float) -> bool:
    return a == b


@njit(cache=True)
def ne_step(a: float, b: float) -> bool:
    """a and b both known and different."""
    return a < b or a > b


@njit(cache=True)
def and_step(a: bool, b: bool) -> bool:
    return a and b


@njit(cache=True)
def or_step(a: bool, b: bool) -> bool:
    return a or b


@njit(cache=True)
def not_step(a: bool) -> bool:
    return not a


@njit(cache=True)
def same_step(a: bool, b: bool) -> bool:
    return a == b


@njit(cache=True)
def differ_step(a: bool, b: bool) -> bool:
    return a != b


@njit(cache=True)
def choose_step(c: bool, a: float, b: float) -> float:
    return a if c else b


@njit(cache=True)
def choose_bool_step(c: bool, a: bool, b: bool) -> bool:
    return a if c else b


@njit(cache=True)
def max_step(a: float, b: float) -> float:
    """The larger; na if either is na."""
    if a != a or b != b:
        return NA
    return a if a >= b else b


@njit(cache=True)
def min_step(a: float, b: float) -> float:
    """The smaller; na if either is na."""
    if a != a or b != b:
        return NA
    return a if a <= b else b


@njit(cache=True)
def abs_step(a: float) -> float:
    return abs(a)


@njit(cache=True)
def sign_step(a: float) -> float:
    """1, 0 or -1."""
    if a != a:
        return NA
    if a > 0.0:
        return 1.0
    if a < 0.0:
        return -1.0
    return 0.0


@njit(cache=True)
def floor_step(a: float) -> float:
    if a != a or math.isinf(a):
        return NA
    return float(math.floor(a)) if abs(a) < 4503599627370496.0 else a


@njit(cache=True)
def ceil_step(a: float) -> float:
    if a != a or math.isinf(a):
        return NA
    return float(math.ceil(a)) if abs(a) < 4503599627370496.0 else a


@njit(cache=True)
def round_step(a: float, digits: int) -> float:
    """Nearest multiple of 10 ** -digits; halves go up, as in Pine."""
    if a != a or math.isinf(a):
        return NA
    scale = 10.0**digits
    scaled = a * scale
    if abs(scaled) >= 4503599627370496.0:  # 2 ** 52: no fraction is left to round
        return a
    low = float(math.floor(scaled))
    nearest = low + 1.0 if scaled - low >= 0.5 else low
    return nearest / scale


@njit(cache=True)
def sqrt_step(a: float) -> float:
    """The square root; na below zero."""
    if a < 0.0 or a != a:
        return NA
    return math.sqrt(a)


@njit(cache=True)
def log_step(a: float) -> float:
    """The natural logarithm; na unless a > 0."""
    if a > 0.0:
        return math.log(a)
    return NA


@njit(cache=True)
def exp_step(a: float) -> float:
    """e ** a; na where that is too large to hold."""
    if a != a or a > LARGEST_EXPONENT:
        return NA
    return math.exp(a)


@njit(cache=True)
def pow_step(a: float, b: float) -> float:
    """a ** b; na where it is undefined or too large to hold."""
    if a != a or b != b or (a == 0.0 and b < 0.0) or (a < 0.0 and b != float(math.floor(b))):
        return NA
    if a != 0.0 and a != 1.0 and a != -1.0 and b * math.log(abs(a)) > 709.0:
        return NA
    return a**b


@njit(cache=True)
def is_na_step(a: float) -> bool:
    return a != a


@njit(cache=True)
def nz_step(a: float, b: float) -> float:
    """a, or b where a is na."""
    return b if a != a else a


@njit(cache=True)
def gate_step(a: float, b: float) -> float:
    """a from the bar on which b is known, so that two outputs start together."""
    return NA if b != b else a


@njit(cache=True)
def ratio_step(a: float, b: float) -> float:
    """a / b, but 0 where b is as good as zero: TA-Lib's habit in its oscillators."""
    if a != a or b != b:
        return NA
    if -EPSILON < b < EPSILON:
        return 0.0
    return held(a / b)


@njit(cache=True)
def stoch_step(close: float, low: float, high: float) -> float:
    """Where close lies between low and high, in percent; 0 where they are equal (TA-Lib)."""
    if close != close or low != low or high != high:
        return NA
    span = (high - low) / 100.0
    if span == 0.0:
        return 0.0
    return held((close - low) / span)


@njit(cache=True)
def williams_step(close: float, low: float, high: float) -> float:
    """-100 (at the low) to 0 (at the high); 0 where they are equal (TA-Lib)."""
    if close != close or low != low or high != high:
        return NA
    span = (high - low) / -100.0
    if span == 0.0:
        return 0.0
    return held((high - close) / span)


@njit(cache=True)
def percent_of_step(part: float, whole: float) -> float:
    """part as a percentage of whole; 0 where whole is zero (TA-Lib's PPO, ROC and NATR)."""
    if part != part or whole != whole:
        return NA
    if -EPSILON < whole < EPSILON:
        return 0.0
    return held(part / whole * 100.0)


@njit(cache=True)
def roc_step(now: float, before: float) -> float:
    """Change from before to now in percent; 0 where before is zero (TA-Lib)."""
    if now != now or missing(before):
        return NA
    if before == 0.0:
        return 0.0
    return held(((now / before) - 1.0) * 100.0)
