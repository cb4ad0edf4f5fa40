"""Figures of a report by name: label with its meaning, and value in the form its kind is read in."""

from __future__ import annotations

import math
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.backtests.figures import FIGURES, Kind, label_of
from apps.core.templatetags import figures

register = template.Library()


@register.simple_tag
def term(name: str, label: str = "") -> SafeString:
    """The figure's label; its meaning shows on hover and on focus, and is read aloud."""
    figure = FIGURES[name]
    return format_html(
        '<span class="term" tabindex="0">{}<span class="term-meaning" role="tooltip">{}</span></span>',
        label or figure.label,
        figure.meaning,
    )


@register.filter
def metric_label(name: str) -> str:
    return label_of(name) if name in FIGURES else figures.words(name).capitalize()


@register.filter
def metric(value: Any, name: str) -> str:
    """A figure in the form its kind is read in; a number of a name unknown here with three decimals."""
    figure = FIGURES.get(name)
    if figure is None:
        return figures.number(value, 0 if isinstance(value, int) else 3)
    return written(value, figure.kind)


@register.filter
def written(value: Any, kind: Kind) -> str:
    """The same number of decimals for all figures of a kind."""
    match kind:
        case "money" | "ratio":
            return figures.number(value, 2)
        case "chance":  # never rounded up over a mark
            return figures.number(value if value is None else math.floor(value * 100 + 1e-9) / 100, 2)
        case "change":
            text = figures.percent(value, 2)
            return f"+{text}" if isinstance(value, int | float) and value > 0 else text
        case "percent":
            return figures.percent(value, 2)
        case "fall":
            return figures.drawdown(value, 2)
        case "count":
            return figures.number(value, 0)
        case "average":
            return figures.number(value, 1)


@register.filter
def fixed_price(value: Any, decimals: int) -> str:
    """A price with the decimals of its column."""
    return figures.number(value, decimals)


@register.filter
def at(row: Any, key: Any) -> Any:
    """row[key]; nothing where there is none."""
    try:
        return row[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def percent_bare(value: Any, decimals: int = 1) -> str:
    """A fraction in percent, without the sign that the table's caption gives."""
    return figures.number(None if value is None else value * 100, decimals)


@register.filter
def negative(value: Any) -> Any:
    """What is taken away; 0 stays 0."""
    return -value if value else value


@register.filter
def ahead(row: dict[str, Any]) -> float | None:
    """How far a year's return is above buy-and-hold's."""
    own, market = row["return"], row["buy_and_hold"]
    return None if own is None or market is None else own - market


@register.filter
def bin_rows(found: dict[str, Any]) -> list[tuple[float | None, float | None, int]]:
    """(from, to, count) of a histogram's bins, None for an open end; bins that hold nothing are left out."""
    edges = found["edges"]
    rows = [
        (None, edges[0], found["below"]),
        *zip(edges, edges[1:], found["counts"], strict=False),
        (edges[-1], None, found["above"]),
    ]
    return [row for row in rows if row[2]]


@register.filter
def span(seconds: float) -> str:
    """90 seconds as 90 s, 300 as 5 min, 7200 as 2 h."""
    for length, unit in ((3_600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


@register.filter
def words_of(text: str) -> list[str]:
    return text.split()


@register.filter
def in_order(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Figures in the order of their table, since the database keeps none; unknown names last."""
    return sorted(
        found.items(), key=lambda pair: list(FIGURES).index(pair[0]) if pair[0] in FIGURES else len(FIGURES)
    )
