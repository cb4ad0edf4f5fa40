"""Identity of a run and thinning of its curves; no database here."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt


def identity_of(
    *, formula_hash: str, data_hash: str, start: str, end: str, parameters: dict[str, Any], engine: str
) -> str:
    """SHA-256 over the canonical JSON of all that decides a result."""
    body = {
        "formula": formula_hash,
        "data": data_hash,
        "start": start,
        "end": end,
        "parameters": parameters,
        "engine": engine,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def thin_indices(values: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.int64]:
    """Indices (sorted, at most `most`) that keep a curve's shape.

    Each bucket of equal length gives its lowest and highest point, so that no peak or trough is lost; the first
    and last points stay. Shorter curves are kept whole.
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    buckets = max(1, (most - 2) // 2)
    edges = np.linspace(0, n, buckets + 1).astype(np.int64)
    filled = np.nan_to_num(values, nan=0.0)
    keep = {0, n - 1}
    for begin, end in pairwise(edges):
        part = filled[begin:end]
        keep.add(int(begin + part.argmin()))
        keep.add(int(begin + part.argmax()))
    return np.array(sorted(keep), dtype=np.int64)


def drawdown(equity: npt.NDArray[np.float64], start: float) -> npt.NDArray[np.float64]:
    """Fraction below the highest equity so far, `start` included, as negative numbers (0 at a new high)."""
    peak = np.maximum(np.maximum.accumulate(equity), start)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(peak > 0, equity / peak - 1.0, 0.0)
