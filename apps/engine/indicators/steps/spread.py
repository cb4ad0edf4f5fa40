"""Steps of the range of a bar. Source: TA-Lib."""

from numba import njit

from apps.engine.indicators.steps.windows import NA, missing


@njit(cache=True)
def true_range_of(high: float, low: float, previous_close: float) -> float:
    """The largest of high - low and the distances of both from the close before."""
    span = high - low
    up = abs(high - previous_close)
    down = abs(low - previous_close)
    if up > span:
        span = up
    if down > span:
        span = down
    return span


@njit(cache=True)
def true_range_step(state: tuple[float], high: float, low: float, close: float) -> tuple[tuple[float], float]:
    """max(high - low, |high - close before|, |low - close before|). Source: Wilder 1978; TA-Lib TRANGE.

    First value: the second bar. State: the close before.
    """
    (previous,) = state
    if missing(high) or missing(low) or missing(previous):
        return (close,), NA
    return (close,), true_range_of(high, low, previous)


@njit(cache=True)
def atr_step(
    state: tuple[float, float, float], high: float, low: float, close: float, n: int
) -> tuple[tuple[float, float, float], float]:
    """Wilder's average of the true range: (before * (n - 1) + range) / n, seeded with the mean of the first n ranges.

    Source: Wilder 1978; TA-Lib ATR, which passes over the first bar, so the first value is that of index n (Pine's is
    that of n - 1). State: ranges seen, the close before, the average (their sum until seeded).
    """
    if missing(high) or missing(low) or missing(close):
        return state, NA
    count, previous, average = state
    if previous != previous:
        return (count, close, average), NA
    span = true_range_of(high, low, previous)
    if count >= n:
        average = (average * (n - 1) + span) / n
        return (count, close, average), average
    count += 1.0
    average += span
    if count == n:
        average /= n
        return (count, close, average), average
    return (count, close, average), NA
