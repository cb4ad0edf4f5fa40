"""Equity curves of many books added up, each counted with its last known worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, FloatField, Max, Min, QuerySet, Value
from django.db.models.functions import Extract, Floor

from apps.accounts.models import Workspace
from apps.trading.models import EquityPoint
from apps.trading.rules.amounts import ZERO, exactly
from apps.trading.selectors.portfolio import Chosen

MOST_POINTS = 1500
MOST_READ = 20_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Times and worth, oldest first. `drawdown` is positive, of the highest worth so far (capital given moves it)."""

    times: list[datetime]
    equity: list[Decimal]
    drawdown: list[Decimal]

    @property
    def seconds(self) -> list[int]:
        """The times in epoch seconds, rising."""
        return [int(at.timestamp()) for at in self.times]


def equity_curve(workspace: Workspace, chosen: Chosen) -> Curve:
    """What the chosen books were worth together, at most one point a second.

    A book counts from its first point on, and lifts the peak by as much as the worth, so that it hides no loss.
    """
    points = _points(EquityPoint.objects.filter(book__in=chosen.books(workspace)))
    last: dict[int, Decimal] = {}
    times: list[datetime] = []
    equity: list[Decimal] = []
    drawdown: list[Decimal] = []
    total = peak = ZERO
    with exactly():
        for book, moment, worth in points:
            at = moment.replace(microsecond=0)
            joined = book not in last
            total += worth - last.get(book, ZERO)
            peak = peak + worth if joined else max(peak, total)
            last[book] = worth
            if times and times[-1] == at:
                for column in (times, equity, drawdown):
                    column.pop()  # type: ignore[attr-defined]
            times.append(at)
            equity.append(total)
            drawdown.append((peak - total) / peak if peak > 0 else ZERO)
    return _thinned(Curve(times, equity, drawdown))


def _points(points: QuerySet[EquityPoint]) -> Iterable[tuple[int, datetime, Decimal]]:
    """Each point by time; of more than `MOST_READ` the last one a book has in each of `MOST_POINTS` spans of time."""
    found = points.aggregate(count=Count("pk"), first=Min("at"), last=Max("at"))
    columns = ("book_id", "at", "equity")
    if found["count"] <= MOST_READ:
        return points.order_by("at", "book_id").values_list(*columns).iterator()
    span = (found["last"] - found["first"]).total_seconds() / MOST_POINTS
    spans = points.annotate(span=Floor(Extract("at", "epoch") / Value(span, output_field=FloatField())))
    kept = spans.order_by("book_id", "span", "-at").distinct("book_id", "span").values_list(*columns)
    return sorted(kept, key=lambda row: (row[1], row[0]))


def _thinned(curve: Curve) -> Curve:
    """At most `MOST_POINTS`, the last among them."""
    size = len(curve.times)
    if size <= MOST_POINTS:
        return curve
    kept = sorted({*(round(n * (size - 1) / (MOST_POINTS - 1)) for n in range(MOST_POINTS))})
    return Curve(
        [curve.times[n] for n in kept], [curve.equity[n] for n in kept], [curve.drawdown[n] for n in kept]
    )
