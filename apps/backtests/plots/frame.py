"""Scales, axes and the marks every picture is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

WIDE = 1000  # of the stretched part that holds lines and areas

Write = Callable[[float], str]


class Scale:
    """Values from `low` to `high`, spread over 0 to 1; a little room is left where `room` is given."""

    def __init__(self, values: Iterable[float], *, room: float = 0.0, with_zero: bool = False) -> None:
        known = [value for value in values if math.isfinite(value)]
        if with_zero:
            known.append(0.0)
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        if low == high:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        extra = (high - low) * room
        self.low, self.high = low - extra, high + extra

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int) -> list[float]:
        """Round numbers inside the scale, 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-12))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


class Frame:
    """One picture: a grid with the values of `y` at its left, marks, and whatever stands below."""

    def __init__(
        self, label: str, x: Scale, y: Scale, *, height: int, write_y: Write, about: int = 4
    ) -> None:
        self.label, self.x, self.y, self.height = label, x, y, height
        self._marks: list[str] = []
        self._stretched: list[str] = []
        for value in y.ticks(about):
            top = self.top(value)
            style = "plot-zero" if value == 0 else "plot-grid"
            self._marks.append(f'<line class="{style}" x1="0" x2="100%" y1="{top:.1f}" y2="{top:.1f}"/>')
            self._marks.append(
                f'<text class="plot-y" x="-8" y="{top + 4:.1f}">{escape(write_y(value))}</text>'
            )

    def top(self, value: float) -> float:
        """Pixels from the upper edge."""
        return (1.0 - self.y.share(value)) * self.height

    def left(self, value: float) -> float:
        """Percent from the left edge."""
        return self.x.share(value) * 100

    def below(self, x: float, text: str, anchor: str = "middle") -> None:
        """A word under the picture."""
        self._marks.append(
            f'<text x="{self.left(x):.2f}%" y="{self.height + 18}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def x_ticks(self, about: int, write: Write) -> None:
        for value in self.x.ticks(about):
            left = self.left(value)
            anchor = "start" if left < 4 else "end" if left > 96 else "middle"
            self.below(value, write(value), anchor)

    def above(self, x: float, y: float, text: str) -> None:
        """A value over its mark."""
        self._marks.append(
            f'<text class="plot-value" x="{self.left(x):.2f}%" y="{max(11.0, self.top(y) - 5):.1f}" '
            f'text-anchor="middle">{escape(text)}</text>'
        )

    def bar(self, from_x: float, to_x: float, from_y: float, to_y: float, style: str, title: str) -> None:
        left, right = self.left(from_x), self.left(to_x)
        top, bottom = self.top(max(from_y, to_y)), self.top(min(from_y, to_y))
        self._marks.append(
            f'<rect class="{style}" x="{left:.3f}%" width="{right - left:.3f}%" y="{top:.1f}" '
            f'height="{max(bottom - top, 1.0):.1f}"><title>{escape(title)}</title></rect>'
        )

    def dot(self, x: float, y: float, style: str, radius: float, title: str) -> None:
        self._marks.append(
            f'<circle class="{style}" cx="{self.left(x):.2f}%" cy="{self.top(y):.1f}" r="{radius:g}">'
            f"<title>{escape(title)}</title></circle>"
        )

    def upright(self, x: float, style: str) -> None:
        left = f"{self.left(x):.2f}%"
        self._marks.append(f'<line class="{style}" x1="{left}" x2="{left}" y1="0" y2="{self.height}"/>')

    def line(self, xs: Sequence[float], ys: Sequence[float | None], style: str) -> None:
        """A line through the points; it breaks where a value is missing."""
        path, pen_down = [], False
        for x, y in zip(xs, ys, strict=True):
            if y is None or not math.isfinite(y):
                pen_down = False
                continue
            path.append(f"{'L' if pen_down else 'M'}{self._place(x, y)}")
            pen_down = True
        self._stretched.append(f'<path class="plot-line {style}" d="{"".join(path)}"/>')

    def area(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], style: str) -> None:
        there = [self._place(x, y) for x, y in zip(xs, high, strict=True)]
        back = [self._place(x, y) for x, y in zip(reversed(xs), reversed(low), strict=True)]
        self._stretched.append(f'<path class="{style}" d="M{"L".join([*there, *back])}Z"/>')

    def _place(self, x: float, y: float) -> str:
        return f"{self.x.share(x) * WIDE:.1f} {self.top(y):.1f}"

    def svg(self) -> SafeString:
        stretched = (
            f'<svg width="100%" height="{self.height}" viewBox="0 0 {WIDE} {self.height}" '
            f'preserveAspectRatio="none" overflow="visible">{"".join(self._stretched)}</svg>'
        )
        return mark_safe(  # noqa: S308  every word is escaped
            f'<div class="plot"><svg width="100%" height="{self.height + 24}" overflow="visible" role="img" '
            f'aria-label="{escape(self.label)}">{stretched}{"".join(self._marks)}</svg></div>'
        )


def legend(keys: Sequence[tuple[str, str]]) -> SafeString:
    """What the styles of a picture stand for: (class, words)."""
    parts = []
    for style, words in keys:
        key = f'<i class="plot-key {style}"></i>' if style else ""
        parts.append(f"<span>{key}{escape(words)}</span>")
    return mark_safe(f'<p class="plot-legend" aria-hidden="true">{"".join(parts)}</p>')  # noqa: S308  likewise
