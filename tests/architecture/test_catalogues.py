"""The catalogues of locale/: whole, fitting their texts, compiled, and of what the code says now."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
DOMAINS = ("django", "djangojs")
# what a translation must keep: named places, places of str.format, HTML elements
KEPT = re.compile(r"%\([a-z_0-9]+\)s|\{[a-z_0-9]*(?:![rs])?(?::[^{}]*)?\}|</?[a-z][^>]*>")
MARKED = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")


def catalogue(language: str, domain: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / f"{domain}.po"))


def kept(text: str) -> Counter[str]:
    return Counter(KEPT.findall(text))


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_fits(language: str, domain: str):
    entries = [entry for entry in catalogue(language, domain) if not entry.obsolete]
    assert len(entries) > (3_000 if domain == "django" else 50)
    wrong = []
    for entry in entries:
        given = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if not given or not all(given) or entry.fuzzy:
            wrong.append(f"not translated: {entry.msgid}")
        for text in given:
            if kept(text) not in (kept(entry.msgid), kept(entry.msgid_plural or entry.msgid)):
                wrong.append(f"places or elements differ: {entry.msgid!r} → {text!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_is_what_is_written(language: str, domain: str):
    written = catalogue(language, domain)
    compiled = polib.mofile(str(ROOT / "locale" / language / "LC_MESSAGES" / f"{domain}.mo"))
    as_texts = [
        {
            (each.msgctxt, each.msgid, each.msgid_plural): each.msgstr or tuple(each.msgstr_plural.values())
            for each in file
        }
        for file in (written, compiled)
    ]
    assert as_texts[0] == as_texts[1], "run manage.py compilemessages"


def marked_texts() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt"}:
            for double, single in MARKED.findall(path.read_text()):
                yield str(path.relative_to(ROOT)), double or single
    for path in (ROOT / "apps").rglob("*.py"):
        source = path.read_text()
        if "gettext" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            if called in {"gettext", "gettext_lazy", "gettext_noop"} and isinstance(
                node.args[0], ast.Constant
            ):  # type: ignore[attr-defined]
                yield str(path.relative_to(ROOT)), node.args[0].value  # type: ignore[attr-defined]


def test_catalogues_know_every_marked_text():
    known = {entry.msgid for entry in catalogue(LANGUAGES[0], "django")}
    unknown = {
        f"{place}: {text}"
        for place, text in marked_texts()
        if text not in known and text.replace("%", "%%") not in known
    }
    assert not unknown, "run manage.py makemessages and translate:\n" + "\n".join(sorted(unknown))


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_know_the_same_texts(language: str):
    for domain in DOMAINS:
        assert {e.msgid for e in catalogue(language, domain)} == {
            e.msgid for e in catalogue(LANGUAGES[0], domain)
        }
