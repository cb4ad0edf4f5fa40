"""What a formula asks of the simulator, and under which conditions it is carried out.

`Orders` is the whole history of requests (one row per bar, for a backtest), `Requests` those of one close (for a
bot that lives bar by bar). Neither knows about positions: which request is heeded, dropped or beaten by another is
decided by the fill step alone (`apps.engine.sim.kernel`), by the rules of docs/fills.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Bits of `Orders.flags` and `Requests.flags`: the raw conditions that were true at a bar's close.
LONG = 1
SHORT = 2
EXIT_LONG = 4
EXIT_SHORT = 8
EXIT = 16

ProtectionKind = Literal["percent", "by", "at"]
SizeKind = Literal["percent", "quote", "units", "risk"]
FillMode = Literal["next_open", "close"]

FILL_MODES: tuple[FillMode, ...] = ("next_open", "close")
PROTECTION_KINDS: tuple[ProtectionKind, ...] = ("percent", "by", "at")
SIZE_KINDS: tuple[SizeKind, ...] = ("percent", "quote", "units", "risk")

MAX_SLIPPAGE_BPS = 1_000.0  # 10 %: beyond it a price is no longer a fill, and a mistyped unit is likely


class SimulationError(ValueError):
    """A parameter or an order the simulator cannot work with. `field` names it (`cash`, `stop.value`, ...)."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Protection:
    """A protective order that stands while a position is open.

    percent: `value` is a fraction of the entry price (of the best price for a trail).
    by:      `series[i]` is a distance in price, taken at the close that gave the signal.
    at:      `series[i]` is a price; on bar i + 1 the order stands there, nan meaning no order.
    """

    kind: ProtectionKind
    value: float = math.nan
    series: NDArray[np.float64] | None = None  # float64[n], for `by` and `at`


@dataclass(frozen=True)
class Size:
    """How much an entry buys or sells.

    percent: a fraction of equity at the fill, entry fee included.  quote: an amount of money, entry fee included.
    units:   a number of units.  risk: the fraction of equity that the stop-loss would lose, fees not counted.
    """

    kind: SizeKind = "percent"
    value: float = 1.0


class Requests(NamedTuple):
    """What a formula asks at one close: condition bits, and the current value of each `by` or `at` expression.

    A value is nan where the formula has no such order or gives it as a percentage.
    """

    flags: int
    stop: float = math.nan
    target: float = math.nan
    trail: float = math.nan


@dataclass(frozen=True)
class Orders:
    """All requests of a formula over n bars."""

    flags: NDArray[np.uint8]  # uint8[n], bits LONG ... EXIT, before any conflict is settled
    stop: Protection | None = None
    target: Protection | None = None
    trail: Protection | None = None
    size: Size = Size()
    exit_after: int | None = None  # bars held, 1 or more


@dataclass(frozen=True)
class SimParams:
    """Conditions of a run. Amounts are in quote currency, rates are fractions, 0 means "none" for the last six."""

    cash: float = 10_000.0
    fee: float = 0.001  # of the notional, on each fill
    slippage_bps: float = 0.0  # basis points, against the trader, on market and stop fills
    fill: FillMode = "next_open"
    tick: float = 0.0  # smallest price step
    lot: float = 0.0  # smallest step of a size, in units
    min_size: float = 0.0  # smallest size, in units
    min_notional: float = 0.0  # smallest size x price
    borrow_per_day: float = 0.0  # of the position's value, paid by shorts
    funding_per_day: float = (
        0.0  # of the position's value, paid by longs and received by shorts; may be negative
    )


def check_params(params: SimParams) -> None:
    """Raise SimulationError, naming the field, where a parameter is out of its range."""
    if not (math.isfinite(params.cash) and params.cash > 0):
        raise SimulationError(f"cash must be a positive amount, not {params.cash!r}.", field="cash")
    if not (0 <= params.fee < 1):
        raise SimulationError(
            f"fee must be a fraction from 0 up to, not including, 1 (0.001 is 0.1 %), not {params.fee!r}.",
            field="fee",
        )
    if not (0 <= params.slippage_bps <= MAX_SLIPPAGE_BPS):
        raise SimulationError(
            f"slippage_bps must be from 0 to {MAX_SLIPPAGE_BPS:g} basis points, not {params.slippage_bps!r}.",
            field="slippage_bps",
        )
    if params.fill not in FILL_MODES:
        raise SimulationError(f"fill must be next_open or close, not {params.fill!r}.", field="fill")
    for name in ("tick", "lot", "min_size", "min_notional"):
        value = getattr(params, name)
        if not (math.isfinite(value) and value >= 0):
            raise SimulationError(f"{name} must be 0 (none) or positive, not {value!r}.", field=name)
    if not (0 <= params.borrow_per_day < 1):
        raise SimulationError(
            f"borrow_per_day must be a fraction from 0 up to, not including, 1, not {params.borrow_per_day!r}.",
            field="borrow_per_day",
        )
    if not (-1 < params.funding_per_day < 1):
        raise SimulationError(
            f"funding_per_day must be a fraction between -1 and 1, not {params.funding_per_day!r}.",
            field="funding_per_day",
        )


def check_orders(orders: Orders, bars: int) -> None:
    """Raise SimulationError where the orders do not fit `bars` bars or one another."""
    flags = orders.flags
    if flags.dtype != np.uint8 or flags.shape != (bars,):
        raise SimulationError(
            f"flags must be uint8[{bars}], one per bar, not {flags.dtype}{list(flags.shape)}.", field="flags"
        )
    for name in ("stop", "target", "trail"):
        protection: Protection | None = getattr(orders, name)
        if protection is not None:
            _check_protection(name, protection, bars)
    if orders.size.kind not in SIZE_KINDS:
        raise SimulationError(f"unknown kind of size {orders.size.kind!r}.", field="size.kind")
    if not (math.isfinite(orders.size.value) and orders.size.value > 0):
        raise SimulationError(f"size must be positive, not {orders.size.value!r}.", field="size.value")
    if orders.size.kind == "risk" and orders.stop is None:
        raise SimulationError("size risk needs a stop_loss to measure the risk by.", field="size.kind")
    if orders.exit_after is not None and orders.exit_after < 1:
        raise SimulationError(
            f"exit after needs a whole number of bars, 1 or more, not {orders.exit_after!r}.",
            field="exit_after",
        )


def _check_protection(name: str, protection: Protection, bars: int) -> None:
    if protection.kind not in PROTECTION_KINDS or (name == "trail" and protection.kind == "at"):
        raise SimulationError(f"{name} cannot be of kind {protection.kind!r}.", field=f"{name}.kind")
    if protection.kind == "percent":
        if not (math.isfinite(protection.value) and protection.value > 0):
            raise SimulationError(
                f"{name} needs a positive percentage, not {protection.value!r}.", field=f"{name}.value"
            )
        return
    series = protection.series
    if series is None or series.dtype != np.float64 or series.shape != (bars,):
        raise SimulationError(
            f"{name} {protection.kind} needs a series of {bars} numbers.", field=f"{name}.series"
        )
