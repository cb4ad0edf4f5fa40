"""The guided first run: a page of three steps, and what its buttons do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.backtests.choices import Status
from apps.backtests.selectors import luck_of
from apps.bots.selectors import standings
from apps.core.errors import DomainError
from apps.formulas.gallery import picture_path
from apps.formulas.library import Template, template_of
from apps.pages import first_run
from apps.pages.first_run import market_for, picks, standing_of


@needs("formulas.edit")
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Where the person left off; `?again=1` offers the templates anew."""
    standing = standing_of(request.workspace)
    again = request.GET.get("again") and standing.bot is None
    step = first_run.PICK if again else standing.step
    context: dict[str, Any] = {"standing": standing, "step": step, "backtest": standing.backtest}
    if step == first_run.PICK:
        context["picks"] = [(template, drawn(template)) for template in picks()]
        context["bar_set"] = market_for(request.workspace, picks()[0])
    elif standing.backtest and standing.backtest.status == Status.DONE:
        context["check"] = luck_of(standing.backtest)
    if standing.bot is not None and standing.bot.book is not None:
        context |= {"bot": standing.bot, "worth": standings([standing.bot])[standing.bot.pk]}
    return render(request, "pages/start.html", context)


def drawn(template: Template) -> str:
    """The template's picture of the library, drawn by us."""
    return mark_safe(picture_path(template).read_text(encoding="utf-8"))  # noqa: S308


@needs("backtests.run")
@require_POST
def start_pick(request: HttpRequest) -> HttpResponse:
    template = template_of(request.POST.get("template", ""))
    if template is None:
        raise Http404(gettext("No such template."))
    try:
        first_run.begin(request.workspace, template, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("pages:start")


@needs("bots.manage")
@require_POST
def start_paper(request: HttpRequest) -> HttpResponse:
    try:
        first_run.put_on_paper(request.workspace, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("pages:start")


@needs("formulas.edit")
@require_POST
def start_skip(request: HttpRequest) -> HttpResponse:
    first_run.skip(request.workspace, actor=request.user)
    return redirect("pages:dashboard")
