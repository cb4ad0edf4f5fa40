"""The function reference: every function by family, and a page for each."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.formulas.reference import FAMILIES, FunctionPage, names, page

_LINK = re.compile(r"\]\((\w+)\.md\)")


@needs("formulas.view")
@require_GET
def function_list(request: HttpRequest) -> HttpResponse:
    """All functions by family, searched by words anywhere on their pages."""
    query = request.GET.get("q", "").strip()
    words = query.lower().split()
    found = [of for of in map(page, names()) if all(word in _searched(of) for word in words)]
    groups = [(title, [of for of in found if of.family == family]) for family, title in FAMILIES.items()]
    context = {"groups": [group for group in groups if group[1]], "query": query, "found": found}
    return render(request, "formulas/function_list.html", context)


@needs("formulas.view")
@require_GET
def function_detail(request: HttpRequest, name: str) -> HttpResponse:
    try:
        of = page(name)
    except KeyError as error:
        raise Http404("No such function.") from error
    every = names()
    at = every.index(name)
    context = {
        "function": of,
        "family": FAMILIES[of.family],
        "relatives": [other for other in map(page, every) if other.family == of.family],
        "sections": _sections(of.body),
        "picture": mark_safe(of.picture.read_text(encoding="utf-8")),  # noqa: S308  drawn by us, in the repository
        "before": every[at - 1] if at else None,
        "after": every[at + 1] if at + 1 < len(every) else None,
    }
    return render(request, "formulas/function_detail.html", context)


def _sections(body: str) -> list[tuple[str, str]]:
    """Heading and Markdown of each part, its links leading to the pages of the application."""
    linked = _LINK.sub(lambda link: f"]({reverse('formulas:function-detail', args=[link[1]])})", body)
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in linked.split("\n## ")[1:]]


def _searched(of: FunctionPage) -> str:
    return f"{of.name} {of.title} {of.markdown}".lower()
