"""Raw requests one by one, and those of a source read anew."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.errors import Conflict
from apps.core.lists import Asked
from apps.signals.access import get_alert_for, get_replay_for, get_source_for
from apps.signals.choices import AlertStatus, ReplayState
from apps.signals.forms import ReplayForm
from apps.signals.lists import REPEATS
from apps.signals.services import replay_alert, start_replay


@needs("signals.view")
@require_GET
def delivery_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One raw request: what came, what was made of it, when it came again."""
    alert = get_alert_for(request.workspace, uuid)
    repeats = Asked(REPEATS, request)
    repeats.read(alert.repeats.all())
    context = {
        "alert": alert,
        "signal": getattr(alert, "signal", None),
        "list": repeats,
        "can_replay": alert.status in (AlertStatus.REJECTED, AlertStatus.FAILED),
    }
    return render(request, "signals/delivery_detail.html", context)


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
