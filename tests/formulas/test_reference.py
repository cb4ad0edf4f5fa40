"""docs/functions: a page per function whose facts are those of the language, and whose picture is current."""

from __future__ import annotations

import re

import pytest

from apps.engine.lang import FUNCTIONS, check
from apps.formulas.reference import FOLDER, names, page, picture

HEADINGS = [
    "What it tells",
    "Parameters",
    "Formula",
    "Warm-up and missing values",
    "In a formula",
    "Watch out",
    "Source",
    "See also",
]
OPTIONAL = {"Parameters"}  # a series without arguments has none


def test_there_is_a_page_for_every_function_and_none_besides() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*names(), "README"}
    assert {path.stem for path in (FOLDER / "img").glob("*.svg")} == set(names())


@pytest.mark.parametrize("name", names())
def test_a_page_holds_what_the_language_says(name: str) -> None:
    of = page(name)
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}: ")
    function = FUNCTIONS.get(name)
    outputs = [f"`.{output}`" for output in function.outputs] if function else []
    line = text.splitlines()[2]
    assert line.startswith(f"`{of.signature}` · {of.family} · "), line
    assert all(output in line for output in outputs)
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    skipped = OPTIONAL if function is not None and not function.parameters else set()
    assert found == [heading for heading in HEADINGS if heading not in skipped]
    if function is not None:
        for parameter in function.parameters[: 1 if function.most else None]:
            assert f"| `{parameter.name}`" in text
    assert f"(img/{name}.svg)" in text
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        assert (FOLDER / target).exists(), f"{target} is nowhere"


@pytest.mark.parametrize("name", names())
def test_the_warm_up_stated_is_the_one_computed(name: str) -> None:
    stated = re.findall(r"First value of `([^`]+)`: index (\d+)", page(name).body)
    assert stated or name == "tf", "the page states no warm-up"  # that of tf depends on the chart
    for call, index in stated:
        found = check(f'asked = {call}\nalert "x" when close > 0\n')
        assert found.ok, (call, found.errors)
        assert found.lookback == int(index), call


@pytest.mark.parametrize("name", names())
def test_the_example_runs_and_its_picture_is_current(name: str) -> None:
    of = page(name)
    assert re.search(rf"\b{name}\b", of.example)
    result = check(of.example)
    assert result.ok, result.errors
    assert of.picture.read_text(encoding="utf-8") == picture(name)
