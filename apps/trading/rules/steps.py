"""Orders on the grid of their market, each rounded to the side on which nothing is worse than what was meant.

- Units are cut down: an order is never larger than was meant, one that closes a position included.
- A limit is never worse than meant: a buyer's is rounded down to a tick, a seller's up.
- A stop that closes a position fires sooner rather than later: a seller's is rounded up, a buyer's down. One that opens
  a position fires later rather than sooner: a buyer's is rounded up, a seller's down.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from apps.trading.choices import Side
from apps.trading.rules.amounts import exactly, on_step, on_tick


class Grid(NamedTuple):
    """Steps and smallest sizes of a market; 0 is none."""

    tick: Decimal
    lot: Decimal
    min_size: Decimal
    min_notional: Decimal


class Amounts(NamedTuple):
    units: Decimal | None
    price: Decimal | None  # of a limit
    trigger: Decimal | None  # of a stop


def on_grid(asked: Amounts, grid: Grid, *, side: str, closes: bool) -> Amounts:
    """What of an order its market can take."""
    buys = side == Side.BUY
    with exactly():
        return Amounts(
            None if asked.units is None else on_step(asked.units, grid.lot),
            None if asked.price is None else on_tick(asked.price, grid.tick, up=not buys),
            None if asked.trigger is None else on_tick(asked.trigger, grid.tick, up=buys != closes),
        )
