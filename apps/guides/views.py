"""The pages of /docs/, for everybody: they hold nothing of anybody's."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.second_factor import has_passed
from apps.core.languages import folded
from apps.formulas.reference import FAMILIES, FunctionPage, names, page, parts_of
from apps.guides.documents import Document, changelog, documents, sections
from apps.guides.glossary import by_letter
from apps.guides.search import search_docs

_LINK = re.compile(r"\]\((\w+)\.md\)")
_MOST_FOUND = 30


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return _page(request, "guides/index.html", {"here": "index"})


@require_GET
def document(request: HttpRequest, slug: str) -> HttpResponse:
    every = list(documents().values())
    at = next((number for number, one in enumerate(every) if one.slug == slug), None)
    if at is None:
        raise Http404(gettext("There is no such page in the docs."))
    beside: dict[str, Document | None] = {
        "before": every[at - 1] if at else None,
        "after": every[at + 1] if at + 1 < len(every) else None,
    }
    return _page(request, "guides/document.html", {"document": every[at], "here": slug, **beside})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:200]
    context = {"query": query, "found": search_docs(query, _MOST_FOUND), "here": "search"}
    return _page(request, "guides/search.html", context)


@require_GET
def glossary(request: HttpRequest) -> HttpResponse:
    return _page(request, "guides/glossary.html", {"letters": by_letter(), "here": "glossary"})


@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    return _page(request, "guides/document.html", {"document": changelog(), "here": "changelog"})


@require_GET
def function_list(request: HttpRequest) -> HttpResponse:
    """All functions by family, searched by words anywhere on their pages."""
    query = request.GET.get("q", "").strip()
    words = folded(query).split()
    found = [of for of in map(page, names()) if all(word in _searched(of) for word in words)]
    groups = [(title, [of for of in found if of.family == family]) for family, title in FAMILIES.items()]
    context = {"groups": [group for group in groups if group[1]], "query": query, "here": "functions"}
    return _page(request, "guides/function_list.html", context)


@require_GET
def function_detail(request: HttpRequest, name: str) -> HttpResponse:
    try:
        of = page(name)
    except KeyError as error:
        raise Http404(gettext("No such function.")) from error
    every = names()
    at = every.index(name)
    context = {
        "function": of,
        "family": FAMILIES[of.family],
        "relatives": [other for other in map(page, every) if other.family == of.family],
        "parts": _parts(of),
        "picture": mark_safe(of.picture.read_text(encoding="utf-8")),  # noqa: S308  drawn by us, in the repository
        "before": every[at - 1] if at else None,
        "after": every[at + 1] if at + 1 < len(every) else None,
        "here": "functions",
    }
    return _page(request, "guides/function_detail.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """In the application for who is signed in, else as a page of the public site."""
    inside = request.user.is_authenticated and has_passed(request)
    layout = "layouts/app.html" if inside else "layouts/public.html"
    return render(request, template, {"layout": layout, "sections": sections(), **context})


def _parts(of: FunctionPage) -> list[tuple[str, str, str]]:
    """Anchor, heading and Markdown of each part, its links leading to the pages of the application."""
    linked = _LINK.sub(lambda link: f"]({reverse('guides:function-detail', args=[link[1]])})", of.body)
    return [
        (anchor, heading, text) for anchor, (heading, text) in zip(of.anchors, parts_of(linked), strict=True)
    ]


def _searched(of: FunctionPage) -> str:
    return folded(f"{of.name} {of.title} {of.summary} {of.body}")
