"""How signals fared, on a page and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.core.lists import offered
from apps.core.sheets import inert
from apps.core.streaming import stream_file
from apps.signals.choices import Unmeasured
from apps.signals.forms import PerformanceForm
from apps.signals.measuring import HORIZONS
from apps.signals.selectors import sources_of
from apps.signals.selectors.performance import (
    LEAST,
    PerformanceFilter,
    groups_of,
    histogram_of,
    outcome_rows,
    reasons_of,
    total_of,
)

COLUMNS = [
    "uuid",
    "received_at",
    "source",
    "strategy",
    "exchange",
    "symbol",
    "action",
    "horizon_s",
    "entry_price",
    "exit_price",
    "exit_at",
    "change",
    "best",
    "worst",
    "reason",
]


@needs("signals.view")
@require_GET
def performance(request: HttpRequest) -> HttpResponse:
    form = PerformanceForm(request.GET)
    chosen = form.chosen()
    total = total_of(request.workspace, chosen)
    bins = histogram_of(request.workspace, chosen) if total.count else []
    words = dict(Unmeasured.choices)
    context = {
        "form": form,
        "chosen": chosen,
        "query": urlencode(_query(chosen)),
        "horizons": [
            (seconds, label, urlencode(_query(chosen) | {"horizon": seconds}))
            for seconds, label in HORIZONS.items()
        ],
        "horizon": HORIZONS[chosen.horizon_s],
        "sources": offered(sources_of(request.workspace), chosen.source),
        "total": total,
        "groups": groups_of(request.workspace, chosen) if total.count or total.missing else [],
        "reasons": {
            words.get(name, name): count for name, count in reasons_of(request.workspace, chosen).items()
        },
        "bins": bins,
        "most": max((bin.count for bin in bins), default=1) or 1,
        "least": LEAST,
    }
    return render(request, "signals/performance.html", context)


@needs("signals.view")
@require_GET
def performance_export(request: HttpRequest) -> HttpResponseBase:
    """Every outcome that was counted, one a line."""
    chosen = PerformanceForm(request.GET).chosen()
    rows = outcome_rows(request.workspace, chosen)
    return stream_file(request, _csv(rows), name="outcomes.csv", content_type="text/csv; charset=utf-8")


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_plain(row[name]) for name in COLUMNS])
        if buffer.tell() > 32_768:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _query(chosen: PerformanceFilter) -> dict[str, Any]:
    query = {
        "horizon": chosen.horizon_s,
        "by": chosen.by,
        "source": chosen.source or "",
        "symbol": chosen.symbol,
        "action": chosen.action,
        "days": chosen.days or "all",
    }
    return {name: value for name, value in query.items() if value}
