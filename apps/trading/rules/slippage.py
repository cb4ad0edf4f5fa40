"""How much worse orders were filled than at the price they were decided at: a trimmed mean and its standard error.

The price that an order was decided at is the close of its bar, or the trigger of a stop; the simulator moves the same
price by its slippage. A single order says little, since the market moves between the decision and the fill, so a tenth
of the orders at each end is left out of the mean, and its error is that of Tukey and McLaughlin (1963): the standard
deviation of the winsorised sample over (1 - 2 x 0.1) x sqrt(n).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from apps.trading.choices import Side

TRIMMED = 0.1  # at each end
CENT = Decimal("0.01")


class Fit(NamedTuple):
    bps: Decimal
    error_bps: Decimal
    orders: int


def slippage_bps(side: str, decided: Decimal, paid: Decimal) -> float:
    """Against the trader, in hundredths of a percent; negative when the fill was better."""
    worse = paid - decided if side == Side.BUY else decided - paid
    return float(worse / decided * 10_000)


def fit(samples: Iterable[float]) -> Fit | None:
    """None of fewer than five orders."""
    ordered = sorted(samples)
    count = len(ordered)
    if count < 5:
        return None
    cut = int(TRIMMED * count)
    kept = ordered[cut : count - cut]
    mean = math.fsum(kept) / len(kept)
    winsorised = [kept[0]] * cut + kept + [kept[-1]] * cut
    centre = math.fsum(winsorised) / count
    deviation = math.sqrt(math.fsum((one - centre) ** 2 for one in winsorised) / (count - 1))
    error = deviation / ((1 - 2 * TRIMMED) * math.sqrt(count))
    return Fit(_cents(mean), _cents(error), count)


def _cents(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(CENT)
