"""The function reference: docs/functions has a page per function, each with an example that is drawn on real bars.

What stands below the picture is read in other languages from files such as docs/functions/tr/rsi.md; titles and
summaries are in the catalogues.

`python -m apps.formulas.reference` draws the examples anew, into docs/functions/img.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.text import slugify
from django.utils.translation import gettext

from apps.core.languages import ENGLISH, read_translation, reading
from apps.core.words import gettext_lazy
from apps.engine.bars import Bars
from apps.engine.lang import FUNCTIONS
from apps.engine.lang.functions import TIMEFRAME_FUNCTION
from apps.formulas.plots import formula_svg
from apps.markets.providers.sample import sample_bars, synthetic_minutes

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "functions"
FAMILIES = {
    "bar": gettext_lazy("Prices and times of the bar"),
    "averages": gettext_lazy("Averages"),
    "spread": gettext_lazy("Spread and range"),
    "momentum": gettext_lazy("Momentum"),
    "trend": gettext_lazy("Trend"),
    "volume": gettext_lazy("Volume"),
    "events": gettext_lazy("Events"),
    "statistics": gettext_lazy("Statistics"),
    "arithmetic": gettext_lazy("Arithmetic and missing values"),
    "timeframes": gettext_lazy("Other timeframes"),
}
TIMEFRAME_SIGNATURE = 'tf("timeframe", expression)'
_EXAMPLE = re.compile(r"^```formula (?P<about>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class FunctionPage:
    """One page; `title` and `summary` are in the reader's language. `body` is the Markdown below the picture, in
    `language`; `anchors` are those of its parts, the same in all of them. `bars` names the example's data (a stock of
    the samples, or "minutes"), `last` how many are drawn."""

    name: str
    title: str
    summary: str
    family: str
    signature: str
    body: str
    language: str
    anchors: tuple[str, ...]
    example: str
    bars: str
    last: int

    @property
    def picture(self) -> Path:
        return FOLDER / "img" / f"{self.name}.svg"


def names() -> list[str]:
    """Every function of the language, by family as the language page has them."""
    return [*FUNCTIONS, TIMEFRAME_FUNCTION]


def page(name: str) -> FunctionPage:
    """The page of a function. KeyError for a name the language does not have."""
    return _page(name, reading())


def parts_of(body: str) -> list[tuple[str, str]]:
    """Heading and Markdown of each part."""
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in f"\n{body}".split("\n## ")[1:]]


@cache
def _page(name: str, language: str) -> FunctionPage:
    if name not in FUNCTIONS and name != TIMEFRAME_FUNCTION:
        raise KeyError(name)
    file = FOLDER / f"{name}.md"
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition("\n")
    example = _EXAMPLE.search(text)
    if example is None:
        raise ValueError(f"docs/functions/{name}.md has no example")
    about = dict(pair.split("=") for pair in example["about"].split())
    function = FUNCTIONS.get(name)
    body = text[text.index("\n## ") + 1 :]
    translated = read_translation(file, language)
    return FunctionPage(
        name=name,
        title=gettext_lazy(head.partition(": ")[2]),
        summary=gettext_lazy(rest.split("\n\n")[1].replace("`", "")),
        family=function.family if function else "timeframes",
        signature=function.signature if function else TIMEFRAME_SIGNATURE,
        body=translated[0] if translated else body,
        language=language if translated else ENGLISH,
        anchors=tuple(slugify(heading) for heading, _ in parts_of(body)),
        example=example["text"],
        bars=about["bars"],
        last=int(about.get("last", 120)),
    )


@cache
def example_bars(name: str) -> Bars:
    """The bars an example names: a stock's daily bars, or a day and a half of one-minute bars."""
    return synthetic_minutes(2_160) if name == "minutes" else sample_bars(name)


def picture(name: str) -> str:
    """The example of a function's page as SVG."""
    of = page(name)
    where = "one-minute bars" if of.bars == "minutes" else f"daily bars of {of.bars}"
    return formula_svg(
        of.example,
        example_bars(of.bars),
        gettext("{name} on {where}").format(name=name, where=where),
        last=of.last,
    )


def main() -> int:
    (FOLDER / "img").mkdir(exist_ok=True)
    for name in names():
        page(name).picture.write_text(picture(name), encoding="utf-8", newline="\n")
    sys.stdout.write(f"drew {len(names())} examples\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
