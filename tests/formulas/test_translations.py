"""The bodies of docs/functions and the explanations of the library in other languages say the same as in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from apps.accounts.models import User, Workspace
from apps.core.languages import mark_of, read_translation
from apps.core.templatetags.prose import RENDERER
from apps.formulas import library, reference
from apps.formulas.library import search_templates, template_of, templates
from apps.formulas.models import Formula
from apps.formulas.reference import names, page, parts_of
from apps.formulas.services import use_template
from apps.guides.search import search_docs
from tests.guides.shape import arithmetic, holds_html, numbers, shape

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]


def translated(folder: Path) -> list[tuple[str, Path]]:
    """Language and English file of every translation there is."""
    return [
        (language, folder / path.name)
        for language in LANGUAGES
        for path in sorted((folder / language).glob("*"))
    ]


FUNCTIONS = translated(reference.FOLDER)
TEMPLATES = translated(library.FOLDER)


def named(files: list[tuple[str, Path]]) -> list[str]:
    return [f"{language}-{file.stem}" for language, file in files]


def same(english: str, source: Path, language: str) -> str:
    """The translation, which has the shape, the numbers and the mark of its source."""
    assert source.is_file(), f"there is no {source.name} of which this is a translation"
    found = read_translation(source, language)
    assert found is not None
    text, mark = found
    assert shape(text) == shape(english)
    assert numbers(text) == numbers(english)
    assert not holds_html(text), "HTML is shown as text"
    assert mark == mark_of(source), (
        f"{source.name} has changed: look at its {language} text, then set source: {mark_of(source)}"
    )
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_function_and_template_is_in_every_language(language: str):
    assert {file.stem for code, file in FUNCTIONS if code == language} == set(names())
    assert {file.stem for code, file in TEMPLATES if code == language} == {each.key for each in templates()}


@pytest.mark.parametrize(("language", "source"), FUNCTIONS, ids=named(FUNCTIONS))
def test_the_page_of_a_function_is_the_same_in_another_language(language: str, source: Path):
    assert source.stem in names()
    english = page(source.stem)
    text = same(english.body, source, language)
    for anchor, (_, there), (_, here) in zip(
        english.anchors, parts_of(english.body), parts_of(text), strict=True
    ):
        if anchor == "formula":
            assert arithmetic(here) == arithmetic(there)
        if anchor == "see-also":
            assert here.strip() == there.strip()


@pytest.mark.parametrize(("language", "source"), TEMPLATES, ids=named(TEMPLATES))
def test_a_template_is_the_same_in_another_language(language: str, source: Path):
    assert source.suffix == ".md"
    text = same(source.read_text(), source, language)
    assert strong(text) == strong(source.read_text()), "the names of inputs"
    with translation.override(language):
        found = template_of(source.stem)
    assert found is not None
    assert found.language == language
    assert 10 < len(found.summary) < 200
    assert found.prose.startswith("## ")


def strong(text: str) -> list[str]:
    inside = [child for token in RENDERER.parse(text) for child in token.children or ()]
    return sorted(inside[at + 1].content for at, child in enumerate(inside) if child.type == "strong_open")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_one_word_for_each_heading(language: str):
    with translation.override(language):
        pages = [of for of in map(page, names()) if of.language == language]
        told = [template for template in templates() if template.language == language]
        assert len({template.name for template in templates()}) == len(templates())
    of_functions = {
        (anchor, heading)
        for of in pages
        for anchor, (heading, _) in zip(of.anchors, parts_of(of.body), strict=True)
    }
    of_templates = {tuple(heading for heading, _ in parts_of(template.prose)) for template in told}
    assert len(of_functions) == len({anchor for anchor, _ in of_functions})
    assert len(of_templates) <= 1


def test_a_function_is_read_in_its_readers_language_and_found_in_it(client: Client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "tr"
    html = client.get("/docs/functions/rsi/").content.decode()
    assert (
        '<section class="prose-calm" data-part="what-it-tells"><h2 id="what-it-tells">Ne anlatır</h2>' in html
    )
    assert 'href="/docs/functions/cmo/"' in html
    assert "docs-language" not in html
    for words in ("AŞIRI satım", "asiri satim"):
        found = client.get("/docs/functions/", {"q": words}).content.decode()
        assert re.findall(r'href="/docs/functions/(\w+)/"><code>', found) == ["rsi"], words
    with translation.override("tr"):
        for words in ("aşırı satım", "Relative strength index"):
            assert search_docs(words)[0].url == "/docs/functions/rsi/", words


def test_a_function_without_a_translation_is_read_in_english_and_says_so(client: Client, settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    html = client.get("/docs/functions/rsi/").content.decode()
    assert '<html lang="de"' in html
    assert '<section class="prose-calm" lang="en" data-part="what-it-tells">' in html
    assert 'class="docs-language"' in html


@pytest.mark.django_db
def test_a_template_is_read_in_its_readers_language_and_found_in_it(web: Client, user: User):
    user.language = "tr"
    user.save()
    html = web.get("/formulas/library/rsi-two/").content.decode()
    assert "İki mumluk RSI dibi" in html
    assert "<h2>Fikir</h2>" in html
    with translation.override("tr"):
        for words in ("MUMLUK dibi", "two-bar"):
            assert search_templates(words) == [template_of("rsi-two")], words


@pytest.mark.django_db
def test_a_formula_keeps_the_name_that_its_template_had(workspace: Workspace, user: User):
    with translation.override("tr"):
        made = use_template(template_of("rsi-two"), workspace=workspace, actor=user)
    assert made.name == "İki mumluk RSI dibi"
    assert use_template(template_of("rsi-two"), workspace=workspace, actor=user) == made
    assert Formula.objects.get().text == template_of("rsi-two").text
