"""Which cell a fold trades with, by what the cells did in training and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.engine.walk_forward.spec import LOWER_IS_BETTER


def score_of(metrics: Mapping[str, float | int | None], metric: str, min_trades: int) -> float | None:
    """What a cell is judged by; None where it cannot be chosen: too few closed trades, or the metric is undefined."""
    value = metrics[metric]
    return None if value is None or (metrics["trades"] or 0) < min_trades else float(value)


def best_of(scores: Sequence[float | None], metric: str) -> int | None:
    """The index of the best score, the first of equals; None where there is no score."""
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    best: int | None = None
    highest = 0.0
    for at, score in enumerate(scores):
        if score is not None and (best is None or sign * score > highest):
            best, highest = at, sign * score
    return best
