"""The honesty panel of one run: what its own returns and trades say of how far luck may have carried it.

It depends on the run and the seed alone, so it is part of the result and of its bytes. How many variants were tried
is not known here: `luck` adds that.
"""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.honesty.block_length import stationary_block_length
from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.paths import bootstrap_paths, shuffled_paths
from apps.engine.honesty.sharpe import (
    CONFIDENCE,
    Floats,
    Moments,
    min_track_record,
    moments_of,
    probabilistic_sharpe,
)

PATHS = 1_000
PERCENTILES = (5, 25, 50, 75, 95)
LOSSES = (0.2, 0.5, 1.0)  # of the start, for the risk of ruin
MOST_POINTS = 120
FEWEST_RETURNS = 30  # below, a bootstrap repeats a handful of returns
FEWEST_TRADES = 2
MOST_STEPS = (
    50_000_000  # trades walked by all orders together, so that a run of very many trades waits no longer
)
FEWEST_ORDERS = 100

Bands = dict[str, float]
PathBands = dict[str, list[float]]


@dataclass(frozen=True)
class Bootstrap:
    """What the account might have done, had its days come in other blocks."""

    block_length: float  # mean, in periods
    points: list[int]  # numbers of periods, from 0
    equity: PathBands  # account currency at the points, by percentile; "actual" is the run itself
    final_return: Bands
    max_drawdown: Bands
    sharpe: Bands  # per year
    probability_of_loss: float
    risk_of_ruin: list[dict[str, float]]  # loss as a fraction of the start, probability of ever being there


@dataclass(frozen=True)
class Shuffle:
    """What the same trades might have done in another order; all orders end at the same equity."""

    orders: int  # how many were drawn: `paths`, fewer for more than MOST_STEPS / paths trades
    points: list[int]  # numbers of trades, from 0
    equity: PathBands
    max_drawdown: Bands
    actual_max_drawdown: float
    deeper: float  # share of orders whose largest drawdown was deeper than the actual one


@dataclass(frozen=True)
class Panel:
    """Undefined is None; ratios are fractions, drawdowns positive. Definitions and sources: docs/honesty.md."""

    moments: Moments  # per period
    periods_per_year: float
    probabilistic_sharpe: float | None  # against 0
    min_track_record_periods: float | None
    bootstrap: Bootstrap | None  # None for fewer than FEWEST_RETURNS returns
    shuffle: Shuffle | None  # None for fewer than FEWEST_TRADES trades
    seed: int
    paths: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        sharpe, needed = self.moments.sharpe, self.min_track_record_periods
        return {
            "moments": self.moments.as_dict(),
            "periods_per_year": self.periods_per_year,
            "sharpe": None if sharpe is None else sharpe * math.sqrt(self.periods_per_year),
            "probabilistic_sharpe": self.probabilistic_sharpe,
            "min_track_record": {
                "confidence": CONFIDENCE,
                "periods": needed,
                "years": None if needed is None else needed / self.periods_per_year,
            },
            "bootstrap": None if self.bootstrap is None else asdict(self.bootstrap),
            "shuffle": None if self.shuffle is None else asdict(self.shuffle),
            "seed": self.seed,
            "paths": self.paths,
        }


def account_returns(pnl: Floats, cash: float) -> Floats:
    """float64[k]: each closed trade's pnl over the account before it, cash and all earlier pnl; what `panel` shuffles.

    A trade made when nothing was left counts 0.
    """
    before = cash + np.concatenate(([0.0], np.cumsum(pnl)[:-1])) if len(pnl) else np.zeros(0)
    return np.divide(pnl, before, out=np.zeros(len(pnl)), where=before > 0)


def panel(
    returns: Floats,
    periods_per_year: float,
    trade_returns: Floats,
    *,
    cash: float,
    seed: int = 0,
    paths: int = PATHS,
) -> Panel:
    """The panel of a run with float64[T] returns per period and float64[k] `account_returns` of its trades.

    `cash` is what both kinds of paths start from. The same arguments give the same bytes, whatever runs beside.
    """
    returns, trade_returns = _checked("returns", returns), _checked("trade returns", trade_returns)
    if not (math.isfinite(cash) and cash > 0):
        raise HonestyError(f"cash is {cash}: paths start from a positive amount")
    if paths < 1:
        raise HonestyError(f"{paths} paths: at least 1 is needed")
    if not 0 <= seed < 2**63:
        raise HonestyError(f"seed is {seed}: it must be a whole number from 0 to 2^63 - 1")
    moments = moments_of(returns)
    return Panel(
        moments=moments,
        periods_per_year=periods_per_year,
        probabilistic_sharpe=probabilistic_sharpe(moments),
        min_track_record_periods=min_track_record(moments),
        bootstrap=_bootstrap(returns, periods_per_year, cash, seed, paths)
        if len(returns) >= FEWEST_RETURNS
        else None,
        shuffle=_shuffle(trade_returns, cash, seed, paths) if len(trade_returns) >= FEWEST_TRADES else None,
        seed=seed,
        paths=paths,
    )


def _checked(name: str, values: Floats) -> Floats:
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise HonestyError(f"{name} have {values.ndim} dimensions: one is right")
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise HonestyError(f"{name}: number {wrong[0]} is {values[wrong[0]]}, not a finite number")
    return values


def _points(length: int) -> NDArray[np.int64]:
    """At most MOST_POINTS rising numbers from 0 to `length`, both included."""
    return np.unique(np.rint(np.linspace(0, length, min(length + 1, MOST_POINTS))).astype(np.int64))


def _bands(values: Floats) -> Bands:
    return {f"p{q}": float(v) for q, v in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)}


def _path_bands(multiples: Floats, returns: Floats, points: NDArray[np.int64], cash: float) -> PathBands:
    """Percentiles of float64[points, paths] at each point, and the run itself, 0 from where nothing is left."""
    bands = np.percentile(multiples, PERCENTILES, axis=1) * cash
    actual = np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + returns, 0.0))))[points] * cash
    return {
        **{f"p{q}": row.tolist() for q, row in zip(PERCENTILES, bands, strict=True)},
        "actual": actual.tolist(),
    }


def _holds(multiples: Floats, cash: float) -> bool:
    """Whether no path grows to more than a number can hold."""
    return float(np.max(multiples)) <= sys.float_info.max / max(cash, 1.0)


def _bootstrap(
    returns: Floats, periods_per_year: float, cash: float, seed: int, paths: int
) -> Bootstrap | None:
    block_length = stationary_block_length(returns)
    points = _points(len(returns))
    equity, lowest, deepest, sharpe = bootstrap_paths(returns, block_length, paths, seed, points)
    if not (_holds(equity, cash) and np.isfinite(sharpe).all()):
        return None
    final = equity[-1] - 1.0
    return Bootstrap(
        block_length=block_length,
        points=points.tolist(),
        equity=_path_bands(equity, returns, points, cash),
        final_return=_bands(final),
        max_drawdown=_bands(deepest),
        sharpe=_bands(sharpe * math.sqrt(periods_per_year)),
        probability_of_loss=float(np.mean(final < 0)),
        risk_of_ruin=[{"loss": loss, "probability": float(np.mean(lowest <= 1.0 - loss))} for loss in LOSSES],
    )


def _shuffle(trade_returns: Floats, cash: float, seed: int, paths: int) -> Shuffle | None:
    points = _points(len(trade_returns))
    orders = min(paths, max(FEWEST_ORDERS, MOST_STEPS // len(trade_returns)))
    equity, deepest = shuffled_paths(trade_returns, orders, seed, points)
    if not _holds(equity, cash):
        return None
    curve = np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + trade_returns, 0.0))))
    actual = float(np.max(1.0 - curve / np.maximum.accumulate(curve)))
    return Shuffle(
        orders=orders,
        points=points.tolist(),
        equity=_path_bands(equity, trade_returns, points, cash),
        max_drawdown=_bands(deepest),
        actual_max_drawdown=actual,
        deeper=float(np.mean(deepest > actual + 1e-12)),
    )
