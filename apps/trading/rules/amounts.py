"""Money, prices and sizes as decimals of twelve places, rounded in one way.

Whatever adds or multiplies them does so `with exactly():`, whose sixty digits lose nothing of what the columns hold.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext

PLACES = Decimal("1e-12")
ZERO = Decimal(0)
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def exactly() -> AbstractContextManager[Context]:
    return localcontext(_CONTEXT)


def rounded(amount: Decimal) -> Decimal:
    """To twelve places, half to even."""
    return amount.quantize(PLACES, context=_CONTEXT)


def times(one: Decimal, other: Decimal) -> Decimal:
    return rounded(_CONTEXT.multiply(one, other))


def amount_of(value: float) -> Decimal:
    """A figure of the simulator as an amount: the shortest decimal that names the float, to twelve places."""
    return rounded(Decimal(repr(float(value))))


def on_step(units: Decimal, step: Decimal) -> Decimal:
    """`units` cut down to whole steps; a step of 0 is none."""
    if not step:
        return units
    return (units / step).to_integral_value(rounding=ROUND_DOWN) * step


def on_tick(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    """`price` on the next whole tick above (below); a tick of 0 is none."""
    if not tick:
        return price
    return (price / tick).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR) * tick
