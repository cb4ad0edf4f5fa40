"""What a person was told, and how each notice was delivered."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.notifications import services
from apps.notifications.access import get_notice_for
from apps.notifications.forms import InboxFilterForm
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import events
from apps.notifications.selectors import InboxFilter, content_of, deliveries_trace, inbox_page
from apps.notifications.views.parts import (
    deliveries_shown,
    event_words,
    look_again_in,
    routing_shown,
    state_tag,
)

PAGE_SIZE = 50
MENU_SIZE = 6


@needs(SIGNED_IN)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Newest first. The open page fetches its list again when told of a new notice."""
    form = InboxFilterForm(request.GET)
    chosen = form.chosen()
    before = form.cleaned_data.get("before")
    kept = {"q": chosen.text, "state": chosen.state, "event": chosen.event, "urgency": chosen.urgency or ""}
    context = {
        "form": form,
        "chosen": chosen,
        "page": inbox_page(request.user, chosen, before=before, size=PAGE_SIZE),  # type: ignore[arg-type]
        "query": urlencode({name: value for name, value in kept.items() if value}),
        "states": [
            (
                words,
                "?" + urlencode({n: v for n, v in {**kept, "state": state}.items() if v}),
                state == chosen.state,
            )
            for state, words in InboxFilterForm.STATES
        ],
        "is_first_page": before is None,
        "events": [event for event in events() if event.name != CODE.name],
    }
    return render(request, "notifications/inbox.html", context)


@needs(SIGNED_IN)
@require_GET
def menu(request: HttpRequest) -> HttpResponse:
    """The newest few, for the bell; fetched when it is opened."""
    page = inbox_page(request.user, InboxFilter(), before=None, size=MENU_SIZE)  # type: ignore[arg-type]
    return render(request, "notifications/_menu.html", {"page": page})


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
