"""Pages where sources are made, tested and watched."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import needs
from apps.core.lists import Asked
from apps.core.once import keep_once, take_once
from apps.signals.access import get_source_for
from apps.signals.choices import SourceKind
from apps.signals.errors import SourceInactive, SourceRefused
from apps.signals.forms import NameForm, ReplayForm, RotateForm, SourceForm
from apps.signals.lists import DELIVERIES, INCIDENTS, SOURCES, TURNED_AWAY
from apps.signals.messages import INDICATOR_MESSAGE, STRATEGY_MESSAGE
from apps.signals.selectors import (
    DeliveryFilter,
    deliveries_of,
    incidents_of,
    replaced_token_expires_at,
    replays_of,
    security_events_of,
    sources_of,
    sources_with_activity,
)
from apps.signals.services import (
    address_of,
    create_source,
    rename_source,
    rotate_token,
    send_test_alert,
    set_source_active,
)

SHOWN = 5  # of what is wrong, on the page of a source; all of it stands on pages of its own


@needs("signals.view", writing="signals.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def source_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST switches those that are chosen off or on."""
    asked = Asked(SOURCES, request)
    if request.method == "POST":
        return asked.act(sources_of(request.workspace))
    rows = asked.chosen(sources_with_activity(request.workspace), q="name__icontains", active="is_active")
    return asked.answer(rows, "signals/source_list.html")


@needs("signals.manage")
@never_cache
def source_new(request: HttpRequest) -> HttpResponse:
    """A POST makes the source; the page after it shows the address, once."""
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source, token = create_source(request.workspace, actor=request.user, **form.cleaned_data)
        except SourceRefused as error:
            form.add_error("kind", error.message)
        else:
            keep_once(request, f"source.{source.uuid}", token)
            return redirect("signals:source-address", uuid=source.uuid)
    status = 422 if form.errors else 200
    return render(request, "signals/source_new.html", {"form": form}, status=status)


@needs("signals.view", writing="signals.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def source_detail(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The source, its health and the raw requests that came; a POST reads those that are chosen anew."""
    source = get_source_for(request.workspace, uuid)
    asked = Asked(DELIVERIES, request)
    if request.method == "POST":
        return asked.act(deliveries_of(source))
    since, until = (date.fromisoformat(asked[name]) if asked[name] else None for name in ("since", "until"))
    return asked.answer(
        deliveries_of(source, DeliveryFilter(asked["status"], asked["symbol"], since, until)),
        "signals/source_detail.html",
        lambda _: {
            "source": source,
            "incidents": incidents_of(source)[:SHOWN],
            "security_events": security_events_of(source)[:SHOWN],
            "replaced_token_expires_at": replaced_token_expires_at(source),
            "rotate_form": RotateForm(),
            "name_form": NameForm(initial={"name": source.name}),
            "replay_form": ReplayForm(initial={"since": timezone.now().date()}),
            "last_replay": replays_of(source).first(),
            **_messages_to_paste(),
        },
    )


@needs("signals.view")
@require_GET
def source_turned_away(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Requests that came without what the source asks for, by address, reason and minute."""
    source = get_source_for(request.workspace, uuid)
    asked = Asked(TURNED_AWAY, request)
    rows = asked.chosen(security_events_of(source), q="remote_ip__startswith", kind="kind")
    return asked.answer(rows, "signals/source_turned_away.html", {"source": source})


@needs("signals.view")
@require_GET
def source_sequence(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Numbers of the source that did not come, or came after a higher one."""
    source = get_source_for(request.workspace, uuid)
    asked = Asked(INCIDENTS, request)
    rows = asked.chosen(incidents_of(source), q="strategy__icontains", kind="kind", state="state")
    return asked.answer(rows, "signals/source_sequence.html", {"source": source})


@needs("signals.manage")
@require_POST
def source_rotate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_source_for(request.workspace, uuid)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose how long the present address goes on working."))
        return redirect("signals:source-detail", uuid=uuid)
    token = rotate_token(source, actor=request.user, overlap=form.overlap())
    keep_once(request, f"source.{source.uuid}", token)
    return redirect("signals:source-address", uuid=uuid)


@needs("signals.manage")
@require_GET
@never_cache
def source_address(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The new address, this once; afterwards the source's own page, which cannot show it."""
    source = get_source_for(request.workspace, uuid)
    token = take_once(request, f"source.{source.uuid}")
    if not token:
        return redirect("signals:source-detail", uuid=uuid)
    context: dict[str, Any] = {
        "source": source,
        "url": address_of(source.kind, token),
        "token": token,
        "takes_mail": source.kind == SourceKind.EMAIL and settings.ALERT_MAIL_DOMAIN,
        **_messages_to_paste(),
    }
    return render(request, "signals/source_address.html", context)


@needs("signals.manage")
@require_POST
def source_rename(request: HttpRequest, uuid: UUID) -> HttpResponse:
    form = NameForm(request.POST)
    source = get_source_for(request.workspace, uuid)
    if form.is_valid():
        rename_source(source, name=form.cleaned_data["name"], actor=request.user)
        messages.success(request, gettext("Name saved."))
    else:
        messages.error(
            request, gettext("The name was not saved: {value}").format(value=form.errors["name"][0])
        )
    return redirect("signals:source-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def source_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Switch on (`active=1`) or off."""
    source = get_source_for(request.workspace, uuid)
    active = request.POST.get("active") == "1"
    set_source_active(source, active=active, actor=request.user)
    messages.success(
        request,
        gettext("The source takes alerts.") if active else gettext("The source takes no more alerts."),
    )
    return redirect("signals:source-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def source_test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send a sample alert through the intake's own door."""
    source = get_source_for(request.workspace, uuid)
    try:
        send_test_alert(source, actor=request.user)
    except SourceInactive as error:
        messages.error(request, error.message)
        return redirect("signals:source-detail", uuid=uuid)
    messages.success(request, gettext("Test alert stored. It appears here as a signal marked “test”."))
    return redirect("signals:feed")


def _messages_to_paste() -> dict[str, str]:
    return {"indicator_message": INDICATOR_MESSAGE, "strategy_message": STRATEGY_MESSAGE}
