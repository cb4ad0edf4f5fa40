"""Bars gathered into the closed bars of a higher timeframe."""

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from apps.engine.indicators.steps.frames import gather_kernel
from apps.engine.program.calendar import DAY, Timeframe, check_fits, periods


def higher_bars(bars: Bars, frame: Timeframe) -> tuple[Bars, np.ndarray]:
    """The closed bars of `frame`, and int64[n]: how many of them are closed as of each of `bars`.

    Raises EvaluationError unless `frame` is a multiple of the bars' length.
    """
    check_fits(frame, bars.timeframe_ms)
    period, ends = periods(bars.time, bars.timeframe_ms, bars.timezone, frame)
    gathered = np.empty((6, len(bars)))
    seen = np.empty(len(bars), np.int64)
    count = gather_kernel(
        bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, period, ends, gathered, seen
    )
    prices = {column: gathered[i, :count] for i, column in enumerate(COLUMNS, start=1)}
    length = (
        frame.length or frame.months * 30 * DAY
    )  # months differ; nothing inside tf() asks for their length
    time = gathered[0, :count].astype(np.int64)
    return Bars(time, **prices, timeframe_ms=length, timezone=bars.timezone, symbol=bars.symbol), seen
