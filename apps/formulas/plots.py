"""A formula drawn on bars as an SVG picture: candles, its plots, and marks where it speaks.

For the function reference: the same picture stands in docs/functions and, inline, on the pages of the application. Its
colours are custom properties, so that it follows the reader's theme in both places.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from django.utils.translation import gettext

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.program.calendar import iso_time

WIDTH, PRICE_HEIGHT, PANE_HEIGHT, GAP = 720, 220, 96, 14
LEFT, RIGHT, TOP = 8, 58, 22
LINES = ("a", "b", "c", "e")
# a plot belongs on the price scale where its ratio to the closes, from the 5th to the 95th percentile, lies in here
NEAR = (0.6, 1.6)

# Each the application's token of that role, with its colours in light and dark for a file of its own, which has none.
_COLOURS = {
    "g": ("surface", "#fffdf9", "#141a29"),
    "t": ("text", "#161c2b", "#ece7dd"),
    "m": ("text-muted", "#565d6f", "#a5abba"),
    "l": ("line", "#e6dfd3", "#252e42"),
    "u": ("up", "#07726a", "#2ec4ad"),
    "d": ("down", "#bd3319", "#ff7557"),
    "a": ("series-1", "#b86e00", "#f5b041"),
    "b": ("series-2", "#4a5573", "#98a6cc"),
    "c": ("series-3", "#7a3f8f", "#cf97e3"),
    "e": ("series-4", "#2c6aa8", "#74b3ee"),
}


def _colours(dark: bool) -> str:
    """Ground, text, muted text, lines, up, down, and the four colours of plots."""
    pairs = (f"--{name}:var(--{role},{pair[dark]})" for name, (role, *pair) in _COLOURS.items())
    return "{" + ";".join(pairs) + "}"


STYLE = (
    f".fp{_colours(False)}@media (prefers-color-scheme:dark){{.fp{_colours(True)}}}"
    ".fp text{font:500 var(--plot-text,11px) var(--font-sans,Inter,system-ui,sans-serif);fill:var(--m);"
    "font-variant-numeric:tabular-nums;"
    "paint-order:stroke;stroke:var(--g);stroke-width:4px}"
    ".fp .n{fill:var(--t)}.fp .gr{stroke:var(--l)}.fp .w{fill:none;stroke-width:1.6;stroke-linejoin:round}"
    ".fp .u{stroke:var(--u);fill:var(--g)}.fp .d{stroke:var(--d);fill:var(--d)}"
    ".fp .a{stroke:var(--a)}.fp .b{stroke:var(--b)}.fp .c{stroke:var(--c)}.fp .e{stroke:var(--e)}"
    ".fp .mu{fill:var(--u)}.fp .md{fill:var(--d)}.fp .mx{fill:none;stroke:var(--t);stroke-width:1.5}"
)


Plot = tuple[str, np.ndarray]  # name and float64[n]


class PlotError(ValueError):
    """There is nothing to draw: no bars in the part asked for."""


def formula_svg(text: str, bars: Bars, title: str, *, last: int = 120) -> str:
    """The `last` bars of `bars` with what the formula `text` plots and signals there.

    The formula runs over all of `bars`, so that it has warmed up. Plots that stay near the closes are drawn over the
    candles, each of the others in a pane of its own. Raises FormulaError and EvaluationError as the language does,
    PlotError where there are no bars.
    """
    evaluation = compile_formula(text).evaluate(bars)
    first = max(0, len(bars) - last)
    if first >= len(bars):
        raise PlotError(gettext("no bars to draw"))
    closes = bars.close[first:]
    over: list[Plot] = []
    own: list[Plot] = []
    for name, column in evaluation.plots.items():
        part = column[first:]
        (over if near_prices(part, closes) else own).append((name, part))
    # a condition that goes on speaks on every bar; the picture marks the first of them
    signals = evaluation.signals_between(max(0, first - 1), len(bars))
    spoke = {(signal.bar, signal.kind) for signal in signals}
    marks = [
        (bar - first, kind) for bar, kind in sorted(spoke) if bar >= first and (bar - 1, kind) not in spoke
    ]
    panes = share_panes(own)
    height = TOP + PRICE_HEIGHT + len(panes) * (PANE_HEIGHT + GAP) + 24
    columns = {name: getattr(bars, name)[first:] for name in ("open", "high", "low", "close")}
    body = _price(columns, over, marks)
    top = TOP + PRICE_HEIGHT + GAP
    drawn = len(over)
    for pane in panes:
        body.append(_pane(pane, top, drawn))
        drawn += len(pane)
        top += PANE_HEIGHT + GAP
    body.append(_dates(bars.time[first:], height - 8))
    described = f"{title}: " + ", ".join(
        [gettext("{closes} bars").format(closes=len(closes)), *(name for name, _ in (*over, *own))]
    )
    return (
        f'<svg class="fp" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(described)}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="var(--g)"/>{"".join(body)}</svg>\n'
    )


def near_prices(column: np.ndarray, closes: np.ndarray) -> bool:
    """Whether a plot belongs on the scale of these prices. Both float64[n]."""
    known = np.isfinite(column)
    if not known.any():
        return True
    low, high = np.percentile(column[known] / closes[known], [5, 95])
    return bool(NEAR[0] <= low and high <= NEAR[1])


def share_panes(plots: list[Plot]) -> list[list[Plot]]:
    """Plots that share a pane: each joins the one before whose range it overlaps by at least half."""
    panes: list[list[Plot]] = []
    for name, column in plots:
        for pane in panes:
            if _overlap(column, pane[0][1]) >= 0.5:
                pane.append((name, column))
                break
        else:
            panes.append([(name, column)])
    return panes


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """The share of the shorter of both ranges that they have in common."""
    known = [column[np.isfinite(column)] for column in (one, other)]
    if not all(len(column) for column in known):
        return 0.0
    (low, high), (bottom, top) = ((float(column.min()), float(column.max())) for column in known)
    shorter = min(high - low, top - bottom)
    return (min(high, top) - max(low, bottom)) / shorter if shorter > 0 else 0.0


class _Scale:
    """Values to pixels: `top` is the pane's upper edge, `height` its height."""

    def __init__(self, columns: Iterable[np.ndarray], top: float, height: float) -> None:
        known = [column[np.isfinite(column)] for column in columns]
        values = np.concatenate([*known]) if known else np.empty(0)
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if low == high:
            low, high = low - 1.0, high + 1.0
        room = (high - low) * 0.06
        self.low, self.high = low - room, high + room
        self.top, self.height = top, height

    def y(self, value: float) -> float:
        return self.top + (self.high - value) / (self.high - self.low) * self.height

    def ticks(self, about: int) -> list[float]:
        """Round numbers inside the scale, 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]


def _x(index: float, count: int) -> float:
    return LEFT + (index + 0.5) * (WIDTH - LEFT - RIGHT) / count


def _grid(scale: _Scale, about: int) -> str:
    lines = []
    ticks = scale.ticks(about)
    for value in ticks:
        y = scale.y(value)
        lines.append(f'<path class="gr" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        lines.append(
            f'<text x="{WIDTH - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(value, ticks)}</text>'
        )
    return "".join(lines)


def _number(value: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    if max(abs(tick) for tick in ticks) >= 1_000_000:
        return f"{value / 1e6:,.0f} M".replace("-", "−")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    shown = f"{value:,.{decimals}f}"
    return ("0" if float(shown.replace(",", "")) == 0 else shown).replace("-", "−")


def _line(column: np.ndarray, scale: _Scale, style: str) -> str:
    path = []
    pen_down = False
    for i, value in enumerate(column.tolist()):
        if not math.isfinite(value):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{_x(i, len(column)):.1f} {scale.y(value):.1f}")
        pen_down = True
    return f'<path class="w {style}" d="{"".join(path)}"/>'


def _price(columns: dict[str, np.ndarray], over: list[Plot], marks: list[tuple[int, str]]) -> list[str]:
    scale = _Scale([columns["high"], columns["low"], *(column for _, column in over)], TOP, PRICE_HEIGHT)
    count = len(columns["close"])
    half = max(0.8, (WIDTH - LEFT - RIGHT) / count * 0.32)
    parts = [_grid(scale, 4)]
    for i in range(count):
        o, h, low, c = (float(columns[name][i]) for name in ("open", "high", "low", "close"))
        x, style = _x(i, count), "u" if c >= o else "d"
        top, bottom = scale.y(max(o, c)), scale.y(min(o, c))
        parts.append(
            f'<path class="{style}" d="M{x:.1f} {scale.y(h):.1f}V{scale.y(low):.1f}'
            f'M{x - half:.1f} {top:.1f}h{2 * half:.1f}V{max(bottom, top + 0.6):.1f}h{-2 * half:.1f}Z"/>'
        )
    parts += [_line(column, scale, LINES[i % 4]) for i, (_, column) in enumerate(over)]
    parts += [
        _mark(kind, _x(i, count), scale.y(columns["low"][i]), scale.y(columns["high"][i]))
        for i, kind in marks
    ]
    parts.append(_legend([name for name, _ in over], [LINES[i % 4] for i in range(len(over))], 15))
    return parts


def _mark(kind: str, x: float, low: float, high: float) -> str:
    if kind == "long":
        return f'<path class="mu" d="M{x:.1f} {low + 5:.1f}l5 9h-10z"/>'
    if kind == "short":
        return f'<path class="md" d="M{x:.1f} {high - 5:.1f}l5 -9h-10z"/>'
    if kind == "alert":
        return f'<circle class="mx" cx="{x:.1f}" cy="{high - 9:.1f}" r="3.5"/>'
    return f'<path class="mx" d="M{x - 3.5:.1f} {high - 13:.1f}l7 7m0 -7l-7 7"/>'


def _pane(plots: list[Plot], top: float, drawn: int) -> str:
    """One pane with its plots; `drawn` lines stand above it already, and their colours are taken."""
    scale = _Scale([column for _, column in plots], top + 16, PANE_HEIGHT - 16)
    parts = [f'<path class="gr" d="M{LEFT} {top}H{WIDTH - RIGHT}"/>', _grid(scale, 3)]
    styles = [LINES[(drawn + i) % len(LINES)] for i in range(len(plots))]
    parts += [_line(column, scale, style) for (_, column), style in zip(plots, styles, strict=True)]
    parts.append(_legend([name for name, _ in plots], styles, top + 13))
    return "".join(parts)


def _legend(names: Sequence[str], styles: Sequence[str], y: float) -> str:
    parts = []
    x = LEFT
    for name, style in zip(names, styles, strict=True):
        parts.append(f'<path class="w {style}" d="M{x} {y - 4:g}h14"/>')
        parts.append(f'<text class="n" x="{x + 19}" y="{y:g}">{escape(name)}</text>')
        x += 34 + 7 * len(name)
    return "".join(parts)


def _dates(time: np.ndarray, y: float) -> str:
    """Four dates along the bottom; times of day where the bars span less than three days."""
    short = int(time[-1] - time[0]) < 3 * 86_400_000
    parts = []
    for i in np.linspace(0, len(time) - 1, 4).round().astype(int).tolist():
        shown = iso_time(int(time[i]))
        shown = shown[11:16] if short else shown[:10]
        anchor = "start" if i == 0 else "end" if i == len(time) - 1 else "middle"
        parts.append(f'<text x="{_x(i, len(time)):.1f}" y="{y}" text-anchor="{anchor}">{shown}</text>')
    return "".join(parts)
