"""The texts of /docs/: Markdown files of `docs/`, in the order of docs/guides/index.toml, and the changelog.

A page is `guides/NAME.md` or, under "In depth", a page of `docs/` itself. `# Title` is the first line, the first
paragraph the summary. Links between them lead to pages of the application; links to files that are no pages are text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it.token import Token

from apps.core.languages import ENGLISH, read_translation, reading, translation_of
from apps.core.templatetags.prose import RENDERER
from apps.guides.typeset import typeset

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "docs"
_INDEX = FOLDER / "guides" / "index.toml"
CHANGELOG = ROOT / "CHANGELOG.md"
_OUTSIDE = ("http://", "https://", "mailto:", "/")


@dataclass(frozen=True)
class Part:
    """What stands below one heading, as plain text. The first part stands above all headings and has no anchor."""

    heading: str
    anchor: str
    level: int
    text: str


@dataclass(frozen=True)
class Document:
    """`html` is without the title. `file` is the path inside the project, `changed` known of guides alone, `language`
    that of its text."""

    slug: str
    title: str
    summary: str
    section: str
    file: str
    changed: date | None
    html: SafeString
    parts: tuple[Part, ...]
    language: str

    @property
    def url(self) -> str:
        return reverse("guides:document", args=[self.slug])

    @property
    def short(self) -> str:
        """The title for lists of titles: "Fills" for "Fills: what a backtest assumes"."""
        return self.title.partition(":")[0]

    @property
    def headings(self) -> list[Part]:
        """What the contents of the page show."""
        return [part for part in self.parts if part.level == 2]

    @property
    def edit_url(self) -> str:
        return f"{settings.SOURCE_URL}/edit/main/{self.file}" if settings.SOURCE_URL else ""


@dataclass(frozen=True)
class Section:
    title: str
    documents: tuple[Document, ...]


def sections() -> tuple[Section, ...]:
    """Everything in its order. Raises KeyError and OSError for an index that does not fit the files."""
    return _sections(reading())


def documents() -> dict[str, Document]:
    """By slug, in order."""
    return _documents(reading())


@cache
def _sections(language: str) -> tuple[Section, ...]:
    index = translation_of(_INDEX, language)
    named: dict[str, str] = (
        tomllib.loads(index.read_text(encoding="utf-8"))["sections"] if index.is_file() else {}
    )
    return tuple(
        Section(title, tuple(_read(title, language, **entry) for entry in _pages(section["pages"])))
        for section in _index()["section"]
        for title in (named.get(section["title"], section["title"]),)
    )


@cache
def _documents(language: str) -> dict[str, Document]:
    return {document.slug: document for section in _sections(language) for document in section.documents}


@cache
def helping() -> dict[str, str]:
    """The slug of the guide that helps on the page of this view name ("backtests:backtest-new")."""
    return {
        view: entry["name"]
        for section in _index()["section"]
        for entry in _pages(section["pages"])
        for view in entry.get("helps", ())
    }


@cache
def changelog() -> Document:
    return _document("changelog", "", CHANGELOG, None, ENGLISH)


def _index() -> dict[str, Any]:
    return tomllib.loads(_INDEX.read_text(encoding="utf-8"))


def _pages(pages: list[dict[str, Any] | str]) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield {"name": page} if isinstance(page, str) else page


@cache
def _files() -> dict[str, str]:
    """The slug of each page by its path below `docs`."""
    return {
        str(_file(entry).relative_to(FOLDER)): entry["name"]
        for section in _index()["section"]
        for entry in _pages(section["pages"])
    }


def _file(entry: dict[str, Any]) -> Path:
    return FOLDER / ("guides" if "changed" in entry else "") / f"{entry['name']}.md"


def _read(section: str, language: str, **entry: Any) -> Document:
    return _document(entry["name"], section, _file(entry), entry.get("changed"), language)


def _document(slug: str, section: str, file: Path, changed: date | None, language: str) -> Document:
    tokens = RENDERER.parse(file.read_text(encoding="utf-8"))
    anchors = [anchor_of(plain(inside)) for _, inside in _headings(tokens)][1:]
    translated = read_translation(file, language)
    if translated:
        tokens = RENDERER.parse(translated[0])
    title, tokens = plain(tokens[1]), tokens[3:]
    for (heading, _), anchor in zip(_headings(tokens), anchors, strict=True):
        heading.attrSet("id", anchor)
    _link(tokens, file.parent)
    typeset(tokens)
    first = next((inside for opening, inside in pairwise(tokens) if opening.type == "paragraph_open"), None)
    return Document(
        slug=slug,
        title=title,
        summary=plain(first) if first else "",
        section=section,
        file=str((translation_of(file, language) if translated else file).relative_to(ROOT)),
        changed=changed,
        html=mark_safe(RENDERER.renderer.render(tokens, RENDERER.options, {})),  # noqa: S308  escaped there
        parts=tuple(_parts(tokens)),
        language=language if translated else ENGLISH,
    )


def plain(token: Token) -> str:
    """The words of an inline token."""
    kept = (" " if child.type.endswith("break") else child.content for child in token.children or ())
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def anchor_of(heading: str) -> str:
    return slugify(heading)


def _headings(tokens: list[Token]) -> list[tuple[Token, Token]]:
    """The opening and the words of each."""
    return [(token, inside) for token, inside in pairwise(tokens) if token.type == "heading_open"]


def _link(tokens: list[Token], folder: Path) -> None:
    """Links to Markdown files become links to pages."""
    for token in tokens:
        for child in token.children or ():
            if child.type != "link_open":
                continue
            target, _, anchor = str(child.attrGet("href") or "").partition("#")
            if not target or target.startswith(_OUTSIDE):
                continue
            page = _address((folder / target).resolve())
            if page:
                child.attrSet("href", page + (f"#{anchor}" if anchor else ""))
            else:
                child.attrs.pop("href", None)  # an anchor without an address is plain text


def _address(file: Path) -> str:
    """The page of a file of the project; empty where there is none."""
    if file == CHANGELOG.resolve():
        return reverse("guides:changelog")
    try:
        inside = file.relative_to(FOLDER.resolve())
    except ValueError:
        return ""
    if inside.parts[0] == "functions":
        at_list = inside.stem == "README"
        return (
            reverse("guides:function-list")
            if at_list
            else reverse("guides:function-detail", args=[inside.stem])
        )
    slug = _files().get(str(inside))
    return reverse("guides:document", args=[slug]) if slug else ""


def _parts(tokens: list[Token]) -> Iterator[Part]:
    heading, anchor, level = "", "", 1
    words: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            yield Part(heading, anchor, level, " ".join(words))
            heading, words = plain(tokens[at + 1]), []
            anchor, level = str(token.attrGet("id")), int(token.tag[1])
        elif token.type == "inline" and tokens[at - 1].type != "heading_open":
            words.append(plain(token))
        elif token.type == "fence":
            words.append(re.sub(r"\s+", " ", token.content))
    yield Part(heading, anchor, level, " ".join(words))
