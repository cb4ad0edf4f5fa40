"""Live feeds: how each is, its newest bars and gaps, setting up, starting and stopping."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.markets.access import get_feed_for
from apps.markets.choices import FeedProvider
from apps.markets.forms import (
    CcxtForm,
    CsvDropForm,
    DropForm,
    FeedSettingsForm,
    ReplayForm,
    ReplaySettingsForm,
)
from apps.markets.lists import FEEDS
from apps.markets.models import Feed
from apps.markets.selectors import candles, gaps_of, health_of, last_bars_of_feed, visible_feeds
from apps.markets.selectors.feed_health import moment
from apps.markets.services.feed_setting import (
    change_feed,
    create_feed,
    delete_feed,
    drop_file,
    start_feed,
    stop_feed,
)

SHOWN_BARS = 300
NEW = {"replay": ReplayForm, "ccxt": CcxtForm, "csv_drop": CsvDropForm}


@needs("markets.view")
@require_GET
def feed_list(request: HttpRequest) -> HttpResponseBase:
    """Every feed at a glance. The open page fetches itself again when told of bars and states."""
    asked = Asked(FEEDS, request)
    feeds = asked.chosen(
        visible_feeds(request.workspace), q="instrument__symbol__icontains", provider="provider"
    )
    return asked.answer(feeds, "markets/feed_list.html", lambda shown: {"rows": health_of(shown)})


@needs("markets.edit")
def feed_new(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    kind = kind if kind in NEW else "replay"
    form = searched(NEW[kind](request.POST or None, workspace=request.workspace), request)
    if request.method == "POST" and form.is_valid():
        try:
            feed = create_feed(request.workspace, **form.values(), actor=request.user)
            start_feed(feed, actor=request.user)
        except DomainError as error:
            form.add_problem(error)
        else:
            messages.success(request, gettext("The feed is set up. Its first bars are fetched."))
            return redirect("feeds:feed-detail", uuid=feed.uuid)
    context = {"form": form, "kind": kind, "kinds": FeedProvider.choices}
    return render(request, "markets/feed_new.html", context, status=422 if form.errors else 200)


@needs("markets.view")
@require_GET
def feed_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _detail(request, get_feed_for(request.workspace, uuid))


def _detail(
    request: HttpRequest,
    feed: Feed,
    *,
    form: FeedSettingsForm | None = None,
    drop_form: DropForm | None = None,
) -> HttpResponse:
    may_change = "markets.edit" in request.rights and (feed.workspace_id is not None or request.user.is_staff)
    newest = last_bars_of_feed(feed, 10)
    rows = [
        {"number": newest.first_number + index, "opened": moment(bar.time), **bar._asdict()}
        for index, bar in ((at, newest.bars.bar(at)) for at in reversed(range(len(newest.bars))))
    ]
    context: dict[str, Any] = {
        "feed": feed,
        "health": health_of([feed])[0],
        "rows": rows,
        "gaps": gaps_of(feed, most=10),
        "may_change": may_change,
        "form": form or _settings_form(feed),
        "drop_form": drop_form or DropForm(),
    }
    failed = any(given is not None and given.errors for given in (form, drop_form))
    return render(request, "markets/feed_detail.html", context, status=422 if failed else 200)


def _settings_form(feed: Feed, data: Any = None) -> FeedSettingsForm:
    kind = ReplaySettingsForm if feed.provider == FeedProvider.REPLAY else FeedSettingsForm
    return kind(data, feed=feed)


@needs("markets.view")
@require_GET
def feed_chart(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The newest bars, as a chart draws them."""
    return JsonResponse(
        candles(last_bars_of_feed(get_feed_for(request.workspace, uuid), SHOWN_BARS).bars, SHOWN_BARS)
    )


@needs("markets.edit")
@require_POST
def feed_start(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _act(request, uuid, start_feed, gettext("Started. Bars come within seconds."))


@needs("markets.edit", plan=ALWAYS)
@require_POST
def feed_stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _act(request, uuid, stop_feed, gettext("Stopped. Its bars stay, and bots on it wait."))


def _act(request: HttpRequest, uuid: UUID, service: Any, words: str) -> HttpResponse:
    try:
        service(get_feed_for(request.workspace, uuid), actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, words)
    return redirect("feeds:feed-detail", uuid=uuid)


@needs("markets.edit")
@require_POST
def feed_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    feed = get_feed_for(request.workspace, uuid)
    form = _settings_form(feed, request.POST)
    if form.is_valid():
        try:
            change_feed(feed, **form.values(), actor=request.user)
        except DomainError as error:
            name = (error.field or "").removeprefix("settings.")
            form.add_error(name if name in form.fields else None, error.message)
        else:
            messages.success(request, gettext("Saved. It holds from the next bars on."))
            return redirect("feeds:feed-detail", uuid=uuid)
    return _detail(request, feed, form=form)


@needs("markets.edit")
@require_POST
def feed_drop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    feed = get_feed_for(request.workspace, uuid)
    form = DropForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            drop_file(feed, file=file, filename=file.name, actor=request.user)
        except DomainError as error:
            form.add_error("file", error.message)
        else:
            messages.success(request, gettext("The file is there. Its bars are taken within seconds."))
            return redirect("feeds:feed-detail", uuid=uuid)
    return _detail(request, feed, drop_form=form)


@needs("markets.edit", plan=ALWAYS)
@require_POST
def feed_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    feed = get_feed_for(request.workspace, uuid)
    try:
        delete_feed(feed, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("feeds:feed-detail", uuid=uuid)
    messages.success(request, gettext("The feed and its bars are deleted."))
    return redirect("feeds:feed-list")
