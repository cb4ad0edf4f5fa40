"""Chances of the paper broker: the same for one bot and bar whenever and wherever they are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MIX = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(0xBF58476D1CE4E5B9)
_TWO = np.uint64(0x94D049BB133111EB)


def chances(seeds: NDArray[np.uint64], number: int) -> NDArray[np.float64]:
    """A number from 0 up to, not including, 1 for each seed at the bar of this number (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = seeds + _MIX * np.uint64(number + 1)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _ONE
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _TWO
        mixed ^= mixed >> np.uint64(31)
    drawn: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return drawn


def seed_of(account_seed: int, bot_id: int) -> int:
    """A seed of its own for each bot of an account."""
    return (account_seed * 0x9E3779B97F4A7C15 + bot_id * 0xD1B54A32D192ED03) % (1 << 64)
