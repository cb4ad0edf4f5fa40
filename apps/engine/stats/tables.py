"""The tables of a report: worst drawdowns, months, years, excursions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim.run import SimResult, Trades
from apps.engine.stats.calendar import DAY_MS, Year, iso_times
from apps.engine.stats.equity import fall_figures, falls
from apps.engine.stats.metrics import days_between
from apps.engine.stats.returns import month_returns
from apps.engine.stats.sums import percentile, plain, total

WORST = 10


def drawdown_table(result: SimResult, bars: Bars, cash: float) -> list[dict[str, Any]]:
    """The deepest drawdowns, deepest first, the earlier of equals first."""
    equity = plain(result.equity)
    whole, real = falls(equity, float(cash), fall_figures(equity, float(cash)).drawdowns)
    depth = 1.0 - real[:, 1] / real[:, 0]
    time = result.time
    rows = []
    for row in np.argsort(-depth, kind="stable")[:WORST].tolist():
        start, trough, stop = whole[row].tolist()
        recovered = stop < len(time)
        moments = iso_times(time[[start, trough, min(stop, len(time) - 1)]])
        rows.append(
            {
                "start": moments[0],
                "trough": moments[1],
                "end": moments[2] if recovered else None,
                "depth": float(depth[row]),
                "amount": float(real[row, 0] - real[row, 1]),
                "bars": stop - start,
                "days": days_between(time, start, stop, bars.timeframe_ms),
                "days_to_recover": int(time[stop] - time[trough]) / DAY_MS if recovered else None,
            }
        )
    return rows


def month_table(
    equity: NDArray[np.float64], close: NDArray[np.float64], year: Year, cash: float
) -> list[dict[str, Any]]:
    """One row per calendar month that has bars: the run's return and buy-and-hold's."""
    return _rows(
        equity,
        close,
        year.last_of_month,
        cash,
        [{"year": 1970 + month // 12, "month": month % 12 + 1} for month in year.months.tolist()],
    )


def year_table(
    equity: NDArray[np.float64], close: NDArray[np.float64], year: Year, cash: float
) -> list[dict[str, Any]]:
    """One row per calendar year that has bars, likewise."""
    years = 1970 + year.months // 12
    closing = np.append(years[1:] != years[:-1], True)
    names = [{"year": number} for number in years[closing].tolist()]
    return _rows(equity, close, year.last_of_month[closing], cash, names)


def _rows(
    equity: NDArray[np.float64],
    close: NDArray[np.float64],
    last: NDArray[np.int64],
    cash: float,
    names: list[dict[str, int]],
) -> list[dict[str, Any]]:
    own = month_returns(plain(equity), last, float(cash)).tolist()
    market = month_returns(plain(close), last, float(close[0])).tolist()
    return [
        {**name, "return": finite(one), "buy_and_hold": finite(other)}
        for name, one, other in zip(names, own, market, strict=True)
    ]


def excursion_table(trades: Trades) -> dict[str, float | None]:
    """How far closed trades went against and for their holder, as fractions of the entry price."""
    won, lost = trades.pnl > 0, trades.pnl < 0
    mae, mfe = trades.mae, trades.mfe
    return {
        "avg_mae": mean(mae),
        "avg_mfe": mean(mfe),
        "avg_mae_won": mean(mae[won]),
        "avg_mae_lost": mean(mae[lost]),
        "avg_mfe_won": mean(mfe[won]),
        "avg_mfe_lost": mean(mfe[lost]),
        "mae_won_95": float(percentile(np.sort(mae[won]), 0.95)) if won.any() else None,
        "worst_mae": float(np.max(mae)) if len(mae) else None,
        "best_mfe": float(np.max(mfe)) if len(mfe) else None,
    }


def mean(values: NDArray[np.float64]) -> float | None:
    """The mean, None of no values or where it is not finite."""
    return finite(total(values) / len(values)) if len(values) else None


def finite(value: float) -> float | None:
    """The value, None where it is not a number that JSON knows."""
    return value if np.isfinite(value) else None
