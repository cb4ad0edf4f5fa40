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
from apps.core.streaming import stream_file
from apps.journal.models import Entry
from apps.journal.selectors import JournalPage, chain_state, entries_of, page_of, seal_of
from apps.journal.services import export_csv, export_json, record
from apps.pages.forms import JournalFilterForm

PAGE_SIZE = 50
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
def activity(request: HttpRequest) -> HttpResponse:
    """What happened here: who, what and which, without addresses and changes."""
    page = _page(request, entries_of(request.workspace))
    context = {"page": page, "is_first_page": "before" not in request.GET}
    return render(request, "pages/activity.html", context)


@needs("journal.view")
@require_GET
def journal(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    page = _page(request, entries_of(request.workspace, form.chosen()))
    query = request.GET.copy()
    query.pop("before", None)
    chosen = {name: value for name, value in query.items() if value}
    context = {
        "form": form,
        "page": page,
        "query": query.urlencode() if chosen else "",
        "is_filtered": bool(chosen),
        "one_object": page.entries[0] if chosen.get("object") and page.entries else None,
        "is_first_page": "before" not in request.GET,
        "state": chain_state(request.workspace.pk),
    }
    return render(request, "pages/journal.html", context)


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
    members = User.objects.filter(memberships__workspace=request.workspace).order_by("name", "email")
    return JournalFilterForm(request.GET, members=list(members))


def _page(request: HttpRequest, entries: Any) -> JournalPage:
    try:
        before = UUID(request.GET["before"]) if request.GET.get("before") else None
    except ValueError:
        before = None
    return page_of(entries, before=before, size=PAGE_SIZE)
