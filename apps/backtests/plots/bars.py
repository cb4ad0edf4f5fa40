"""Pictures of bars: how values are distributed, and how an amount comes to be another."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.backtests.plots.frame import Frame, Scale
from apps.core.templatetags.figures import number, percent
from apps.core.words import gettext_lazy


def histogram(found: dict[str, Any], label: str) -> SafeString:
    """Counts of returns by bin (`edges`, `counts`, `below`, `above`); what lies outside stands at the ends, hatched."""
    edges, counts = found["edges"], found["counts"]
    width = edges[1] - edges[0]
    decimals = 0 if width >= 0.01 else 1 if width >= 0.001 else 2
    first = edges[0] - 2 * width if found["below"] else edges[0]
    last = edges[-1] + 2 * width if found["above"] else edges[-1]
    x = Scale([first, last])
    y = Scale([0.0, *counts, found["below"], found["above"]], with_zero=True)
    y.high *= 1.05
    frame = Frame(label, x, y, height=200, write_y=lambda value: number(value, 0), about=4)
    gap = width * 0.08
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            style = "plot-up" if low >= 0 else "plot-down" if high <= 0 else "plot-flat"
            words = gettext("{low} to {high}: {count}").format(
                low=percent(low, decimals), high=percent(high, decimals), count=number(count, 0)
            )
            frame.bar(low + gap, high - gap, 0.0, count, style, words)
    if found["below"]:
        words = gettext("below {edge}: {count}").format(
            edge=percent(edges[0], decimals), count=number(found["below"], 0)
        )
        frame.bar(first + gap, first + width - gap, 0.0, found["below"], "plot-down plot-outside", words)
    if found["above"]:
        words = gettext("from {edge} on: {count}").format(
            edge=percent(edges[-1], decimals), count=number(found["above"], 0)
        )
        frame.bar(last - width + gap, last - gap, 0.0, found["above"], "plot-up plot-outside", words)
    if x.low < 0 < x.high:
        frame.upright(0.0, "plot-zero")
    ticks = x.ticks(5)
    spaced = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    frame.x_ticks(5, lambda value: percent(value, 0 if spaced >= 0.00999 else 1 if spaced >= 0.000999 else 2))
    return frame.svg()


STEPS = (
    ("gross", gettext_lazy("Gross")),
    ("slippage", gettext_lazy("Slippage")),
    ("fees", gettext_lazy("Fees")),
    ("borrow", gettext_lazy("Borrow")),
    ("net", gettext_lazy("Net")),
)


def waterfall(costs: dict[str, Any], label: str) -> SafeString:
    """From gross to net: what each cost took hangs from where the one before left off."""
    gross, net = costs["gross"], costs["net"]
    spans = [(*STEPS[0], 0.0, gross)]
    level = gross
    for name, words in STEPS[1:-1]:
        if name != "borrow" or costs[name]:
            spans.append((name, words, level, level - costs[name]))
            level -= costs[name]
    spans.append((*STEPS[-1], 0.0, net))
    y = Scale([value for _, _, start, stop in spans for value in (start, stop)], room=0.08, with_zero=True)
    x = Scale([0.0, len(spans)])
    largest = max(abs(y.low), abs(y.high))
    decimals = 0 if largest >= 100 else 2
    frame = Frame(label, x, y, height=220, write_y=lambda value: short(value), about=4)
    for i, (name, words, start, stop) in enumerate(spans):
        whole = name in ("gross", "net")
        style = ("plot-up" if stop >= 0 else "plot-down") if whole else "plot-cost"
        value = number(stop if whole else stop - start, decimals)
        frame.bar(i + 0.18, i + 0.82, start, stop, style, f"{words}: {value}")
        frame.above(i + 0.5, max(start, stop), value)
        frame.below(i + 0.5, words)
    return frame.svg()


def short(value: float) -> str:
    """An amount for an axis: 12 k, 1.5 M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 10 or (size > 1e3 and abs(value) >= size):
            scaled = value / size
            return f"{number(scaled, 0 if scaled == round(scaled) else 1)}\u202f{unit}"
    return number(value, 0 if abs(value) >= 5 or value == round(value) else 2)
