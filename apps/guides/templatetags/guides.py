"""The way from a page of the application to the guide that helps there, and the mark of what is not in its language."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.formulas.reference import FunctionPage
from apps.guides.documents import Document
from apps.guides.languages import reading
from apps.guides.selectors import Found, guide_for

register = template.Library()


@register.simple_tag(takes_context=True)
def guide_of_page(context: dict[str, Any]) -> Document | None:
    match = getattr(context.get("request"), "resolver_match", None)
    return guide_for(match.view_name) if match else None


@register.simple_tag
def lang_of(text: Document | Found | FunctionPage) -> str:
    """The attribute of an element whose words are in another language than the page, else nothing."""
    return format_html(' lang="{}"', text.language) if text.language != reading() else SafeString()
