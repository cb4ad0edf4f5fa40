"""Heads and links of lists, which fetch and swap the list alone; without scripts they lead to the same address."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.lists import Asked

register = template.Library()

_RULES = SafeString(
    'hx-target="#list" hx-select="#list" hx-select-oob="#list-views,#list-tools" hx-swap="outerHTML show:none" '
    'hx-push-url="true" hx-sync="#page:replace"'
)


@register.simple_tag
def sorting(asked: Asked, name: str) -> dict[str, str]:
    """`href` and `state` of the head that sorts by `name`."""
    return asked.sorted_by(name)


@register.simple_tag
def swap_rules() -> SafeString:
    """What a request for the list swaps."""
    return _RULES


@register.simple_tag
def swaps(href: str) -> SafeString:
    """The attributes of a link to another page or order of the list."""
    return format_html('href="{}" hx-get="{}" {}', href, href, _RULES)
