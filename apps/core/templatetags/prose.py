"""Markdown as HTML, for texts of ours and of people: raw HTML in it is shown as text, links are checked."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

register = template.Library()

RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")


@register.filter
def markdown(text: str) -> SafeString:
    return mark_safe(RENDERER.render(text))  # noqa: S308  HTML in the text is escaped
