"""What a portfolio is made of, and under which conditions it runs (docs/portfolios.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from apps.engine.bars import Bars
from apps.engine.said import said
from apps.engine.sim.spec import Orders, SimParams, SimulationError

Rebalance = Literal["none", "daily", "weekly", "monthly", "threshold"]
REBALANCES: tuple[Rebalance, ...] = ("none", "daily", "weekly", "monthly", "threshold")
MOST_LEGS = 50
MOST_LEG_BARS = 25_000_000  # over all legs: about 2 GB of columns beside the bars
_ROUNDING = 1e-9  # three thirds may add up to a little more than 1


@dataclass(frozen=True)
class Instrument:
    """The steps in which a symbol trades; 0 means none."""

    tick: float = 0.0  # smallest price step
    lot: float = 0.0  # smallest step of a size, in units
    min_size: float = 0.0  # smallest size, in units
    min_notional: float = 0.0  # smallest size x price


NO_STEPS = Instrument()


@dataclass(frozen=True, eq=False)
class SignalLeg:
    """One leg as the simulator sees it: bars, what is asked on each of them, and the leg's share of equity."""

    symbol: str
    bars: Bars
    orders: Orders
    weight: float  # a fraction above 0, at most 1
    instrument: Instrument = NO_STEPS
    finer: Bars | None = None


@dataclass(frozen=True)
class PortfolioParams:
    """Conditions that all legs share. Amounts are in the one quote currency, rates are fractions."""

    cash: float = 10_000.0
    fee: float = 0.001  # of the notional, on each fill
    slippage_bps: float = 0.0
    fill: Literal["next_open", "close"] = "next_open"
    borrow_per_day: float = 0.0  # of a short's value
    funding_per_day: float = 0.0  # of a position's value: longs pay it, shorts receive it
    rebalance: Rebalance = "none"
    threshold: float = 0.05  # how far a share of equity may drift; counts only where `rebalance` is threshold
    timezone: str | None = None  # of days, weeks and months; None: that of the bars, which must then be one

    def of_account(self) -> SimParams:
        """The conditions without an instrument's steps."""
        return self.of(NO_STEPS)

    def of(self, instrument: Instrument) -> SimParams:
        """The conditions of one leg, as a single backtest has them."""
        return SimParams(
            cash=self.cash,
            fee=self.fee,
            slippage_bps=self.slippage_bps,
            fill=self.fill,
            tick=instrument.tick,
            lot=instrument.lot,
            min_size=instrument.min_size,
            min_notional=instrument.min_notional,
            borrow_per_day=self.borrow_per_day,
            funding_per_day=self.funding_per_day,
        )


def check_weights(weights: Sequence[float], symbols: Sequence[str], rebalance: str) -> None:
    """Raise SimulationError (`legs`, `weight`) on too many or no legs, or weights that cannot be."""
    if not 1 <= len(weights) <= MOST_LEGS:
        raise SimulationError(
            said(
                "a portfolio has 1 to {most_legs} legs, not {weights}.",
                most_legs=MOST_LEGS,
                weights=len(weights),
            ),
            field="legs",
        )
    for symbol, weight in zip(symbols, weights, strict=True):
        if not (math.isfinite(weight) and 0 < weight <= 1):
            raise SimulationError(
                said(
                    "the weight of {symbol} must be above 0 % and at most 100 %, not {weight} %.",
                    symbol=symbol,
                    weight=f"{100 * weight:g}",
                ),
                field="weight",
            )
    total = sum(weights)
    if rebalance != "none" and total > 1 + _ROUNDING:
        raise SimulationError(
            said(
                "the weights add up to {total} %: with rebalancing, at most 100 % can be kept.",
                total=f"{100 * total:g}",
            ),
            field="weight",
        )


def check_portfolio(params: PortfolioParams) -> None:
    """Raise SimulationError, naming the field, where a condition that only portfolios have is out of range."""
    if params.rebalance not in REBALANCES:
        raise SimulationError(
            said(
                "rebalance must be one of {rebalances}, not {rebalance}.",
                rebalances=", ".join(REBALANCES),
                rebalance=repr(params.rebalance),
            ),
            field="rebalance",
        )
    if not 0 < params.threshold < 1:
        raise SimulationError(
            said(
                "threshold must be a fraction between 0 and 1 (0.05 is 5 %), not {threshold}.",
                threshold=repr(params.threshold),
            ),
            field="threshold",
        )


def zone_of(legs: Sequence[SignalLeg], params: PortfolioParams) -> str:
    """The zone in which the portfolio's days, weeks and months begin."""
    if params.timezone is not None:
        try:
            ZoneInfo(params.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise SimulationError(
                said("there is no time zone {timezone}.", timezone=repr(params.timezone)), field="timezone"
            ) from error
        return params.timezone
    zones = sorted({leg.bars.timezone for leg in legs})
    if len(zones) > 1:
        raise SimulationError(
            said(
                "the bars are in different time zones ({zones}): say in which one the portfolio's days begin.",
                zones=", ".join(zones),
            ),
            field="timezone",
        )
    return zones[0]
