"""How signals fared: counts, shares with their intervals, returns and excursions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import numpy as np
from django.db.models import Aggregate, Avg, Count, F, FloatField, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.signals.measuring import HORIZONS
from apps.signals.models import SignalOutcome
from apps.signals.wilson import wilson

LEAST = 30  # outcomes; under it no share is told
GROUPS = {
    "source": ("signal__source__name", "signal__source__uuid"),
    "symbol": ("signal__symbol",),
    "action": ("signal__action",),
    "strategy": ("signal__strategy",),
}
MOST_GROUPS = 200
MOST_DRAWN = 20_000
BINS = 20


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class PerformanceFilter:
    """What to count; `days` None is everything that is kept."""

    horizon_s: int = 14_400
    by: str = "source"
    source: UUID | None = None
    symbol: str = ""
    action: str = ""
    days: int | None = 90


@dataclass(frozen=True, slots=True)
class Tally:
    """One line. Shares and returns are fractions; `share`, `low` and `high` are None under `LEAST` outcomes."""

    name: str
    count: int
    hits: int
    missing: int
    mean: float | None
    median: float | None
    best: float | None
    worst: float | None

    @property
    def is_enough(self) -> bool:
        return self.count >= LEAST

    @property
    def share(self) -> float | None:
        return self.hits / self.count if self.is_enough else None

    @property
    def low(self) -> float | None:
        return wilson(self.hits, self.count)[0] if self.is_enough else None

    @property
    def high(self) -> float | None:
        return wilson(self.hits, self.count)[1] if self.is_enough else None

    @property
    def bar_left(self) -> str:
        """Where its interval is drawn, in percent of a line from 0 to 100 %."""
        return f"{100 * (self.low or 0):.1f}"

    @property
    def bar_width(self) -> str:
        return f"{100 * ((self.high or 0) - (self.low or 0)):.1f}"

    @property
    def bar_at(self) -> str:
        return f"{100 * (self.share or 0):.1f}"


@dataclass(frozen=True, slots=True)
class Bin:
    """Of the histogram: returns from `start` to `end`, the outermost also all beyond."""

    start: float
    end: float
    count: int


def outcomes_of(
    workspace: Workspace, chosen: PerformanceFilter, *, now: datetime | None = None
) -> QuerySet[SignalOutcome]:
    """At the chosen horizon, measured or not."""
    outcomes = SignalOutcome.objects.filter(signal__workspace=workspace, horizon_s=chosen.horizon_s)
    if chosen.days is not None:
        outcomes = outcomes.filter(
            signal__received_at__gte=(now or timezone.now()) - timedelta(days=chosen.days)
        )
    if chosen.source:
        outcomes = outcomes.filter(signal__source__uuid=chosen.source)
    if chosen.symbol:
        outcomes = outcomes.filter(signal__symbol=chosen.symbol.upper())
    if chosen.action:
        outcomes = outcomes.filter(signal__action=chosen.action)
    return outcomes


_TALLY = {
    "number": Count("id", filter=Q(reason="")),
    "hits": Count("id", filter=Q(change__gt=0)),
    "missing": Count("id", filter=~Q(reason="")),
    "mean": Avg("change"),
    "median": Median("change"),
    "mean_best": Avg("best"),
    "mean_worst": Avg("worst"),
}


def total_of(workspace: Workspace, chosen: PerformanceFilter) -> Tally:
    return _tally("", outcomes_of(workspace, chosen).aggregate(**_TALLY))


def groups_of(workspace: Workspace, chosen: PerformanceFilter) -> list[Tally]:
    """By what was chosen, those with the most outcomes first."""
    columns = GROUPS[chosen.by]
    rows = outcomes_of(workspace, chosen).values(*columns).annotate(**_TALLY).order_by("-number", *columns)
    return [_tally(str(row[columns[0]]), row) for row in rows[:MOST_GROUPS]]


def reasons_of(workspace: Workspace, chosen: PerformanceFilter) -> dict[str, int]:
    """Why outcomes could not be measured, with how many."""
    rows = outcomes_of(workspace, chosen).exclude(reason="").values("reason").annotate(number=Count("id"))
    return {row["reason"]: row["number"] for row in rows.order_by("-number", "reason")}


def histogram_of(workspace: Workspace, chosen: PerformanceFilter) -> list[Bin]:
    """The newest returns in bins of equal width around 0; the outermost hold the extremes."""
    newest = outcomes_of(workspace, chosen).filter(reason="").order_by("-signal__received_at", "-signal_id")
    changes = np.array(newest.values_list("change", flat=True)[:MOST_DRAWN], dtype=float)
    if changes.size == 0:
        return []
    reach = _round_up(float(np.quantile(np.abs(changes), 0.95)) or 0.001)
    counts, edges = np.histogram(np.clip(changes, -reach, reach), bins=BINS, range=(-reach, reach))
    return [
        Bin(float(start), float(end), int(count))
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def outcome_rows(workspace: Workspace, chosen: PerformanceFilter) -> Iterator[dict[str, Any]]:
    """One for each outcome, newest first, for files."""
    rows = outcomes_of(workspace, chosen).order_by("-signal__received_at", "-signal_id")
    columns = rows.values(
        "horizon_s",
        "reason",
        "entry_price",
        "exit_price",
        "exit_at",
        "change",
        "best",
        "worst",
        uuid=F("signal__uuid"),
        received_at=F("signal__received_at"),
        source=F("signal__source__name"),
        exchange=F("signal__exchange"),
        symbol=F("signal__symbol"),
        action=F("signal__action"),
        strategy=F("signal__strategy"),
    )
    yield from cast(Iterator[dict[str, Any]], columns.iterator(chunk_size=2_000))


def _tally(name: str, row: dict[str, Any]) -> Tally:
    return Tally(
        name=name,
        count=row["number"],
        hits=row["hits"],
        missing=row["missing"],
        mean=row["mean"],
        median=row["median"],
        best=row["mean_best"],
        worst=row["mean_worst"],
    )


def _round_up(value: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-9)))


HORIZON_CHOICES = list(HORIZONS.items())
