"""The library: formulas to start from, each a KEY.formula, its explanation KEY.md, and a place in index.toml. The
tests that come with some are a list in KEY.cases.json.

Of an explanation, `# Name` is the first line, the first paragraph the summary, and the rest prose in Markdown. It is
read in other languages from tr/KEY.md and so on; the formula is the same in all of them.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.languages import ENGLISH, folded, read_translation, reading
from apps.core.words import gettext_lazy

FOLDER = Path(__file__).parent
CATEGORIES = {
    "trend": gettext_lazy("Trend"),
    "momentum": gettext_lazy("Momentum"),
    "breakout": gettext_lazy("Breakout"),
    "reversion": gettext_lazy("Return to the mean"),
    "intraday": gettext_lazy("Within the day"),
    "risk": gettext_lazy("Risk"),
    "calendar": gettext_lazy("Calendar"),
}
SAMPLES = {"daily": "1d", "minute": "1m"}  # timeframes of the demo data a template is meant for


@dataclass(frozen=True)
class Template:
    """A formula to start from. `sample` is a key of SAMPLES, `prose` is Markdown, `cases` are tests of it, `language`
    is that of its name, summary and prose."""

    key: str
    name: str
    summary: str
    prose: str
    category: str
    sample: str
    text: str
    language: str = ENGLISH
    cases: tuple[dict[str, Any], ...] = ()

    @property
    def category_name(self) -> str:
        return CATEGORIES[self.category]


def templates() -> tuple[Template, ...]:
    """All templates in the order of the index, as they are read now. Raises KeyError and OSError for a file that is not
    as it should be."""
    return _templates(reading())


def template_of(key: str) -> Template | None:
    """The template of this key, or None."""
    return next((template for template in templates() if template.key == key), None)


def names_of(key: str) -> set[str]:
    """What the template of this key is called, in any language."""
    return {each.name for code, _ in settings.LANGUAGES for each in _templates(code) if each.key == key}


def search_templates(words: str, category: str = "") -> list[Template]:
    """Templates of the category (of all, if empty) in whose name (the English one too), summary, prose or text every
    word occurs."""
    wanted = folded(words).split()
    return [
        template
        for template, english in zip(templates(), _templates(ENGLISH), strict=True)
        if category in ("", template.category) and _holds(template, english.name, wanted)
    ]


def _holds(template: Template, english: str, wanted: list[str]) -> bool:
    said = folded(f"{template.name} {english} {template.summary} {template.prose} {template.text}")
    return all(word in said for word in wanted)


@cache
def _templates(language: str) -> tuple[Template, ...]:
    index = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
    return tuple(_read(language, **entry) for entry in index["template"])


def _read(language: str, key: str, category: str, sample: str) -> Template:
    file = FOLDER / f"{key}.md"
    translated = read_translation(file, language)
    about = translated[0] if translated else file.read_text(encoding="utf-8")
    title, _, rest = about.partition("\n")
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
        language=language if translated else ENGLISH,
        cases=tuple(json.loads(cases.read_text(encoding="utf-8"))) if cases.exists() else (),
    )
