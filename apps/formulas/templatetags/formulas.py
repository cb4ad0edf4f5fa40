"""Values of formulas as their language writes them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.core.languages import ENGLISH, reading
from apps.core.manner import figure_in_words

register = template.Library()


@register.filter
def setting(value: Any, kind: str) -> str:
    """The value of an input of this kind: 0.03 of a percentage as 3%, true and false as words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return f"{value * 100:g}%" if kind == "percent" else f"{value:g}"


@register.filter
def kind_words(kind: str) -> str:
    """What an input may be set to, as the checker calls it."""
    words = {
        "integer": gettext("a whole number"),
        "number": gettext("a number"),
        "percent": gettext("a percentage"),
        "truth": gettext("true or false"),
        "text": gettext("a text"),
    }
    return words.get(kind, kind)


@register.filter
def shown(value: Any, kind: str = "") -> str:
    """A value on a bar: at most eight digits, a percentage as one, na for what is missing."""
    if value is None:
        return "na"
    if isinstance(value, str):
        return value
    text = f"{value * 100:.6g}%" if kind == "percent" else f"{value:.8g}".replace("-", "−")
    return text if reading() == ENGLISH else figure_in_words(text)


@register.filter
def coded(text: str) -> SafeString:
    """A sentence in which what stands in backquotes is code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", p) if i % 2 else p,) for i, p in parts)
    )


@register.filter
def size(count: int) -> str:
    """Bytes in decimal units: 360 bytes, 1.2 kB, 16 MB."""
    for unit, least in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= least:
            text = f"{count / least:.3g}"
            return f"{text if reading() == ENGLISH else figure_in_words(text)} {unit}"
    return gettext("{count} bytes").format(count=count)
