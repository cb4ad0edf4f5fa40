"""The live feed and its signals."""

from __future__ import annotations

import csv
import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.billing.selectors import plan_of
from apps.core.sheets import inert
from apps.signals.access import get_signal_for
from apps.signals.forms import FeedFilterForm
from apps.signals.measuring import HORIZONS
from apps.signals.selectors import feed_page, firings_of_signal, signals_of, sources_of
from apps.signals.selectors.chain import link_of
from apps.signals.selectors.why import why_fired

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
        "plan": plan_of(request.workspace),
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
    context = {
        "signal": signal,
        "steps": signal.steps.order_by("id"),
        "firings": firings_of_signal(signal),
        "outcomes": signal.outcomes.order_by("horizon_s"),
        "horizons": HORIZONS,
        "why": why_fired(signal),
        "link": link_of(signal),
        "payload": [(name, _written(value)) for name, value in signal.payload.items()],
    }
    return render(request, "signals/signal_detail.html", context)


def _written(value: Any) -> str:
    """As the alert said it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
