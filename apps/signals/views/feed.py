"""The live feed and its signals."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.billing.selectors import plan_of
from apps.core.lists import Asked
from apps.signals.access import get_signal_for
from apps.signals.lists import SIGNAL_FIRINGS, SIGNALS
from apps.signals.measuring import HORIZONS
from apps.signals.selectors import SignalFilter, firings_of_signal, signals_of, sources_of
from apps.signals.selectors.chain import link_of
from apps.signals.selectors.why import why_fired


@needs("signals.view")
@require_GET
def feed(request: HttpRequest) -> HttpResponseBase:
    """Signals, newest first. The open page fetches itself again when told of a new one."""
    asked = Asked(SIGNALS, request)
    chosen = SignalFilter(
        asked["symbol"], asked["action"], UUID(asked["source"]) if asked["source"] else None
    )
    return asked.answer(
        signals_of(request.workspace, chosen),
        "signals/feed.html",
        lambda _: {"sources": sources_of(request.workspace)[:1], "plan": plan_of(request.workspace)},
    )


@needs("signals.view")
@require_GET
def signal_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The signal, and the alarms that took it."""
    signal = get_signal_for(request.workspace, uuid)
    taken = Asked(SIGNAL_FIRINGS, request)
    taken.read(firings_of_signal(signal))
    context = {
        "signal": signal,
        "steps": signal.steps.order_by("id"),
        "list": taken,
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
