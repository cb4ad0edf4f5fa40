"""Names of tables and columns, as the admin shows them, in the reader's language.

Models name themselves and their columns in plain English, most by what they are called in the code. Each name becomes a
lazy translation when its class is made; what migrations and the journal read of it stays plain.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

CONTEXT = "admin"  # of the catalogue: "close" of a bar is another word there than that of a button


def in_readers_words(sender: type[Model], **kwargs: Any) -> None:
    """Receiver of `class_prepared`, connected before any model is made. Passes over models of libraries, which bring
    words of their own, and those of migrations, which have no room."""
    if not sender.__module__.startswith("apps."):
        return
    meta = sender._meta
    several = meta.original_attrs.get("verbose_name_plural") or f"{meta.verbose_name}s"
    meta.verbose_name = _marked(meta.verbose_name)
    meta.verbose_name_plural = _marked(several)
    for column in (*meta.local_fields, *meta.local_many_to_many):
        column.verbose_name = _marked(column.verbose_name)
        column.help_text = _marked(column.help_text)


def _marked(text: Any) -> Any:
    return text if not text or isinstance(text, Promise) else pgettext_lazy(CONTEXT, str(text))
