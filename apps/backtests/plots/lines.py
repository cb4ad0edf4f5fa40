"""Pictures of lines: curves over time, the cost of delay, bands of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.backtests.plots.bars import short
from apps.backtests.plots.frame import Frame, Scale, Write, legend
from apps.core.manner import written
from apps.core.templatetags.figures import number, percent

STYLES = ("plot-line-1", "plot-line-2", "plot-line-3", "plot-line-4")


def curves(
    seconds: Sequence[int],
    series: Mapping[str, Sequence[float | None]],
    label: str,
    *,
    height: int = 240,
    write: Write = short,
    below_zero: bool = False,
    marks: Sequence[tuple[int, float, str, str]] = (),
) -> SafeString:
    """Lines over time in epoch seconds; `marks` are (seconds, value, class, words). Below zero, the area is filled."""
    values = [value for line in series.values() for value in line if value is not None]
    y = Scale(values, room=0.04, with_zero=below_zero)
    if below_zero:
        y.high = 0.0
    frame = Frame(label, Scale(seconds), y, height=height, write_y=write)
    for style, (_, line) in zip(STYLES, series.items(), strict=False):
        if below_zero:
            filled = [value or 0.0 for value in line]
            frame.area(seconds, filled, [0.0] * len(filled), "plot-area-down")
            frame.line(seconds, line, "plot-line-down")
        else:
            frame.line(seconds, line, style)
    for moment, value, style, words in marks:
        frame.dot(moment, value, style, 3.0, words)
    _dates(frame, seconds)
    if len(series) < 2:
        return frame.svg()
    return frame.svg() + legend(list(zip(STYLES, series, strict=False)))


def _dates(frame: Frame, seconds: Sequence[int]) -> None:
    first, last = seconds[0], seconds[-1]
    day = "%Y-%m-%d" if last - first >= 3 * 86_400 else "%m-%d %H:%M"
    for share in (0.0, 0.5, 1.0):
        moment = first + (last - first) * share
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        frame.below(moment, datetime.fromtimestamp(moment, UTC).strftime(day), anchor)


def delay(rows: Sequence[Mapping[str, Any]], label: str) -> SafeString:
    """The net return by how many bars late orders are carried out."""
    known = [row for row in rows if row["total_return"] is not None]
    x = Scale([row["bars"] for row in known], with_zero=True)
    y = Scale([row["total_return"] for row in known], room=0.12, with_zero=True)
    spread = y.high - y.low
    decimals = 0 if spread > 0.04 else 1 if spread > 0.004 else 2
    frame = Frame(label, x, y, height=200, write_y=lambda value: percent(value, decimals))
    frame.line([row["bars"] for row in known], [row["total_return"] for row in known], "plot-line-1")
    for row in known:
        value = row["total_return"]
        words = gettext("{row:g} bars late: {value}, {row_2} trades").format(
            row=written(row["bars"]), value=percent(value, 2), row_2=number(row["trades"], 0)
        )
        frame.dot(row["bars"], value, "plot-dot-up" if value > 0 else "plot-dot-down", 4.5, words)
    for row in known:
        if row["bars"] == round(row["bars"]):
            anchor = "end" if row is known[-1] else "middle"
            frame.below(row["bars"], _late(row["bars"], row is known[-1]), anchor)
    return frame.svg()


def _late(bars: float, last: bool) -> str:
    return (
        gettext("no delay")
        if bars == 0
        else gettext("1 bar")
        if bars == 1
        else gettext("{bars:g} bars").format(bars=written(bars))
        if bars == 5
        else f"{bars:g}"
    )


def fan(bands: Mapping[str, Any], label: str, unit: str) -> SafeString:
    """Percentile bands of the account over numbers of `unit`, with the run itself drawn over them."""
    points, paths = bands["points"], bands["equity"]
    y = Scale([value for line in paths.values() for value in line], room=0.03)
    frame = Frame(label, Scale(points), y, height=240, write_y=short)
    frame.area(points, paths["p5"], paths["p95"], "plot-band-wide")
    frame.area(points, paths["p25"], paths["p75"], "plot-band")
    frame.line(points, paths["p50"], "plot-line-2")
    frame.line(points, paths["actual"], "plot-line-1")
    frame.x_ticks(4, lambda value: f"{number(value, 0)}")
    keys = [
        ("plot-line-1", gettext("this run")),
        ("plot-line-2", gettext("middle path")),
        ("plot-band", gettext("half of all paths")),
        ("plot-band-wide", gettext("9 of 10 paths, by {unit}").format(unit=unit)),
    ]
    return frame.svg() + legend(keys)
