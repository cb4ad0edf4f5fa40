"""Steps of the volume indicators. Source: TA-Lib."""

from numba import njit

from apps.engine.indicators.steps.windows import NA, missing


@njit(cache=True)
def cum_step(state: tuple[float], x: float) -> tuple[tuple[float], float]:
    """Sum of all values so far; na where x is. Source: Pine's ta.cum. First value: with x."""
    if missing(x):
        return state, NA
    total = state[0] + x
    return (total,), total


@njit(cache=True)
def obv_step(state: tuple[float, float], close: float, volume: float) -> tuple[tuple[float, float], float]:
    """On-balance volume: the volume added where the close rises, taken off where it falls. Source: TA-Lib OBV, which
    starts at the first bar's volume. State: the close before, the total."""
    if missing(close) or missing(volume):
        return state, NA
    previous, total = state
    if previous != previous:
        total = volume
    elif close > previous:
        total += volume
    elif close < previous:
        total -= volume
    return (close, total), total


@njit(cache=True)
def ad_step(
    state: tuple[float], high: float, low: float, close: float, volume: float
) -> tuple[tuple[float], float]:
    """Chaikin's accumulation/distribution line: sum of ((close - low) - (high - close)) / (high - low) *
    volume, a bar without range adding nothing. Source: TA-Lib AD. First value: the first bar. State: the total.
    """
    if missing(high) or missing(low) or missing(close) or missing(volume):
        return state, NA
    total = state[0]
    span = high - low
    if span > 0.0:
        total += (((close - low) - (high - close)) / span) * volume
    return (total,), total


@njit(cache=True)
def adosc_step(
    state: tuple[float, float, float], line: float, fast: int, slow: int
) -> tuple[tuple[float, float, float], float]:
    """Chaikin's oscillator: fast less slow exponential average of the accumulation line, both starting at its
    first value.

    Source: TA-Lib ADOSC. First value: index max(fast, slow) - 1. State: values seen, fast average, slow
    average.
    """
    if missing(line):
        return state, NA
    count, quick, lazy = state
    if count == 0.0:
        quick = line
        lazy = line
    else:
        k = 2.0 / (fast + 1)
        quick = k * line + (1.0 - k) * quick
        k = 2.0 / (slow + 1)
        lazy = k * line + (1.0 - k) * lazy
    longest = max(fast, slow)
    if count < longest:
        count += 1.0
    if count < longest:
        return (count, quick, lazy), NA
    return (count, quick, lazy), quick - lazy
