"""Pictures of a report as SVG, drawn on the server: the same on the page, without scripts and in the one-file report.

Widths are in percent and heights in pixels, so that a picture fills whatever room it has and its words keep their size.
Colours are those of the page's tokens (templates/backtests/_plots.css).
"""

from apps.backtests.plots.bars import histogram, waterfall
from apps.backtests.plots.lines import curves, delay, fan
from apps.backtests.plots.points import Point, scatter

__all__ = ["Point", "curves", "delay", "fan", "histogram", "scatter", "waterfall"]
