"""The published UT Bot vector, and the rule in plain Python as its script is written down, with Pine's own ATR."""

from __future__ import annotations

CLOSES = [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
# stops from index 2 on, for key 1, ATR of 3, EMA of 1, with the ATR seeded by the mean of the first three true ranges
STOPS = [
    *(99.333333, 100.222222, 101.148148, 101.148148, 104.267490, 101.844993, 100.563329, 100.563329),
    *(97.082965, 99.721977, 101.814651, 101.814651, 101.814651, 101.814651),
]
SIGNALS = {6: "short", 10: "long"}
Bar = tuple[float, float, float, float]


def vector_bars() -> list[Bar]:
    """Open, high, low, close: the open is the close before, high and low lie 1 beyond."""
    opens = [100, *CLOSES[:-1]]
    return [(o, max(o, c) + 1, min(o, c) - 1, c) for o, c in zip(opens, CLOSES, strict=True)]


def ut_bot(
    bars: list[Bar], *, key: float, atr_period: int, ema_period: int
) -> tuple[list[float | None], dict[int, str]]:
    """Stops and signals, computed as the Pine script of the UT Bot does. None stands for na."""
    stops: list[float | None] = []
    averages: list[float | None] = []
    signals: dict[int, str] = {}
    ranges: list[float] = []
    atr: float | None = None
    for i, (_, high, low, close) in enumerate(bars):
        before = bars[i - 1][3] if i else None
        ranges.append(
            high - low if before is None else max(high - low, abs(high - before), abs(low - before))
        )
        if len(ranges) == atr_period:
            atr = sum(ranges) / atr_period
        elif atr is not None:
            atr = (atr * (atr_period - 1) + ranges[-1]) / atr_period
        prior = (stops[-1] if stops else None) or 0.0
        stop: float | None = None
        if atr is not None:
            loss = key * atr
            if close > prior and before is not None and before > prior:
                stop = max(prior, close - loss)
            elif close < prior and before is not None and before < prior:
                stop = min(prior, close + loss)
            else:
                stop = close - loss if close > prior else close + loss
        closes = [bar[3] for bar in bars[: i + 1]]
        if len(closes) < ema_period:
            average = None
        elif len(closes) == ema_period:
            average = sum(closes) / ema_period
        else:
            assert averages[-1] is not None
            weight = 2 / (ema_period + 1)
            average = weight * close + (1 - weight) * averages[-1]
        if i and None not in (stop, stops[-1], average, averages[-1]):
            if close > stop and average > stop and averages[-1] <= stops[-1]:  # type: ignore[operator]
                signals[i] = "long"
            elif close < stop and stop > average and stops[-1] <= averages[-1]:  # type: ignore[operator]
                signals[i] = "short"
        stops.append(stop)
        averages.append(average)
    return stops, signals
