"""Pages of UT Bots: set one up, take its script and message to TradingView, try it, open it as a formula."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.core.words import gettext_lazy
from apps.signals.access import get_ut_bot_for
from apps.signals.errors import SourceInactive
from apps.signals.forms import UtBotForm
from apps.signals.lists import UT_BOTS
from apps.signals.models import UtBot
from apps.signals.selectors import bars_for_ut_bot, ut_bots_of
from apps.signals.services import create_ut_bot, delete_ut_bot, formula_of_ut_bot, try_ut_bot, update_ut_bot
from apps.signals.ut_bot.messages import placeholder_message, sample_message
from apps.signals.ut_bot.script import script_of

KINDS = {
    "indicator": gettext_lazy("Indicator with alerts"),
    "strategy": gettext_lazy("Strategy, to test there"),
}


@needs("signals.view", writing="signals.manage", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def ut_bot_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST deletes those that are chosen."""
    asked = Asked(UT_BOTS, request)
    rows = ut_bots_of(request.workspace)
    if request.method == "POST":
        return asked.act(rows)
    rows = asked.chosen(rows, q=("name__icontains", "strategy__icontains"))
    return asked.answer(rows, "signals/ut_bot_list.html")


@needs("signals.manage")
def ut_bot_new(request: HttpRequest) -> HttpResponse:
    form = searched(UtBotForm(request.POST or None, workspace=request.workspace), request)
    if request.method == "POST" and form.is_valid():
        try:
            bot = create_ut_bot(request.workspace, form.cleaned_data, actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, gettext("Saved. Take the script to TradingView."))
            return redirect("signals:ut-bot-detail", uuid=bot.uuid)
    return _form_page(request, form, None)


@needs("signals.manage")
def ut_bot_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    bot = get_ut_bot_for(request.workspace, uuid)
    form = searched(UtBotForm(request.POST or None, workspace=request.workspace, bot=bot), request)
    if request.method == "POST" and form.is_valid():
        update_ut_bot(bot, form.cleaned_data, actor=request.user)
        messages.success(
            request, gettext("Saved. Paste the script on TradingView again, and make the alert anew.")
        )
        return redirect("signals:ut-bot-detail", uuid=uuid)
    return _form_page(request, form, bot)


def _form_page(request: HttpRequest, form: UtBotForm, bot: UtBot | None) -> HttpResponse:
    context = {"form": form, "bot": bot, "has_source": form.fields["source"].queryset.exists()}
    return render(request, "signals/ut_bot_form.html", context, status=422 if form.errors else 200)


@needs("signals.view")
@require_GET
def ut_bot_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Everything to take to TradingView, each with a button that copies it."""
    bot = get_ut_bot_for(request.workspace, uuid)
    kind = _kind(request, bot)
    exchange, _, ticker = bot.symbols[0].partition(":")
    message = sample_message(bot.rule, formula=bot.formula_hash, now=timezone.now())
    context: dict[str, Any] = {
        "bot": bot,
        "exchange": exchange,
        "ticker": ticker,
        "kind": kind,
        "kinds": {} if bot.rule.is_watch_list else KINDS,
        "script": script_of(bot.rule, kind),
        "message": json.dumps(message, indent=2),
        "buy_message": placeholder_message(bot.rule, "long"),
        "sell_message": placeholder_message(bot.rule, "short"),
        "bar_set": bars_for_ut_bot(bot),
    }
    return render(request, "signals/ut_bot_detail.html", context)


@needs("signals.view")
@require_GET
def ut_bot_script(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The script as a file."""
    bot = get_ut_bot_for(request.workspace, uuid)
    response = HttpResponse(
        script_of(bot.rule, _kind(request, bot)), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{bot.strategy}.pine"'
    return response


@needs("signals.manage")
@require_POST
def ut_bot_test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send the script's message through the intake's own door."""
    bot = get_ut_bot_for(request.workspace, uuid)
    try:
        try_ut_bot(bot, actor=request.user)
    except SourceInactive as error:
        messages.error(request, error.message)
        return redirect("signals:ut-bot-detail", uuid=uuid)
    messages.success(request, gettext("Test alert stored. It appears here as a signal marked “test”."))
    return redirect("signals:feed")


@needs("formulas.edit")
@require_POST
def ut_bot_formula(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The rule as a formula, opened in the editor, or backtested at once with what the button sent along."""
    formula = formula_of_ut_bot(get_ut_bot_for(request.workspace, uuid), actor=request.user)
    if request.POST.get("next") == "backtest":
        where = reverse("backtests:backtest-new", kwargs={"formula": formula.uuid})
        # 307 lets the browser send the same form on: the backtest page answers it as if filled in there
        return HttpResponseRedirect(where, status=307 if request.POST.get("bar_set") else 302)
    return redirect("formulas:formula-detail", uuid=formula.uuid)


@needs("signals.manage", plan=ALWAYS)
@require_POST
def ut_bot_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_ut_bot(get_ut_bot_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Deleted. An alert on TradingView goes on until you stop it there."))
    return redirect("signals:ut-bot-list")


def _kind(request: HttpRequest, bot: UtBot) -> Any:
    kind = request.GET.get("kind", "")
    return kind if kind in KINDS and not bot.rule.is_watch_list else "indicator"
