"""Trades as points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.backtests.plots.frame import Frame, Scale, legend
from apps.core.templatetags.figures import percent


class Point(NamedTuple):
    """One trade: x and y are fractions, `size` from 0 to 1 the share of the longest holding time."""

    x: float
    y: float
    size: float
    words: str


def scatter(points: Sequence[Point], label: str, x_words: str) -> SafeString:
    """Trades by an excursion (x) and their return (y); larger points were held longer, hollow ones lost."""
    x = Scale([point.x for point in points], room=0.03, with_zero=True)
    y = Scale([point.y for point in points], room=0.05, with_zero=True)
    frame = Frame(label, x, y, height=240, write_y=lambda value: percent(value, _decimals(y)))
    for point in points:
        style = "plot-dot-up" if point.y > 0 else "plot-dot-down"
        frame.dot(point.x, point.y, style, 2.5 + 4.0 * math.sqrt(point.size), point.words)
    frame.x_ticks(5, lambda value: percent(value, _decimals(x)))
    keys = [
        ("plot-dot-up", "won"),
        ("plot-dot-down", "lost"),
        ("", gettext("{x_words}; larger: held longer").format(x_words=x_words)),
    ]
    return frame.svg() + legend(keys)


def _decimals(scale: Scale) -> int:
    spread = scale.high - scale.low
    return 0 if spread > 0.05 else 1 if spread > 0.005 else 2
