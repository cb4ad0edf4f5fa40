"""The library's pages: all templates, one template, a formula made from it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.lists import Asked
from apps.formulas.gallery import picture_path
from apps.formulas.library import CATEGORIES, SAMPLES, Template, search_templates, template_of
from apps.formulas.lists import LIBRARY
from apps.formulas.selectors import check_report, explanation
from apps.formulas.services import use_template
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets


@needs("formulas.view")
@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Cards by category, searched by words."""
    asked = Asked(LIBRARY, request)
    if opening := asked.opening():
        return opening
    found = [
        template
        for template in search_templates(asked["q"], asked["category"])
        if asked["sample"] in ("", template.sample)
    ]
    groups = [
        (name, [template for template in found if template.category == key])
        for key, name in CATEGORIES.items()
    ]
    context = {"list": asked, "groups": [group for group in groups if group[1]]}
    return render(request, "formulas/library.html", context)


@needs("formulas.view")
@require_GET
def library_detail(request: HttpRequest, key: str) -> HttpResponse:
    template = _template(key)
    context = {
        "template": template,
        "report": check_report(template.text),
        "explanation": explanation(template.text),
        "bar_set": _sample(request, template),
        "picture": mark_safe(picture_path(template).read_text(encoding="utf-8")),  # noqa: S308  drawn by us
    }
    return render(request, "formulas/library_detail.html", context)


@needs("formulas.edit")
@require_POST
def library_use(request: HttpRequest, key: str) -> HttpResponse:
    """A formula from the template, opened in the editor, or backtested at once with what the button sent along."""
    formula = use_template(_template(key), workspace=request.workspace, actor=request.user)
    if request.POST.get("next") == "backtest":
        # 307 lets the browser send the same form on: the backtest page answers it as if filled in there
        where = reverse("backtests:backtest-new", kwargs={"formula": formula.uuid})
        return HttpResponseRedirect(where, status=307)
    return redirect("formulas:formula-detail", uuid=formula.uuid)


def _template(key: str) -> Template:
    template = template_of(key)
    if template is None:
        raise Http404(gettext("No such template."))
    return template


def _sample(request: HttpRequest, template: Template) -> BarSet | None:
    """Bars of the timeframe that the template is meant for, real ones first."""
    return visible_bar_sets(request.workspace).filter(timeframe=SAMPLES[template.sample]).first()
