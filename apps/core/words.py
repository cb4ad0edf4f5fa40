"""Texts for people, marked for the catalogues of locale/."""

from __future__ import annotations

from typing import cast

from django.utils.translation import gettext_lazy as _lazy


def gettext_lazy(message: str) -> str:
    """Django's `gettext_lazy`, typed as the text it becomes: written in the language of whoever reads it, when it is
    read. For what is named while a module loads; inside a function `gettext` gives the text itself."""
    return cast(str, _lazy(message))
