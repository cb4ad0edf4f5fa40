"""The command palette's answers, and the same as a page for browsers without scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.needs import SIGNED_IN, needs
from apps.pages.searching import search

MOST_WORDS = 100


@needs(SIGNED_IN)
@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """`?q=`: what matches, by kind."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:MOST_WORDS]
    context = {"groups": search(request.workspace, request.rights, words), "words": words}
    is_part = request.headers.get("HX-Target") == "palette-results"
    return render(request, "pages/_search.html" if is_part else "pages/search.html", context)
