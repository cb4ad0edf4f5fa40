"""The portfolio: what is held, what it earned, and the files of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from io import StringIO
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.core.lists import Asked, offered
from apps.core.sheets import inert
from apps.core.snapshots import one_snapshot
from apps.core.streaming import stream_file
from apps.trading.forms.portfolio import LotsForm, PortfolioForm
from apps.trading.lists import LOTS
from apps.trading.models import CashEntry, EquityPoint
from apps.trading.selectors import (
    Chosen,
    Line,
    accounts_of,
    books_of,
    currencies_of,
    equity_curve,
    exposure_of,
    fills_of,
    lots_of_workspace,
    positions_of,
    profit_by_book,
    profit_by_day,
    profit_by_instrument,
    summary_of,
)

MOST_DAYS = 14
MOST_DAYS_DRAWN = 400
MOST_LINES = 50


@needs("trading.view")
@require_GET
@one_snapshot()
def portfolio(request: HttpRequest) -> HttpResponse:
    form, chosen, context = _chosen(request, PortfolioForm(request.GET))
    days = profit_by_day(request.workspace, chosen)
    by_book = profit_by_book(request.workspace, chosen)
    by_instrument = profit_by_instrument(request.workspace, chosen)
    positions = positions_of(request.workspace, chosen)
    context |= {
        "summary": summary_of(request.workspace, chosen),
        "positions": positions,
        "exposure": exposure_of(positions),
        "has_other": any(line.other for line in days),
        "by_book": by_book[:MOST_LINES],
        "more_bots": max(len(by_book) - MOST_LINES, 0),
        "by_instrument": by_instrument[:MOST_LINES],
        "more_instruments": max(len(by_instrument) - MOST_LINES, 0),
        "by_day": days[:MOST_DAYS],
        "more_days": max(len(days) - MOST_DAYS, 0),
        "has_curve": EquityPoint.objects.filter(book__in=chosen.books(request.workspace)).exists(),
        "kinds": form.fields["kind"].choices,
        "accounts": offered(accounts_of(request.workspace), chosen.account),
    }
    return render(request, "trading/portfolio.html", context)


@needs("trading.view")
@require_GET
@one_snapshot()
def portfolio_curve(request: HttpRequest, chart: str) -> JsonResponse:
    """Data of the charts of equity and drawdown."""
    _, chosen, _ = _chosen(request, PortfolioForm(request.GET))
    if chart == "days":
        days = profit_by_day(request.workspace, chosen)[:MOST_DAYS_DRAWN][::-1]
        return JsonResponse(
            {
                "time": [
                    int(datetime.combine(line.day, time(), UTC).timestamp()) for line in days if line.day
                ],
                "value": [float(line.profit) for line in days if line.day],
                "name": gettext("Realised, less fees"),
            }
        )
    curve = equity_curve(request.workspace, chosen)
    times = curve.seconds
    if chart == "equity":
        return JsonResponse(
            {"time": times, "series": {gettext("Equity"): [float(one) for one in curve.equity]}}
        )
    return JsonResponse({"time": times, "value": [0.0 - float(one) for one in curve.drawdown]})


@needs("trading.view")
@require_GET
@one_snapshot()
def portfolio_lots(request: HttpRequest) -> HttpResponseBase:
    """Lots that were closed, or (`state=open`) those that are not; computed anew from the fills each time."""
    asked = Asked(LOTS, request)
    form, chosen, context = _chosen(request, LotsForm(request.GET))
    method, year = form.method_and_year()
    symbol = asked["symbol"].lower()
    closed, still_open = (
        [row for row in rows if symbol in row.instrument.symbol.lower()]
        for rows in lots_of_workspace(request.workspace, chosen, method, year=year)
    )
    context |= {
        "closed_count": len(closed),
        "open_count": len(still_open),
        "total": sum((row.profit for row in closed), Decimal(0)),
    }
    return asked.answer(still_open if asked["state"] else closed, "trading/lots.html", context)


def _chosen(request: HttpRequest, form: Any) -> tuple[Any, Chosen, dict[str, Any]]:
    currencies = currencies_of(request.workspace)
    chosen = form.chosen(currencies)
    kept = {"currency": chosen.currency, "book": chosen.book, "account": chosen.account, "kind": chosen.kind}
    query = urlencode({name: value for name, value in kept.items() if value})
    return form, chosen, {
        "chosen": chosen,
        "currencies": currencies,
        "books": SimpleLazyObject(lambda: offered(books_of(request.workspace), chosen.book)),  # charts need none
        "query": query,
    }  # fmt: skip


@needs("trading.view")
@require_GET
def portfolio_export(request: HttpRequest, what: str) -> HttpResponseBase:
    """A file of EXPORTS, of the chosen part as CSV; amounts as they are stored."""
    _, chosen, _ = _chosen(request, PortfolioForm(request.GET))
    head, rows = EXPORTS[what](request, chosen)
    return stream_file(
        request, _lines(head, rows), name=f"{what}.csv", content_type="text/csv; charset=utf-8"
    )


def _lines(head: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    for row in chain([head], rows):
        buffer = StringIO()
        csv.writer(buffer).writerow([_cell(value) for value in row])
        yield buffer.getvalue()


def _cell(value: Any) -> str:
    """Amounts plain, with a true minus for programs; words harmless to spreadsheets."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else inert(value)


def _positions(request: HttpRequest, chosen: Chosen) -> tuple[list[str], list[list[Any]]]:
    head = [
        "book",
        "symbol",
        "units",
        "average",
        "price",
        "value",
        "open",
        "realised",
        "fees",
        "opened_at",
        "currency",
    ]
    rows = [
        [row.book.name, row.instrument.symbol, row.units, row.average, row.price, row.value, row.open, row.realised,
         row.fees, row.opened_at.isoformat(), chosen.currency]
        for row in positions_of(request.workspace, chosen)
    ]  # fmt: skip
    return head, rows


def _fills(request: HttpRequest, chosen: Chosen) -> tuple[list[str], Iterator[list[Any]]]:
    head = [
        "at",
        "book",
        "symbol",
        "order",
        "side",
        "units",
        "price",
        "fee",
        "realised",
        "reason",
        "currency",
    ]
    fills = fills_of(request.workspace).filter(book__in=chosen.books(request.workspace)).order_by("id")
    rows = (
        [fill.at.isoformat(), fill.book.name, fill.instrument.symbol, fill.order.client_order_id, fill.side, fill.units,
         fill.price, fill.fee, fill.realised, fill.reason, chosen.currency]
        for fill in fills.iterator(chunk_size=2000)
    )  # fmt: skip
    return head, rows


def _ledger(request: HttpRequest, chosen: Chosen) -> tuple[list[str], Iterator[list[Any]]]:
    entries = (
        CashEntry.objects.filter(book__in=chosen.books(request.workspace))
        .select_related("book")
        .order_by("id")
    )
    rows = (
        [
            entry.at.isoformat(),
            entry.book.name,
            entry.kind,
            entry.amount,
            entry.fill_id,
            entry.note,
            chosen.currency,
        ]
        for entry in entries.iterator(chunk_size=2000)
    )
    return ["at", "book", "kind", "amount", "fill", "note", "currency"], rows


def _days(request: HttpRequest, chosen: Chosen) -> tuple[list[str], list[list[Any]]]:
    head = ["day", "realised", "fees", "other", "profit", "fills", "currency"]
    rows = [
        [line.name, line.realised, line.fees, line.other, line.profit, line.fills, chosen.currency]
        for line in reversed(profit_by_day(request.workspace, chosen))
    ]
    return head, rows


def _bots(request: HttpRequest, chosen: Chosen) -> tuple[list[str], list[list[Any]]]:
    return _profits("bot", profit_by_book(request.workspace, chosen), chosen)


def _instruments(request: HttpRequest, chosen: Chosen) -> tuple[list[str], list[list[Any]]]:
    return _profits("symbol", profit_by_instrument(request.workspace, chosen), chosen)


def _profits(name: str, lines: list[Line], chosen: Chosen) -> tuple[list[str], list[list[Any]]]:
    head = [name, "realised", "fees", "other", "open", "profit", "fills", "currency"]
    return head, [
        [one.name, one.realised, one.fees, one.other, one.open, one.profit, one.fills, chosen.currency]
        for one in lines
    ]


EXPORTS: dict[str, Any] = {
    "positions": _positions, "fills": _fills, "ledger": _ledger, "days": _days,
    "bots": _bots, "instruments": _instruments,
}  # fmt: skip
