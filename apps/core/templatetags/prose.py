"""Markdown as HTML, for texts of ours and of people: raw HTML in it is shown as text, links are checked. And the
mark of what is not in the language of its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from apps.core.languages import reading

register = template.Library()

RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")

_SHORT = 20  # letters that fit beside others in a line of a phone
_NAME = 22  # letters of a name that fit in a cell
_PARTS = re.compile(r"[\s-]")
_JOINED = re.compile(r"(?<!\S)\[?--?[A-Za-z][\w-]{0,23}|(?<![\w-])[A-Za-z\d]\w*(?:-\w+)+(?![\w-])")
_UNBROKEN = re.compile(r"\S{40,}")  # letters without a space that fill a line of a phone
_SLASH = re.compile(r"/(?=[\w&{])")


def _code(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    """Code within a line, broken only where a reader would: a short one not at all, a flag or a name not after its
    hyphens, and a path that fills a line behind its slashes."""
    letters = tokens[place].content
    words = escapeHtml(letters)
    if len(letters) <= _SHORT:
        return f'<code class="whole">{words}</code>' if _PARTS.search(letters) else f"<code>{words}</code>"
    words = _UNBROKEN.sub(lambda path: _SLASH.sub("/<wbr>", path[0]), words)
    return f"<code>{_JOINED.sub(_whole, words)}</code>"


def _whole(words: re.Match[str]) -> str:
    return f'<span class="whole">{words[0]}</span>' if len(words[0]) <= _NAME else words[0]


RENDERER.add_render_rule("code_inline", _code)


@register.filter
def markdown(text: str) -> SafeString:
    return mark_safe(RENDERER.render(text))  # noqa: S308  HTML in the text is escaped


class InLanguage(Protocol):
    """A text that says in which language it is."""

    @property
    def language(self) -> str: ...


@register.simple_tag
def lang_of(text: InLanguage) -> str:
    """The attribute of an element whose words are in another language than the page, else nothing."""
    return format_html(' lang="{}"', text.language) if text.language != reading() else SafeString()
