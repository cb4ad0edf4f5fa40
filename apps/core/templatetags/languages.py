"""The languages a page can be read in."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from apps.core.script_words import version_of

register = template.Library()


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Code and own name of each."""
    return list(settings.LANGUAGES)


@register.simple_tag
def words_url() -> str:
    """The scripts' words in the page's language; empty where they are those of the scripts themselves."""
    language = get_language() or settings.LANGUAGE_CODE
    version = version_of(language)
    return f"{reverse('script-words', args=[language])}?v={version}" if version else ""
