"""Random numbers that depend on a seed, a stream and a path alone: SplitMix64 (Steele, Lea & Flood 2014).

A generator's whole state is one 64-bit counter, so each path has its own and no order of computing changes a number.
"""

import numpy as np
from numba import njit

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_30, _27, _31, HALF = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)


@njit(cache=True, inline="always")
def mixed(counter):
    """The 64 random bits of one value of the counter; the next value is counter + GAMMA."""
    bits = (counter ^ (counter >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


@njit(cache=True, inline="always")
def below(bits, bound):
    """A number 0..bound-1 from 32 random bits (uint64 each, bound < 2^32); each as likely to bound / 2^32."""
    return (bits * bound) >> HALF


@njit(cache=True)
def counter_of(seed, stream, path):
    """Where the numbers of one path of one stream begin."""
    return mixed(mixed(np.uint64(seed) + GAMMA * np.uint64(stream)) + GAMMA * np.uint64(path))
