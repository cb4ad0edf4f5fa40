"""The docs hold together: every file is shown, every link leads somewhere, every formula in them runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.engine.lang import check, compile_formula
from apps.formulas.reference import names
from apps.guides.documents import FOLDER, changelog, documents, helping
from apps.guides.glossary import terms
from apps.markets.providers.sample import sample_bars

ROOT = Path(__file__).resolve().parents[2]
FORMULA = re.compile(r"^```formula( wrong)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def formulas() -> list[tuple[str, bool, str]]:
    """Page, whether it is meant to be wrong, and text of each formula in the docs."""
    return [
        (slug, bool(wrong), text)
        for slug, document in documents().items()
        for wrong, text in FORMULA.findall((ROOT / document.file).read_text())
    ]


def test_every_guide_stands_in_the_contents():
    files = {path.stem for path in (FOLDER / "guides").glob("*.md")}
    assert files == {slug for slug, document in documents().items() if document.changed}


def test_every_link_and_anchor_leads_somewhere():
    anchors = {
        document.url: set(re.findall(r'id="([^"]+)"', document.html)) for document in documents().values()
    }
    anchors |= {f"/docs/functions/{name}/": set() for name in names()}
    anchors |= {"/docs/functions/": set(), "/docs/changelog/": set(), "/api/docs/": set()}
    broken, followed = [], 0
    for document in [*documents().values(), changelog()]:
        for target in re.findall(r'href="([^"]*)"', document.html):
            page, _, anchor = target.partition("#")
            if page.startswith("http"):
                continue
            followed += 1
            known = anchors.get(page or document.url)
            if known is None or (anchor and anchor not in known):
                broken.append(f"{document.file}: {target}")
    assert broken == []
    assert followed > 100


def test_help_is_offered_on_pages_that_there_are():
    known: set[str] = set()

    def walk(resolver: URLResolver, space: str) -> None:
        for one in resolver.url_patterns:
            if isinstance(one, URLPattern):
                known.add(f"{space}{one.name}")
            else:
                walk(one, f"{one.namespace}:" if one.namespace else space)

    walk(get_resolver(), "")
    assert set(helping()) <= known, set(helping()) - known


def test_the_glossary_leads_to_pages_that_there_are():
    assert {term.page for term in terms() if term.page} <= set(documents())
    assert len({term.anchor for term in terms()}) == len(terms())


@pytest.mark.parametrize(
    "slug, wrong, text", formulas(), ids=[f"{s}-{n}" for n, (s, _, _) in enumerate(formulas())]
)
def test_every_formula_of_the_docs_does_what_the_text_around_it_says(slug: str, wrong: bool, text: str):
    found = check(text)
    assert found.ok != wrong, found.errors
    if wrong:
        assert all(error.hint for error in found.errors)
        return
    assert not found.warnings
    assert compile_formula(text).evaluate(sample_bars("AAPL")).signals, "silent on thirteen years of AAPL"


def test_commands_for_the_shell_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"\bmake ([a-z-]+)", (FOLDER / "guides" / "self-hosting.md").read_text())
    assert set(named) <= targets
    assert "up" in named
