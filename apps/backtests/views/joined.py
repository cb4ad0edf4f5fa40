"""What the pages of walk-forwards and portfolios have in common: the trade table, progress, and files to take home."""

from __future__ import annotations

import csv
from typing import Any

import polars as pl
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.models import PortfolioRun, WalkForward
from apps.backtests.selectors import JOINED_COLUMNS, in_iso, joined_trade_page
from apps.core.manner import written

TRADES_PER_PAGE = 25
KINDS = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
}


def trade_context(
    request: HttpRequest, job: WalkForward | PortfolioRun, *, part: str, url: str, parts: dict[int, str]
) -> dict[str, Any]:
    """The trade table: of one fold or leg or of all, sorted and paged on the server."""
    sort = request.GET.get("sort", "entry_time")
    sort = sort if sort in JOINED_COLUMNS or sort == part else "entry_time"
    given = request.GET.get("only", "")
    only = int(given) if given.isdigit() and len(given) < 8 and int(given) in parts else None
    number = request.GET.get("page", "1")
    page = max(1, int(number)) if number.isdigit() and len(number) < 8 else 1
    descending = request.GET.get("dir") == "desc"
    rows, total = joined_trade_page(
        job, part=part, only=only, sort=sort, descending=descending, page=page, size=TRADES_PER_PAGE
    )
    return {
        "trades": [row | {"part": parts.get(row[part], row[part])} for row in rows],
        "trade_total": total,
        "trade_columns": {part: part.title(), **JOINED_COLUMNS},
        "trades_url": reverse(url, args=[job.uuid]),
        "part": part,
        "parts": parts,
        "only": only,
        "sort": sort,
        "descending": descending,
        "trade_page": page,
        "trade_pages": max(1, -(-total // TRADES_PER_PAGE)),
    }


def progress_context(job: WalkForward | PortfolioRun) -> dict[str, Any]:
    seconds = (timezone.now() - job.started_at).total_seconds() if job.started_at else 0.0
    rate = job.work_done / seconds if seconds > 0 else 0.0
    left = (job.work_total - job.work_done) / rate if rate else 0.0
    return {
        "rate": rate,
        "time_left": gettext("{number} s").format(number=f"{left:.0f}")
        if 0 < left < 90
        else gettext("{value:.0f} min").format(value=written(left / 60))
        if left
        else "",
    }


def export_of(job: WalkForward | PortfolioRun, what: str, stem: str) -> HttpResponse | FileResponse:
    """`what` is NAME.csv or NAME.parquet of a table, or result.json."""
    if job.status != Status.DONE:
        raise NotReady(gettext("There is no result yet."))
    name, _, kind = what.partition(".")
    path = getattr(job, f"{name}_path")
    if kind != "csv":
        file = default_storage.open(path, "rb")
        return FileResponse(
            file, as_attachment=True, filename=f"{stem}-{what}", content_type=KINDS[f".{kind}"]
        )
    with default_storage.open(path, "rb") as stored:
        table = in_iso(pl.read_parquet(stored.read()))
    response = HttpResponse(content_type=KINDS[".csv"])
    response["Content-Disposition"] = f'attachment; filename="{stem}-{what}"'
    writer = csv.writer(response)
    writer.writerow(table.columns)
    writer.writerows(table.iter_rows())
    return response
