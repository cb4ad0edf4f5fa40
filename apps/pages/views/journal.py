"""Who did what in a workspace: the journal for those who may read it, and what happened, for everybody in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.needs import needs
from apps.core.jobs import enqueue_on_commit
from apps.core.lists import Asked
from apps.core.streaming import stream_file
from apps.journal.models import Entry
from apps.journal.selectors import JournalFilter, chain_state, containing, entries_of, seal_of
from apps.journal.services import export_csv, export_json, record
from apps.pages.forms import JournalFilterForm
from apps.pages.lists import ACTIVITY, JOURNAL, members_of

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# Where an object of the journal can be looked at.
OBJECT_PAGES = {
    "backtests.backtest": "backtests:backtest-detail",
    "backtests.portfoliorun": "backtests:portfolio-detail",
    "backtests.sweep": "backtests:sweep-detail",
    "backtests.walkforward": "backtests:walk-forward-detail",
    "formulas.formula": "formulas:formula-detail",
    "markets.instrument": "markets:instrument-detail",
    "signals.alertsource": "signals:source-detail",
    "signals.signal": "signals:signal-detail",
}


@needs("workspace.view")
@require_GET
def activity(request: HttpRequest) -> HttpResponseBase:
    """What happened here: who, what and which, without addresses and changes."""
    asked = Asked(ACTIVITY, request)
    rows = entries_of(request.workspace, JournalFilter(group=asked["group"]))
    if text := asked["q"]:
        rows = rows.filter(containing(text, places=False))
    return asked.answer(rows, "pages/activity.html")


@needs("journal.view")
@require_GET
def journal(request: HttpRequest) -> HttpResponseBase:
    asked = Asked(JOURNAL, request)
    form = _form(request)
    return asked.answer(
        entries_of(request.workspace, form.chosen()),
        "pages/journal.html",
        lambda shown: {
            "form": form,
            "one_object": shown[0] if asked["object"] and shown else None,
            "state": chain_state(request.workspace.pk),
        },
    )


@needs("journal.view")
@require_GET
def journal_entry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Everything about one entry, and where it stands in the chain."""
    entry = get_object_or_404(entries_of(request.workspace), uuid=uuid)
    context = {"entry": entry, "seal": seal_of(entry), "object_url": object_url(entry)}
    if entry.impersonator_id is not None:
        staff = User.objects.filter(pk=entry.impersonator_id).first()
        context["impersonator"] = staff.display_name if staff else "a member of staff"
    return render(request, "pages/journal_entry.html", context)


@needs("journal.view")
@require_GET
def journal_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The chosen entries as a file that proves itself; that it was taken is an entry too."""
    if form not in CONTENT_TYPES:
        raise Http404
    workspace = request.workspace
    asked = _form(request)
    entries = entries_of(workspace, asked.chosen())
    with transaction.atomic():
        filters = {name: value for name, value in request.GET.items() if value and name in asked.fields}
        changes: dict[str, Any] = {"format": form, **({"filters": filters} if filters else {})}
        record(
            actor=request.user,
            workspace=workspace,
            action="journal.entries.exported",
            target=workspace,
            changes=changes,
        )
    if form == "csv":
        chunks = export_csv(entries, workspace.pk)
    else:
        about = {"workspace": {"uuid": workspace.uuid, "id": workspace.pk, "name": workspace.name}}
        chunks = export_json(entries, workspace.pk, {**about, "filters": filters})
    name = f"journal-{workspace.slug}.{form}"
    return stream_file(request, chunks, name=name, content_type=CONTENT_TYPES[form])


@needs("journal.view")
@require_POST
def journal_verify(request: HttpRequest) -> HttpResponse:
    enqueue_on_commit("journal.verify_workspace", workspace_id=request.workspace.pk)
    messages.success(request, gettext("The record is being verified; the result appears here."))
    return redirect("pages:journal")


def object_url(entry: Entry) -> str:
    """The page of the entry's object; empty where it has none, or was from before uuids were kept."""
    name = OBJECT_PAGES.get(entry.target_type)
    return reverse(name, args=[entry.target_uuid]) if name and entry.target_uuid else ""


def _form(request: HttpRequest) -> JournalFilterForm:
    return JournalFilterForm(request.GET, members=members_of(request))
