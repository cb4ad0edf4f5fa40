"""The way from a page of the application to the guide that helps there."""

from __future__ import annotations

from typing import Any

from django import template

from apps.guides.documents import Document
from apps.guides.selectors import guide_for

register = template.Library()


@register.simple_tag(takes_context=True)
def guide_of_page(context: dict[str, Any]) -> Document | None:
    match = getattr(context.get("request"), "resolver_match", None)
    return guide_for(match.view_name) if match else None
