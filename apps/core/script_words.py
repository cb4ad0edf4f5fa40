"""The words of the scripts in another language, as a script that is loaded before them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext
from django.views.i18n import JavaScriptCatalog


@lru_cache(maxsize=8)
def version_of(language: str) -> str:
    """A short hash of the language's catalogue; empty where there is none, as for the language they are written in."""
    try:
        found = Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES", "djangojs.mo").read_bytes()
    except FileNotFoundError:
        return ""
    return hashlib.sha256(found).hexdigest()[:12]


class ScriptWords(JavaScriptCatalog):
    """Ours alone, without those of the admin. The address names the version, so that browsers keep it."""

    packages = ["apps.core"]

    def get(self, request: HttpRequest, language: str) -> HttpResponse:  # type: ignore[override]
        if not version_of(language):
            raise Http404(gettext("There are no words in {language}.").format(language=language))
        with translation.override(language):
            response = super().get(request)
        response["Cache-Control"] = "public, max-age=31536000, immutable"
        response["Content-Language"] = language
        return response
