"""Whole scripts as they were read and approved. A change to them is a change to what people paste into TradingView.

`python -m tests.engine.pine.test_export_golden` writes them anew; read the difference before committing it.
"""

from pathlib import Path

import pytest

from apps.engine.pine import export_pine
from apps.engine.pine.exporter import Kind
from apps.formulas.library import template_of
from tests.engine.pine.samples import SAMPLES

FOLDER = Path(__file__).with_name("golden")
FROM_LIBRARY = (
    "trend-following",
    "ut-bot",
    "bollinger-reversion",
    "turtle",
    "multi-timeframe-trend",
    "supertrend",
)
FROM_SAMPLES = ("order", "inputs", "taken names", "two recursive series", "every order")
KINDS: tuple[Kind, ...] = ("indicator", "strategy")


def scripts() -> dict[str, str]:
    """Every script by the name of its file."""
    texts = {}
    for key in FROM_LIBRARY:
        template = template_of(key)
        assert template is not None
        texts[key] = (template.name, template.text)
    for key in FROM_SAMPLES:
        texts[key.replace(" ", "-")] = (key.capitalize(), SAMPLES[key])
    return {
        f"{key}.{kind}.pine": export_pine(text, kind, name).script
        for key, (name, text) in texts.items()
        for kind in KINDS
    }


@pytest.mark.parametrize(("file", "script"), scripts().items(), ids=lambda value: value[:40])
def test_a_script_is_as_approved(file: str, script: str) -> None:
    assert script == (FOLDER / file).read_text(encoding="utf-8")


def test_there_are_no_others() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(scripts())


if __name__ == "__main__":
    for name, content in scripts().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
