"""Market pages: what there is, one instrument, bring your own data."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.manner import written
from apps.markets.access import get_bar_set_for, get_instrument_for
from apps.markets.forms import ImportForm, InstrumentForm
from apps.markets.lists import INSTRUMENTS
from apps.markets.selectors import candles, visible_bar_sets, visible_instruments
from apps.markets.services import delete_bar_set, import_bars, load_bars, to_csv, update_instrument

CANDLES = 5000


@needs("markets.view")
@require_GET
def instrument_list(request: HttpRequest) -> HttpResponseBase:
    asked = Asked(INSTRUMENTS, request)
    instruments = asked.chosen(
        visible_instruments(request.workspace), q=("symbol__icontains", "name__icontains"), kind="asset_class"
    )
    return asked.answer(instruments, "markets/instrument_list.html")


@needs("markets.view")
@require_GET
def instrument_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    instrument = get_instrument_for(request.workspace, uuid)
    bar_sets = list(visible_bar_sets(request.workspace).filter(instrument=instrument))
    chosen = next((item for item in bar_sets if item.timeframe == request.GET.get("timeframe")), None)
    context = {
        "instrument": instrument,
        "bar_sets": bar_sets,
        "bar_set": chosen or (bar_sets[0] if bar_sets else None),
    }
    return render(request, "markets/instrument_detail.html", context)


@needs("markets.edit")
def instrument_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Name, currency and steps of an instrument of one's own."""
    instrument = get_instrument_for(request.workspace, uuid)
    if instrument.workspace_id is None:
        messages.error(request, gettext("Shared instruments cannot be changed."))
        return redirect("markets:instrument-detail", uuid=uuid)
    form = InstrumentForm(request.POST or None, instance=instrument)
    if request.method == "POST" and form.is_valid():
        update_instrument(instrument, actor=request.user, **form.cleaned_data)
        messages.success(request, gettext("Saved. Runs made before keep the steps they were made with."))
        return redirect("markets:instrument-detail", uuid=uuid)
    context = {"form": form, "instrument": instrument}
    return render(request, "markets/instrument_edit.html", context, status=422 if form.errors else 200)


@needs("markets.edit")
def bars_import(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    problems: list[dict[str, object]] = []
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        file = values.pop("file")
        values["timeframe"] = values["timeframe"] or None
        try:
            bar_set = import_bars(
                request.workspace, file=file, filename=file.name, actor=request.user, **values
            )
        except DomainError as error:
            problems = error.extra.get("problems", [])
            if not problems:
                form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(
                request,
                gettext("{bars:,} bars of {symbol} are ready.").format(
                    bars=written(bar_set.bars), symbol=bar_set.instrument.symbol
                ),
            )
            return redirect("markets:instrument-detail", uuid=bar_set.instrument.uuid)
    status = 422 if form.errors or problems else 200
    return render(request, "markets/bars_import.html", {"form": form, "problems": problems}, status=status)


@needs("markets.view")
@require_GET
def bars_chart(request: HttpRequest, uuid: UUID) -> JsonResponse:
    response = JsonResponse(candles(load_bars(get_bar_set_for(request.workspace, uuid)), CANDLES))
    response["Cache-Control"] = "private, max-age=3600"  # a set of bars never changes
    return response


@needs("markets.view")
@require_GET
def bars_export(request: HttpRequest, uuid: UUID) -> HttpResponse:
    bar_set = get_bar_set_for(request.workspace, uuid)
    response = HttpResponse(to_csv(load_bars(bar_set)), content_type="text/csv; charset=utf-8")
    name = f"{bar_set.instrument.symbol.replace('/', '-')}-{bar_set.timeframe}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@needs("markets.edit", plan=ALWAYS)
@require_POST
def bars_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    delete_bar_set(get_bar_set_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("The bars are deleted."))
    return redirect("markets:instrument-list")
