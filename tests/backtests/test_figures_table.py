"""The table of figures names what the docs define, and what a result holds."""

from __future__ import annotations

import re
from pathlib import Path

from apps.backtests.figures import FIGURES, METRICS
from apps.backtests.templatetags import report

ROOT = Path(__file__).resolve().parents[2]


def _defined(page: str, until: str) -> set[str]:
    """The names in the first column of a page's tables, down to a heading."""
    text = (ROOT / "docs" / page).read_text().partition(until)[0]
    firsts = re.findall(r"^\| ([^|]*`[^|]*) \|", text, re.MULTILINE)
    return {name for first in firsts for name in re.findall(r"`(\w+)`", first)}


def test_every_metric_of_the_docs_has_its_words():
    defined = _defined("metrics.md", "## The report")
    assert len(defined) > 60
    assert defined | {"years", "periods_per_year"} == set(METRICS)  # those two are defined in its text


def test_every_count_of_the_docs_has_its_words():
    counts = (ROOT / "docs" / "fills.md").read_text().partition("## 10.")[2].partition("## 11.")[0]
    names = set(re.findall(r"^\| `(\w+)` \|", counts, re.MULTILINE))
    assert len(names) == 6
    assert names <= set(FIGURES)


def test_a_kind_has_the_same_decimals_everywhere():
    assert report.metric(0.25, "win_rate") == "25.00\u202f%"
    assert report.metric(0.05, "total_return") == "+5.00\u202f%"
    assert report.metric(0.31, "max_drawdown") == "\u221231.00\u202f%"
    assert report.metric(12, "trades") == "12"
    assert report.metric(None, "sharpe") == "–"
    assert report.metric(0.9499, "deflated_sharpe") == "0.94"  # never rounded up over a mark
    assert report.metric_label("sqn") == "SQN"
