"""What a person was told, and how each notice was delivered."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.core.lists import Asked
from apps.notifications import services
from apps.notifications.access import get_notice_for
from apps.notifications.lists import INBOX, filter_of
from apps.notifications.selectors import (
    content_of,
    deliveries_trace,
    filter_inbox,
    inbox_of,
    with_content,
)
from apps.notifications.views.parts import (
    deliveries_shown,
    event_words,
    look_again_in,
    routing_shown,
    state_tag,
)

MENU_SIZE = 6


@needs(SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponseBase:
    """Newest first; a POST marks or archives those that are chosen. The open page fetches its list again when told of
    a new notice."""
    asked = Asked(INBOX, request)
    mine = inbox_of(request.user)  # type: ignore[arg-type]
    if request.method == "POST":
        return asked.act(mine)
    rows = filter_inbox(mine, filter_of(asked)).select_related("workspace")
    if asked["state"] != "archived":
        rows = rows.filter(archived_at=None)
    return asked.answer(rows, "notifications/inbox.html", lambda shown: {"rows": with_content(shown)})


@needs(SIGNED_IN)
@require_GET
def menu(request: HttpRequest) -> HttpResponse:
    """The newest few, for the bell; fetched when it is opened."""
    newest = inbox_of(request.user).filter(archived_at=None)[:MENU_SIZE]  # type: ignore[arg-type]
    return render(request, "notifications/_menu.html", {"rows": with_content(newest)})


@needs(SIGNED_IN)
@require_GET
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was said, and every attempt to say it. The open page marks it as read, and looks again until all has ended.

    `seen` is the state that it shows: while that has not changed there is nothing to show.
    """
    get_notice_for(request.user, uuid)  # type: ignore[arg-type]
    found = deliveries_trace(request.user, uuid)  # type: ignore[arg-type]
    assert found is not None
    seen = state_tag(found)
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)  # the open page stays as it is, with what was unfolded on it
    context = {
        "notice": found,
        "content": content_of(found),
        "event_words": event_words(found.event),
        "deliveries": deliveries_shown(found),
        "routing": routing_shown(found),
        "look_s": look_again_in(found),
        "seen": seen,
    }
    return render(request, "notifications/notice.html", context)


@needs(SIGNED_IN)
@require_POST
def read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.mark_read(get_notice_for(request.user, uuid))  # type: ignore[arg-type]
    return _back(request, reverse("notifications:inbox"))


@needs(SIGNED_IN)
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(request.user)  # type: ignore[arg-type]
    return _back(request, reverse("notifications:inbox"))


@needs(SIGNED_IN)
@require_POST
def acknowledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Nothing more is sent of it."""
    services.acknowledge(get_notice_for(request.user, uuid), way="page")  # type: ignore[arg-type]
    if "HX-Request" not in request.headers:
        messages.success(request, gettext("Acknowledged. Nothing more is sent of it."))
    return _back(request, reverse("notifications:notice", args=[uuid]))


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page of the inbox it was pressed on; a script that asked stays where it is."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204)
    came_from = urlsplit(request.headers.get("Referer", ""))
    inner = came_from.netloc == request.get_host() and came_from.path.startswith(
        reverse("notifications:inbox")
    )
    return redirect(f"{came_from.path}?{came_from.query}" if inner else otherwise)
