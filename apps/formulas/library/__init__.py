"""The library: formulas to start from, each a KEY.formula, its explanation KEY.md, and a place in index.toml. The
tests that come with some are a list in KEY.cases.json.

Of an explanation, `# Name` is the first line, the first paragraph the summary, and the rest prose in Markdown.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CATEGORIES = {
    "trend": "Trend",
    "momentum": "Momentum",
    "breakout": "Breakout",
    "reversion": "Return to the mean",
    "intraday": "Within the day",
    "risk": "Risk",
    "calendar": "Calendar",
}
SAMPLES = {"daily": "1d", "minute": "1m"}  # timeframes of the demo data a template is meant for


@dataclass(frozen=True)
class Template:
    """A formula to start from. `sample` is a key of SAMPLES, `prose` is Markdown, `cases` are tests of it."""

    key: str
    name: str
    summary: str
    prose: str
    category: str
    sample: str
    text: str
    cases: tuple[dict[str, Any], ...] = ()

    @property
    def category_name(self) -> str:
        return CATEGORIES[self.category]


@cache
def templates() -> tuple[Template, ...]:
    """All templates in the order of the index. Raises KeyError and OSError for a file that is not as it should be."""
    index = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
    return tuple(_read(**entry) for entry in index["template"])


def template_of(key: str) -> Template | None:
    """The template of this key, or None."""
    return next((template for template in templates() if template.key == key), None)


def search_templates(words: str, category: str = "") -> list[Template]:
    """Templates of the category (of all, if empty) in whose name, summary, prose or text every word occurs."""
    wanted = words.lower().split()
    return [
        template
        for template in templates()
        if category in ("", template.category)
        and all(
            word in f"{template.name} {template.summary} {template.prose} {template.text}".lower()
            for word in wanted
        )
    ]


def _read(key: str, category: str, sample: str) -> Template:
    title, _, rest = (FOLDER / f"{key}.md").read_text(encoding="utf-8").partition("\n")
    summary, _, prose = rest.strip().partition("\n\n")
    cases = FOLDER / f"{key}.cases.json"
    return Template(
        key=key,
        name=title.removeprefix("# ").strip(),
        summary=" ".join(summary.split()),
        prose=prose.strip(),
        category=category,
        sample=sample,
        text=(FOLDER / f"{key}.formula").read_text(encoding="utf-8"),
        cases=tuple(json.loads(cases.read_text(encoding="utf-8"))) if cases.exists() else (),
    )
