"""Pages of bots: list, make, watch, move from state to state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirm import confirmed
from apps.accounts.needs import ALWAYS, needs
from apps.bots.access import get_bot_for, get_decision_of
from apps.bots.choices import ON_FEED, Act, Mode, Policy, UpgradeState
from apps.bots.forms import BotForm, TryVersionForm
from apps.bots.lists import BOTS, STEPS
from apps.bots.models import Bot
from apps.bots.rules.transitions import acts_from
from apps.bots.selectors import (
    bot_drawdown_chart,
    bot_equity_chart,
    bot_price_chart,
    bots_of,
    entry_of,
    export_lines,
    journal_of,
    neighbours_of,
    overview_of,
    sparklines,
    standings,
    steps_of,
    why_decided,
)
from apps.bots.services import (
    PASSING,
    archive,
    change_bot,
    clone_bot,
    create_bot,
    delete_bot,
    deploy,
    missing_for_live,
    pause,
    restore,
    resume,
    stop,
)
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.core.snapshots import one_snapshot
from apps.core.streaming import stream_file
from apps.core.words import gettext_lazy
from apps.formulas.access import get_formula_for, get_version_of

SHOWN = 20  # steps of its life on a bot's page; all of them stand on a page of their own
ACTS: dict[str, Callable[..., Bot]] = {
    "deploy": deploy,
    "pause": pause,
    "resume": resume,
    "archive": archive,
    "restore": restore,
}
CHARTS = {"price": bot_price_chart, "equity": bot_equity_chart, "drawdown": bot_drawdown_chart}
DONE = {
    "deploy": gettext_lazy("It decides from the next bar on."),
    "pause": gettext_lazy("It is paused."),
    "resume": gettext_lazy("It runs again."),
    "stop": gettext_lazy("It is stopped."),
    "archive": gettext_lazy("It is in the archive."),
    "restore": gettext_lazy("It is out of the archive."),
}


@needs("bots.view", writing="bots.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def bot_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST moves the bots that are chosen, as far as their states allow it."""
    asked = Asked(BOTS, request)
    if request.method == "POST":
        return asked.act(Bot.objects.filter(workspace=request.workspace))
    return _shown(request, asked)


@one_snapshot()
def _shown(request: HttpRequest, asked: Asked) -> HttpResponseBase:
    bots = bots_of(
        request.workspace, words=asked["q"], state=asked["state"], tag=asked["tag"], mode=asked["mode"]
    )
    return asked.answer(
        bots,
        "bots/bot_list.html",
        lambda shown: {"overview": overview_of(request.workspace, fills=0), "rows": _rows(shown)},
    )


def _rows(bots: list[Bot]) -> list[dict[str, Any]]:
    worth, lines = standings(bots), sparklines(bots)
    return [{"bot": bot, "standing": worth[bot.pk], "line": lines.get(bot.pk, "")} for bot in bots]


@needs("bots.manage")
def bot_new(request: HttpRequest, formula: UUID) -> HttpResponse:
    """A bot of a formula's newest version, or of `?version=`; a POST makes it, and deploys it where asked."""
    source = get_formula_for(request.workspace, formula)
    number = request.GET.get("version", "")
    newest = source.versions.first()
    if newest is None:
        messages.error(
            request, gettext("Publish the formula first: a bot runs a version that never changes.")
        )
        return redirect("formulas:formula-detail", uuid=source.uuid)
    version = get_version_of(source, int(number)) if number.isdecimal() and len(number) < 9 else newest
    form = BotForm(
        request.POST or None, workspace=request.workspace, version=version, initial={"name": source.name}
    )
    searched(form, request)
    if request.method == "POST" and form.is_valid():
        try:
            bot = create_bot(
                request.workspace, form.to_request(request.workspace, request.user), actor=request.user
            )
            if request.POST.get("deploy") and bot.mode == Mode.PAPER:
                deploy(bot, actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return redirect("bots:bot-detail", uuid=bot.uuid)
    context = {"form": form, "formula": source, "version": version}
    return render(request, "bots/bot_form.html", context, status=422 if form.errors else 200)


@needs("bots.manage")
def bot_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    bot = get_bot_for(request.workspace, uuid)
    form = BotForm(request.POST or None, workspace=request.workspace, version=bot.version, bot=bot)
    searched(form, request)
    if request.method == "POST" and form.is_valid():
        try:
            change_bot(bot, form.values(), actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("bots:bot-detail", uuid=uuid)
    context = {"form": form, "formula": bot.version.formula, "version": bot.version, "bot": bot}
    return render(request, "bots/bot_form.html", context, status=422 if form.errors else 200)


@needs("bots.view")
@require_GET
@one_snapshot()
def bot_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    bot = get_bot_for(request.workspace, uuid)
    number = request.GET.get("before", "")
    entries, older = journal_of(bot, before=int(number) if number.isdecimal() and len(number) < 16 else None)
    acts = acts_from(bot.state)
    steps = list(steps_of(bot)[: SHOWN + 1])
    context = {
        "bot": bot,
        "standing": standings([bot])[bot.pk],
        "entries": entries,
        "bars_seen": _bars_seen(bot),
        "older": older,
        "newer": bool(number),
        "acts": [act.value for act in acts if act != Act.STOP],
        "can_stop": Act.STOP in acts,
        "transitions": steps[:SHOWN],
        "has_more_steps": len(steps) > SHOWN,
        "try_form": _try_form(request, bot) if "bots.manage" in request.rights else None,
        "upgrade": bot.upgrades.select_related("before", "after").order_by("-id").first(),
        "goes_on": bot.policy == Policy.RESUME and bot.cause in PASSING,
        "missing": missing_for_live(bot, actor=request.user)
        if bot.mode == Mode.LIVE and bot.state in ("draft", "stopped")
        else [],
    }
    return render(request, "bots/bot_detail.html", context)


@needs("bots.view")
@require_GET
def bot_life(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Every step of its life: who or what moved it from state to state, and why."""
    bot = get_bot_for(request.workspace, uuid)
    asked = Asked(STEPS, request)
    rows = asked.chosen(steps_of(bot), act="act", cause="cause")
    return asked.answer(rows, "bots/bot_life.html", {"bot": bot})


def _try_form(request: HttpRequest, bot: Bot) -> TryVersionForm | None:
    """For a bot on its feed whose formula has other versions, and none in shadow."""
    if bot.state not in ON_FEED or bot.upgrades.filter(state=UpgradeState.SHADOWING).exists():
        return None
    form = searched(TryVersionForm(bot=bot), request)
    return form if form.fields["version"].queryset.exists() else None  # type: ignore[attr-defined]


def _bars_seen(bot: Bot) -> int | None:
    if bot.cohort is None or bot.joined_number is None:
        return None
    return bot.cohort.last_number - bot.joined_number + 1


@needs("bots.manage")
@require_POST
def bot_act(request: HttpRequest, uuid: UUID, act: str) -> HttpResponse:
    """Deploy, pause, resume, archive or restore."""
    bot = get_bot_for(request.workspace, uuid)
    if act == "deploy" and bot.mode == Mode.LIVE:
        return _go_live(request, uuid=uuid)
    if act == "pause":
        return _carry_out(request, bot, act, words=request.POST.get("words", ""))
    return _carry_out(request, bot, act)


@confirmed
def _go_live(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """With money only after a fresh proof of who it is."""
    return _carry_out(request, get_bot_for(request.workspace, uuid), "deploy")


def _carry_out(request: HttpRequest, bot: Bot, act: str, **given: str) -> HttpResponse:
    try:
        ACTS[act](bot, actor=request.user, **given)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, DONE[act])
    return redirect("bots:bot-detail", uuid=bot.uuid)


@needs("bots.manage", plan=ALWAYS)
@require_POST
def bot_stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stop; `flatten=1` closes its position first."""
    bot = get_bot_for(request.workspace, uuid)
    try:
        stop(bot, flatten=request.POST.get("flatten") == "1", actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, DONE["stop"])
    return redirect("bots:bot-detail", uuid=uuid)


@needs("bots.manage")
@require_POST
def bot_clone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    bot = get_bot_for(request.workspace, uuid)
    made = clone_bot(bot, name=gettext("{name} (copy)").format(name=bot.name[:110]), actor=request.user)
    messages.success(request, gettext("A draft with the same settings and a book of its own."))
    return redirect("bots:bot-edit", uuid=made.uuid)


@needs("bots.manage", plan=ALWAYS)
@require_POST
def bot_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    try:
        delete_bot(get_bot_for(request.workspace, uuid), actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("bots:bot-detail", uuid=uuid)
    messages.success(request, gettext("The draft is deleted."))
    return redirect("bots:bot-list")


@needs("bots.view")
@require_GET
@one_snapshot()
def bot_chart(request: HttpRequest, uuid: UUID, chart: str) -> JsonResponse:
    bot = get_bot_for(request.workspace, uuid)
    response = JsonResponse(CHARTS[chart](bot))
    response["Cache-Control"] = "no-store"
    return response


@needs("bots.view")
@require_GET
def bot_journal_export(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The whole journal as one JSON document."""
    bot = get_bot_for(request.workspace, uuid)
    return stream_file(
        request, export_lines(bot), name=f"bot-{bot.uuid}.json", content_type="application/json"
    )


@needs("bots.view")
@require_GET
def bot_decision(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """Why the bot did what it did at one bar."""
    bot = get_bot_for(request.workspace, uuid)
    decision = get_decision_of(bot, number)
    before, after = neighbours_of(bot, number)
    context: dict[str, Any] = {
        "bot": bot,
        "number": number,
        "decision": decision,
        "entry": entry_of(bot, decision) if decision else None,
        "before": before,
        "after": after,
    }
    if bot.joined_number is not None and number >= bot.joined_number:
        try:
            context["why"] = why_decided(bot, number)
        except DomainError as error:
            context["missing"] = error.message
    else:
        context["missing"] = gettext(
            "It was deployed anew since: what it had seen then is not kept together."
        )
    return render(request, "bots/bot_decision.html", context)
