"""Markdown as HTML, for texts of ours and of people: raw HTML in it is shown as text, links are checked. And the
mark of what is not in the language of its page."""

from __future__ import annotations

from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from apps.core.languages import reading

register = template.Library()

RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")


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
