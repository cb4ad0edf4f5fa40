"""Raw requests: one by one, as a file, and read anew."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.errors import Conflict
from apps.core.sheets import inert
from apps.core.streaming import stream_file
from apps.signals.access import get_alert_for, get_replay_for, get_source_for
from apps.signals.choices import AlertStatus, ReplayState
from apps.signals.forms import DeliveryFilterForm, ReplayForm
from apps.signals.models import Alert
from apps.signals.selectors import deliveries_of
from apps.signals.services import replay_alert, start_replay

EXPORT_LIMIT = 10_000
COLUMNS = ["uuid", "received_at", "status", "problem", "signal", "test", "from", "told_apart_by", "body"]


@needs("signals.view")
@require_GET
def delivery_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One raw request: what came, what was made of it, when it came again."""
    alert = get_alert_for(request.workspace, uuid)
    context = {
        "alert": alert,
        "signal": getattr(alert, "signal", None),
        "repeats": alert.repeats.order_by("id")[:100],
        "can_replay": alert.status in (AlertStatus.REJECTED, AlertStatus.FAILED),
    }
    return render(request, "signals/delivery_detail.html", context)


@needs("signals.view")
@require_GET
def delivery_export(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The chosen deliveries of a source as CSV, the newest 10,000 of them."""
    source = get_source_for(request.workspace, uuid)
    rows = deliveries_of(source, DeliveryFilterForm(request.GET).chosen()).select_related("signal")
    lines = _lines(rows[:EXPORT_LIMIT].iterator(chunk_size=200))
    return stream_file(request, lines, name="deliveries.csv", content_type="text/csv; charset=utf-8")


@needs("signals.manage")
@require_POST
def delivery_replay(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Read one alert anew."""
    alert = get_alert_for(request.workspace, uuid)
    outcome = replay_alert(alert, actor=request.user)
    tell = messages.success if outcome.code == "queued" else messages.info
    tell(request, outcome.detail)
    return redirect("signals:delivery-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def source_replay(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Read all alerts of a source anew that stand for review and came since a day."""
    source = get_source_for(request.workspace, uuid)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, gettext("Nothing was replayed: {value}").format(value=form.errors["since"][0])
        )
        return redirect("signals:source-detail", uuid=uuid)
    try:
        replay = start_replay(source, since=form.moment(), actor=request.user)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("signals:source-detail", uuid=uuid)
    return redirect("signals:replay", uuid=replay.uuid)


@needs("signals.view")
@require_GET
def replay(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How far a replay is; the open page asks again while it runs."""
    found = get_replay_for(request.workspace, uuid)
    context = {"replay": found, "is_running": found.state == ReplayState.RUNNING}
    return render(request, "signals/replay.html", context)


def _lines(alerts: Iterator[Alert]) -> Iterator[str]:
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(COLUMNS)
    for alert in alerts:
        signal = getattr(alert, "signal", None)
        values = [
            alert.uuid,
            alert.received_at.isoformat(),
            alert.status,
            (alert.problem or {}).get("detail", ""),
            signal.uuid if signal else "",
            "test" if alert.is_test else "",
            alert.remote_ip or "",
            alert.dedupe_key,
            alert.body_text.replace("\x00", "�"),
        ]
        writer.writerow([inert(value) for value in values])
        yield held.getvalue()
        held.seek(0)
        held.truncate()
    yield held.getvalue()
