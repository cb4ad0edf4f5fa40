"""How much the choices moved from fold to fold, and whether the cells kept their order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.engine.lang.settings import Setting

FEWEST_RANKED = 3  # cells scored in both folds: two are always in perfect order or disorder


@dataclass(frozen=True)
class InputStability:
    """One input over the folds. `values`: what was chosen, None where no cell qualified. `unchanged`: the share of
    steps from one fold to the next, both with a choice, that kept the value. `spread`: highest less lowest value
    chosen, over highest less lowest value tried; None for texts and truths, and where but one value was tried."""

    name: str
    values: tuple[Setting | None, ...]
    unchanged: float | None
    spread: float | None


def input_stability(
    name: str, cells: Sequence[Mapping[str, Setting]], chosen: Sequence[int | None]
) -> InputStability:
    """How steadily `name` was chosen; `chosen` is an index of `cells` for each fold."""
    values = tuple(None if at is None else cells[at].get(name) for at in chosen)
    steps = [a == b for a, b in pairwise(values) if a is not None and b is not None]
    tried, taken = _numbers(cell.get(name) for cell in cells), _numbers(values)
    span = max(tried) - min(tried) if tried else 0.0
    return InputStability(
        name=name,
        values=values,
        unchanged=sum(steps) / len(steps) if steps else None,
        spread=(max(taken) - min(taken)) / span if taken and span > 0 else None,
    )


def rank_correlation(one: Sequence[float | None], other: Sequence[float | None]) -> float | None:
    """Spearman's rank correlation of the cells scored in both, equals sharing the mean of their ranks.

    None for fewer than 3 such cells, or where all scores of either are equal.
    """
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if len(both) < FEWEST_RANKED:
        return None
    ranks = [_ranks(np.array(column)) for column in zip(*both, strict=True)]
    a, b = (each - each.mean() for each in ranks)
    scale = math.sqrt(float(np.sum(a * a)) * float(np.sum(b * b)))
    return float(np.sum(a * b)) / scale if scale > 0 else None


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: NDArray[np.float64] = np.cumsum(count) - (count - 1) / 2.0
    return mean[place]


def _numbers(values: Iterable[Setting | None]) -> list[float]:
    return [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
