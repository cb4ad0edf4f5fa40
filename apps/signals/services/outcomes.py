"""Measuring what the market did after each signal, and again where bars came later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.engine.bars import Bars
from apps.markets.errors import StoredBarsDamaged
from apps.markets.models import BarSet, Instrument
from apps.markets.services import load_bars
from apps.signals.choices import Unmeasured
from apps.signals.measuring import HORIZONS, Measured, measure
from apps.signals.selectors.instruments import instrument_for

log = structlog.get_logger(__name__)

BATCH = 3_000

DUE = """
SELECT s.id, s.workspace_id, s.symbol, s.exchange, s.action, s.price, s.received_at, h.horizon
FROM signals_signal AS s
CROSS JOIN unnest(%(horizons)s::integer[]) AS h (horizon)
LEFT JOIN signals_signaloutcome AS o ON o.signal_id = s.id AND o.horizon_s = h.horizon
WHERE NOT s.is_measured AND NOT s.is_test AND s.action IN ('buy', 'sell') AND o.id IS NULL
    AND s.received_at <= %(now)s - h.horizon * interval '1 second'
ORDER BY s.received_at
LIMIT %(most)s
"""
# What could not be measured, and of which bars came since
AGAIN = """
SELECT s.id, s.workspace_id, s.symbol, s.exchange, s.action, s.price, s.received_at, o.horizon_s
FROM signals_signaloutcome AS o
JOIN signals_signal AS s ON s.id = o.signal_id
WHERE o.reason <> '' AND EXISTS (
    SELECT 1 FROM markets_barset AS b JOIN markets_instrument AS i ON i.id = b.instrument_id
    WHERE b.superseded_at IS NULL AND b.created_at > o.measured_at AND i.symbol = s.symbol
        AND (i.workspace_id IS NULL OR i.workspace_id = s.workspace_id)
)
ORDER BY o.measured_at
LIMIT %(most)s
"""
KEEP = """
INSERT INTO signals_signaloutcome AS kept (
    signal_id, horizon_s, reason, entry_price, exit_price, exit_at, change, best, worst, bar_set_id, measured_at
)
SELECT new.signal_id, new.horizon_s, new.reason, new.entry_price, new.exit_price, new.exit_at, new.change, new.best,
    new.worst, new.bar_set_id, %s
FROM unnest(
    %s::bigint[], %s::integer[], %s::text[], %s::float8[], %s::float8[], %s::timestamptz[], %s::float8[], %s::float8[],
    %s::float8[], %s::bigint[]
) AS new (
    signal_id, horizon_s, reason, entry_price, exit_price, exit_at, change, best, worst, bar_set_id
)
JOIN signals_signal AS s ON s.id = new.signal_id
ORDER BY new.signal_id, new.horizon_s
ON CONFLICT (signal_id, horizon_s) DO UPDATE SET
    reason = EXCLUDED.reason, entry_price = EXCLUDED.entry_price, exit_price = EXCLUDED.exit_price,
    exit_at = EXCLUDED.exit_at, change = EXCLUDED.change, best = EXCLUDED.best, worst = EXCLUDED.worst,
    bar_set_id = EXCLUDED.bar_set_id, measured_at = EXCLUDED.measured_at
WHERE kept.reason <> ''
"""
DONE = """
UPDATE signals_signal SET is_measured = true
WHERE id = ANY(%s) AND NOT is_measured
    AND (SELECT count(*) FROM signals_signaloutcome AS o WHERE o.signal_id = signals_signal.id) >= %s
"""


@dataclass(frozen=True, slots=True)
class Due:
    """One signal at one horizon."""

    signal_id: int
    workspace_id: int
    symbol: str
    exchange: str
    action: str
    price: Decimal | None
    received_at: datetime
    horizon_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    due: Due
    found: Measured | Unmeasured
    bar_set: BarSet | None = None


def measure_outcomes(*, now: datetime | None = None, batch: int = BATCH) -> int:
    """Measure all that is due by `now`, and again what could not be and of which bars came since.

    Returns how many were written.
    What is measured once stays, also when bars are corrected later. Killed or run twice at once, nothing is lost or
    doubled: rows are unique, and written in one statement a batch.
    """
    now = now or timezone.now()
    written = 0
    for query in (DUE, AGAIN):
        while due := _read(query, now, batch):
            written += _keep(_measured(due), timezone.now())
            if len(due) < batch:
                break
    return written


def _read(query: str, now: datetime, most: int) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"now": now, "horizons": list(HORIZONS), "most": most})
        return [Due(*row) for row in cursor.fetchall()]


def _measured(due: Iterable[Due]) -> list[Outcome]:
    """Instrument by instrument, each file of bars loaded once."""
    groups: dict[tuple[int, str, str], list[Due]] = defaultdict(list)
    for one in due:
        groups[one.workspace_id, one.symbol, one.exchange].append(one)
    symbols = {symbol for _, symbol, _ in groups}
    instruments = list(Instrument.objects.filter(symbol__in=symbols).order_by("id"))
    sets: dict[int, list[BarSet]] = defaultdict(list)
    current = BarSet.objects.filter(instrument__in=instruments, superseded_at=None)
    for bar_set in current.select_related("instrument").order_by("timeframe_ms", "id"):
        sets[bar_set.instrument_id].append(bar_set)
    loaded: dict[int, Bars | None] = {}
    outcomes = []
    for (workspace_id, symbol, exchange), group in groups.items():
        instrument = instrument_for(instruments, workspace_id, symbol, exchange)
        for one in group:
            if instrument is None:
                outcomes.append(Outcome(one, Unmeasured.NO_INSTRUMENT))
                continue
            visible = [s for s in sets[instrument.pk] if s.workspace_id in (None, workspace_id)]
            outcomes.append(_outcome(one, visible, loaded))
    return outcomes


def _outcome(due: Due, bar_sets: list[BarSet], loaded: dict[int, Bars | None]) -> Outcome:
    """By the finest bars that can say it; else the reason of the finest that were there."""
    reason = Unmeasured.NO_BARS
    if bar_sets and all(bar_set.timeframe_ms > due.horizon_s * 1000 for bar_set in bar_sets):
        reason = Unmeasured.COARSE
    for bar_set in bar_sets:
        if bar_set.timeframe_ms > due.horizon_s * 1000 or bar_set.last_time < due.received_at:
            continue
        if bar_set.pk not in loaded:
            loaded[bar_set.pk] = _load(bar_set)
        bars = loaded[bar_set.pk]
        if bars is None:
            continue
        found = measure(
            bars,
            received_ms=int(due.received_at.timestamp() * 1000),
            horizon_s=due.horizon_s,
            is_buy=due.action == "buy",
            price=None if due.price is None else float(due.price),
        )
        if isinstance(found, Measured):
            return Outcome(due, found, bar_set)
        if reason == Unmeasured.NO_BARS:
            reason = found
    return Outcome(due, reason)


def _load(bar_set: BarSet) -> Bars | None:
    try:
        return load_bars(bar_set)
    except StoredBarsDamaged as error:
        log.error("outcome_bars_damaged", bar_set=str(bar_set.uuid), error=error.message)
        return None


@transaction.atomic
def _keep(outcomes: list[Outcome], now: datetime) -> int:
    measured = [one.found if isinstance(one.found, Measured) else None for one in outcomes]
    columns: list[list[Any]] = [
        [one.due.signal_id for one in outcomes],
        [one.due.horizon_s for one in outcomes],
        ["" if isinstance(one.found, Measured) else str(one.found) for one in outcomes],
        [m and m.entry_price for m in measured],
        [m and m.exit_price for m in measured],
        [m and datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=m.exit_ms) for m in measured],
        [None if m is None else m.change for m in measured],
        [None if m is None else m.best for m in measured],
        [None if m is None else m.worst for m in measured],
        [one.bar_set.pk if one.bar_set else None for one in outcomes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [now, *columns])
        written = int(cursor.rowcount)
        cursor.execute(DONE, [sorted({one.due.signal_id for one in outcomes}), len(HORIZONS)])
    return written
