"""The live feed, and the pages where sources are made, tested and watched."""

from __future__ import annotations

import csv
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.once import keep_once, take_once
from apps.core.sheets import inert
from apps.signals.access import get_alert_for, get_signal_for, get_source_for
from apps.signals.errors import SourceInactive
from apps.signals.forms import DeliveryFilterForm, FeedFilterForm, RotateForm, SourceForm
from apps.signals.messages import INDICATOR_MESSAGE, STRATEGY_MESSAGE
from apps.signals.selectors import (
    delivery_log,
    feed_page,
    firings_of_signal,
    incidents_of,
    replaced_token_expires_at,
    security_events_of,
    signals_of,
    sources_of,
    sources_with_activity,
)
from apps.signals.services import (
    create_source,
    rename_source,
    rotate_token,
    send_test_alert,
    set_source_active,
    webhook_url,
)

PAGE_SIZE = 50
EXPORT_LIMIT = 50_000
EXPORT_COLUMNS = [
    "uuid",
    "received_at",
    "source",
    "exchange",
    "symbol",
    "timeframe",
    "action",
    "price",
    "bar_time",
    "emitted_at",
    "strategy",
    "seq",
    "test",
]


@needs("signals.view")
@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """Signals, newest first. The open page fetches itself again when told of a new one."""
    form = FeedFilterForm(request.GET)
    chosen = form.chosen()
    page = feed_page(request.workspace, chosen, before=form.cleaned_data.get("before"), size=PAGE_SIZE)
    kept = {"symbol": chosen.symbol, "action": chosen.action, "source": chosen.source or ""}
    query = urlencode({name: value for name, value in kept.items() if value})
    context = {
        "form": form,
        "chosen": chosen,
        "page": page,
        "query": query,
        "is_first_page": not form.cleaned_data.get("before"),
        "sources": sources_of(request.workspace),
    }
    return render(request, "signals/feed.html", context)


@needs("signals.view")
@require_GET
def feed_export(request: HttpRequest) -> HttpResponse:
    """The chosen signals as CSV, the newest 50,000 of them."""
    chosen = FeedFilterForm(request.GET).chosen()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="signals.csv"'
    writer = csv.writer(response)
    writer.writerow(EXPORT_COLUMNS)
    for signal in signals_of(request.workspace, chosen)[:EXPORT_LIMIT]:
        values = [
            signal.uuid,
            signal.received_at.isoformat(),
            signal.source.name,
            signal.exchange,
            signal.symbol,
            signal.timeframe,
            signal.action,
            "" if signal.price is None else f"{signal.price.normalize():f}",
            signal.bar_time.isoformat() if signal.bar_time else "",
            signal.emitted_at.isoformat() if signal.emitted_at else "",
            signal.strategy,
            "" if signal.seq is None else signal.seq,
            "test" if signal.is_test else "",
        ]
        writer.writerow([inert(value) for value in values])
    return response


@needs("signals.view")
@require_GET
def signal_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    signal = get_signal_for(request.workspace, uuid)
    context = {"signal": signal, "steps": signal.steps.order_by("id"), "firings": firings_of_signal(signal)}
    return render(request, "signals/signal_detail.html", context)


@needs("signals.view")
@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    context = {"sources": sources_with_activity(request.workspace)}
    return render(request, "signals/source_list.html", context)


@needs("signals.manage")
@never_cache
def source_new(request: HttpRequest) -> HttpResponse:
    """A POST makes the source; the page after it shows the address, once."""
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source, token = create_source(request.workspace, name=form.cleaned_data["name"], actor=request.user)
        keep_once(request, f"source.{source.uuid}", token)
        return redirect("signals:source-address", uuid=source.uuid)
    status = 422 if form.errors else 200
    return render(request, "signals/source_new.html", {"form": form}, status=status)


@needs("signals.view")
@require_GET
def source_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The source, its health and the log of raw requests."""
    source = get_source_for(request.workspace, uuid)
    status = DeliveryFilterForm(request.GET).chosen()
    context = {
        "source": source,
        "deliveries": delivery_log(source, status=status),
        "status": status,
        "statuses": DeliveryFilterForm.base_fields["status"].choices,  # type: ignore[attr-defined]
        "incidents": incidents_of(source),
        "security_events": security_events_of(source),
        "replaced_token_expires_at": replaced_token_expires_at(source),
        "rotate_form": RotateForm(),
        "name_form": SourceForm(initial={"name": source.name}),
        **_messages_to_paste(),
    }
    return render(request, "signals/source_detail.html", context)


@needs("signals.view")
@require_GET
def delivery_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One raw request: what came, what was made of it, when it came again."""
    alert = get_alert_for(request.workspace, uuid)
    context = {
        "alert": alert,
        "signal": getattr(alert, "signal", None),
        "repeats": alert.repeats.order_by("id")[:100],
    }
    return render(request, "signals/delivery_detail.html", context)


@needs("signals.manage")
@require_POST
def source_rotate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_source_for(request.workspace, uuid)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose how long the present address goes on working.")
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
    context = {"source": source, "url": webhook_url(token), **_messages_to_paste()}
    return render(request, "signals/source_address.html", context)


@needs("signals.manage")
@require_POST
def source_rename(request: HttpRequest, uuid: UUID) -> HttpResponse:
    form = SourceForm(request.POST)
    source = get_source_for(request.workspace, uuid)
    if form.is_valid():
        rename_source(source, name=form.cleaned_data["name"], actor=request.user)
        messages.success(request, "Name saved.")
    else:
        messages.error(request, f"The name was not saved: {form.errors['name'][0]}")
    return redirect("signals:source-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def source_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Switch on (`active=1`) or off."""
    source = get_source_for(request.workspace, uuid)
    active = request.POST.get("active") == "1"
    set_source_active(source, active=active, actor=request.user)
    messages.success(request, "The source takes alerts." if active else "The source takes no more alerts.")
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
    messages.success(request, "Test alert stored. It appears here as a signal marked “test”.")
    return redirect("signals:feed")


def _messages_to_paste() -> dict[str, str]:
    return {"indicator_message": INDICATOR_MESSAGE, "strategy_message": STRATEGY_MESSAGE}
