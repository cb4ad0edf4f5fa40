"""Wilson's score interval for a share."""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution


def wilson(hits: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval, of 95 % unless `z` says otherwise, that holds the share behind `hits` of `count`."""
    if not 0 <= hits <= count or count == 0:
        raise ValueError(f"{hits} of {count} is no share")
    share = hits / count
    spread = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
