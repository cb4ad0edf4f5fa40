"""Tax lots of a workspace's books."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from apps.accounts.models import Workspace
from apps.markets.models import Instrument
from apps.trading.models import Book, Fill
from apps.trading.rules.lots import ClosedLot, Lots, OpenLot, Traded, lots_of
from apps.trading.selectors.portfolio import Chosen


@dataclass(frozen=True, slots=True)
class LotRow:
    book: Book
    instrument: Instrument
    lot: ClosedLot | OpenLot


def lots_of_workspace(
    workspace: Workspace, chosen: Chosen, method: str, *, year: int | None = None
) -> tuple[list[LotRow], list[LotRow]]:
    """Lots closed (in `year`, UTC, where one is given; newest first) and lots still open (oldest first)."""
    fills = Fill.objects.filter(book__in=chosen.books(workspace)).select_related("book", "instrument")
    ordered = fills.order_by("book_id", "instrument_id", "id")
    closed: list[LotRow] = []
    still_open: list[LotRow] = []
    for _, some in groupby(ordered.iterator(), key=lambda fill: (fill.book_id, fill.instrument_id)):
        those = list(some)
        book, instrument = those[0].book, those[0].instrument
        lots: Lots = lots_of(
            (Traded(one.side, one.units, one.price, one.fee, one.at) for one in those), method
        )
        closed += [LotRow(book, instrument, lot) for lot in lots.closed if year in (None, lot.closed_at.year)]
        still_open += [LotRow(book, instrument, lot) for lot in lots.open]
    closed.sort(key=lambda row: (row.lot.closed_at, row.lot.opened_at), reverse=True)  # type: ignore[union-attr]
    still_open.sort(key=lambda row: row.lot.opened_at)
    return closed, still_open
