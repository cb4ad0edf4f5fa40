"""Names of tables and columns, as the admin shows them, in the reader's language.

Models name themselves and their columns in plain English, most by what they are called in the code. Each name becomes a
lazy translation when its class is made; what migrations and the journal read of it stays plain. In English "api key" is
shown as "API key", and "email" as "e-mail", also where a library's model says so.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from apps.core.words import spelt

CONTEXT = "admin"  # of the catalogue: "close" of a bar is another word there than that of a button


def in_readers_words(sender: type[Model], **kwargs: Any) -> None:
    """Receiver of `class_prepared`, connected before any model is made. Models of libraries bring words of their own;
    those of migrations have no room."""
    meta = sender._meta
    if sender.__module__ == "__fake__":
        return
    if not sender.__module__.startswith("apps."):
        meta.verbose_name = spelt(meta.verbose_name)
        for column in meta.local_fields:
            column.verbose_name = spelt(column.verbose_name)
        meta.verbose_name_plural = spelt(meta.verbose_name_plural)
        return
    several = meta.original_attrs.get("verbose_name_plural") or f"{meta.verbose_name}s"
    meta.verbose_name = _named(meta.verbose_name)
    meta.verbose_name_plural = _named(several)
    for column in (*meta.local_fields, *meta.local_many_to_many):
        column.verbose_name = _named(column.verbose_name)
        column.help_text = _marked(column.help_text)


def _marked(text: Any) -> Any:
    return text if not text or isinstance(text, Promise) else pgettext_lazy(CONTEXT, str(text))


def _named(text: Any) -> Any:
    return spelt(_marked(text))
