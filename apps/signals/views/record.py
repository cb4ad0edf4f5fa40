"""The record of signals: its page in the workspace, and the public one that anybody can verify."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.address_limits import limited_by_address
from apps.core.errors import DomainError
from apps.core.jobs import enqueue_on_commit
from apps.core.streaming import stream_file
from apps.signals import verify_signals
from apps.signals.access import get_signal_for
from apps.signals.forms import RecordForm
from apps.signals.models import SignalChain
from apps.signals.selectors.chain import (
    chain_lines,
    chain_of,
    chain_state,
    day_of_link,
    days_document,
    days_of,
    last_link,
    line_of,
    link_of,
    public_chain,
    told_fields,
)
from apps.signals.services.publishing import publish_record

MOST_DAYS = 400
FILES_PER_MINUTE = 30  # to one address: a file reads the whole chain
CACHED = "public, max-age=60"
SCRIPT = Path(verify_signals.__file__)


@needs("signals.view")
@require_GET
def record(request: HttpRequest) -> HttpResponse:
    """What is chained and signed, whether it is whole, and whether everybody may see it."""
    chain = chain_of(request.workspace)
    initial = {
        "is_public": bool(chain and chain.slug),
        "slug": (chain.slug if chain else None) or slugify(request.workspace.name)[:40].strip("-"),
        "reveal_after_h": chain.reveal_after_h if chain and chain.reveal_after_h else "",
    }
    return _record_page(request, chain, RecordForm(initial=initial))


def _record_page(request: HttpRequest, chain: SignalChain | None, form: RecordForm) -> HttpResponse:
    context = {
        "chain": chain,
        "form": form,
        "last": last_link(chain) if chain else None,
        "days": days_of(chain, most=MOST_DAYS) if chain else [],
    }
    return render(request, "signals/record.html", context, status=422 if form.errors else 200)


@needs("workspace.own")
@require_POST
def record_publish(request: HttpRequest) -> HttpResponse:
    form = RecordForm(request.POST)
    if form.is_valid():
        try:
            chain = publish_record(request.workspace, actor=request.user, **form.chosen())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(
                request,
                gettext("The record is public.") if chain.slug else gettext("The record is not public."),
            )
            return redirect("signals:record")
    return _record_page(request, chain_of(request.workspace), form)


@needs("signals.view")
@require_POST
def record_verify(request: HttpRequest) -> HttpResponse:
    """Recompute everything, in a job."""
    chain = chain_of(request.workspace)
    if chain is not None:
        enqueue_on_commit("signals.verify_chain", chain_id=chain.pk)
        messages.success(request, gettext("The record is being verified. Load the page again in a moment."))
    return redirect("signals:record")


@needs("signals.view")
@require_GET
def record_chain(request: HttpRequest) -> HttpResponseBase:
    """The workspace's own chain, as its public page would show it."""
    chain = chain_of(request.workspace)
    lines = chain_lines(chain) if chain else iter(())  # before the first signal
    return stream_file(request, lines, name="chain.jsonl", content_type="application/jsonl")


@needs("signals.view")
@require_GET
def record_days(request: HttpRequest) -> JsonResponse:
    return JsonResponse(days_document(chain_of(request.workspace)))


@needs("signals.view")
@require_GET
def signal_proof(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """One signal's link with its contents, and the signed day it belongs to."""
    link = link_of(get_signal_for(request.workspace, uuid))
    if link is None:
        return JsonResponse({"detail": gettext("This signal gets its link within a minute.")}, status=404)
    day = day_of_link(link)
    fields = told_fields(link.chain, [link.signal_uuid]).get(link.signal_uuid)
    answer = {"line": line_of(link, fields), "day": str(day.day) if day else None}
    return JsonResponse(answer, json_dumps_params={"indent": 1})


@require_GET
def public_record(request: HttpRequest, slug: str) -> HttpResponse:
    """Open to everybody."""
    chain = _public(slug)
    days = days_of(chain, most=MOST_DAYS)
    context = {"chain": chain, "days": days, "last": last_link(chain), "script": SCRIPT.read_text("utf-8")}
    return render(request, "signals/public_record.html", context)


@require_GET
@limited_by_address("record", per_minute=FILES_PER_MINUTE)
def public_chain_file(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The whole chain; who has it already is told so, without reading it."""
    chain = _public(slug)
    state = chain_state(chain)
    # weak: on its way it may be compressed
    etag, modified = f'W/"{state.tag}"', state.changed_at and int(state.changed_at.timestamp())

    def whole() -> HttpResponseBase:
        lines = chain_lines(chain)
        return stream_file(request, lines, name="chain.jsonl", content_type="application/jsonl", cache=CACHED)

    answer = get_conditional_response(request, etag=etag, last_modified=modified) or whole()
    answer["ETag"], answer["Cache-Control"] = etag, CACHED
    if modified is not None:
        answer["Last-Modified"] = http_date(modified)
    return answer


@require_GET
@limited_by_address("record", per_minute=FILES_PER_MINUTE)
@cache_control(public=True, max_age=60)
def public_days_file(request: HttpRequest, slug: str) -> JsonResponse:
    return JsonResponse(days_document(_public(slug)))


@require_GET
@cache_control(public=True, max_age=3600)
def verifier(request: HttpRequest) -> HttpResponse:
    """The script that checks the two files by itself."""
    response = HttpResponse(SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify_signals.py"'
    return response


def _public(slug: str) -> SignalChain:
    chain = public_chain(slug)
    if chain is None:
        raise Http404(gettext("No such record."))
    return chain
