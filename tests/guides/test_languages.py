"""The docs in other languages say the same as the English ones: their structure, examples and links are equal."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from apps.core.languages import alphabetical, folded, mark_of, read_translation
from apps.guides.documents import FOLDER, documents, sections
from apps.guides.glossary import by_letter, terms
from apps.guides.search import search_docs
from tests.guides.shape import holds_html, shape

GUIDES = FOLDER / "guides"
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]


def pages() -> list[tuple[str, Path]]:
    """Language and English file of every translation there is."""
    return [
        (language, path.parent.parent / path.name)
        for language in LANGUAGES
        for path in sorted(FOLDER.rglob(f"{language}/*.md"))
        if path.parent.parent.name != "functions"  # see tests/formulas/test_translations.py
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_guide_is_in_every_language(language: str):
    english = {path.name for path in GUIDES.iterdir() if path.is_file()}
    assert {path.name for path in (GUIDES / language).iterdir()} == english


@pytest.mark.parametrize(
    ("language", "source"), pages(), ids=[f"{code}-{path.stem}" for code, path in pages()]
)
def test_a_page_is_the_same_in_another_language(language: str, source: Path):
    assert source.is_file(), f"docs has no {source.name} of which this is a translation"
    found = read_translation(source, language)
    assert found is not None
    text, mark = found
    assert shape(text) == shape(source.read_text())
    assert not holds_html(text), "HTML is shown as text"
    assert mark == mark_of(source), (
        f"{source.name} has changed: look at its {language} text, then set source: {mark_of(source)}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_glossary_has_the_same_terms(language: str):
    told = tomllib.loads((GUIDES / language / "glossary.toml").read_text())
    mark = told.pop("source")
    assert list(told) == list(tomllib.loads((GUIDES / "glossary.toml").read_text()))
    assert all(set(term) == {"name", "means"} for term in told.values())
    assert mark == mark_of(GUIDES / "glossary.toml"), (
        "the English glossary has changed: look at this one anew"
    )
    with translation.override(language):
        names = [term.name for term in terms()]
        assert len(set(names)) == len(names)
        assert sum(len(found) for _, found in by_letter()) == len(names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sections_have_names(language: str):
    told = tomllib.loads((GUIDES / language / "index.toml").read_text())
    assert set(told) == {"sections"}
    assert set(told["sections"]) == {section.title for section in sections()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_pages_are_read_in_a_language(language: str):
    english = documents()
    with translation.override(language):
        found = documents()
        assert list(found) == list(english)
        for slug, page in found.items():
            assert [part.anchor for part in page.parts] == [part.anchor for part in english[slug].parts]
            assert (page.html == english[slug].html) == (page.language == "en")


def test_a_page_that_is_not_translated_says_so_and_is_marked_as_english(client: Client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "tr"
    html = client.get("/docs/changelog/").content.decode()
    assert '<html lang="tr"' in html
    assert '<h1 lang="en">' in html
    assert 'docs-prose" lang="en"' in html
    assert 'class="docs-language"' in html
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    html = client.get("/docs/changelog/").content.decode()
    assert "docs-language" not in html
    assert '<h1 lang="en">' not in html


def test_words_are_found_however_they_are_typed():
    assert folded("İlk GÖRÜNÜM, Işık") == "ilk gorunum, isik"
    assert folded("स्टॉप") == "स्टॉप"
    assert search_docs("mäx drâwdown")[0].title == "Max drawdown, in the glossary"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_found_in_the_readers_words_and_in_english(language: str):
    with translation.override(language):
        page = documents()["first-backtest"]
        assert page.language == language
        for words in (page.title, "Your first backtest"):
            assert search_docs(words)[0].url == "/docs/first-backtest/", words


def test_turkish_letters_stand_in_the_order_of_their_alphabet():
    with translation.override("tr"):
        assert sorted(["Zaman", "Çubuk", "Cari", "İz", "Işık", "Şema", "Sinyal"], key=alphabetical) == [
            "Cari", "Çubuk", "Işık", "İz", "Sinyal", "Şema", "Zaman",
        ]  # fmt: skip
