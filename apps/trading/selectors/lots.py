"""Tax lots of a workspace's books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from apps.accounts.models import Workspace
from apps.markets.models import Instrument
from apps.trading.models import Book, Fill
from apps.trading.rules.lots import ClosedLot, Lots, OpenLot, Traded, lots_of
from apps.trading.selectors.portfolio import Chosen


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot with its number among those it was found with, from the oldest on, by which a page goes on from it."""

    pk: int
    book: Book
    instrument: Instrument
    lot: ClosedLot | OpenLot
    method: str

    @property
    def at(self) -> datetime:
        """When it was closed; opened, where it is still open."""
        return self.lot.closed_at if isinstance(self.lot, ClosedLot) else self.lot.opened_at

    @property
    def profit(self) -> Decimal:
        """0 while it is open."""
        return self.lot.profit if isinstance(self.lot, ClosedLot) else Decimal(0)

    @property
    def cost(self) -> Decimal:
        return self.lot.cost


def lots_of_workspace(
    workspace: Workspace, chosen: Chosen, method: str, *, year: int | None = None
) -> tuple[list[LotRow], list[LotRow]]:
    """Lots closed (in `year`, UTC, where one is given; newest first) and lots still open (oldest first)."""
    fills = Fill.objects.filter(book__in=chosen.books(workspace)).select_related("book", "instrument")
    ordered = fills.order_by("book_id", "instrument_id", "id")
    closed: list[tuple[Book, Instrument, ClosedLot]] = []
    still_open: list[tuple[Book, Instrument, OpenLot]] = []
    for _, some in groupby(ordered.iterator(), key=lambda fill: (fill.book_id, fill.instrument_id)):
        those = list(some)
        book, instrument = those[0].book, those[0].instrument
        lots: Lots = lots_of(
            (Traded(one.side, one.units, one.price, one.fee, one.at) for one in those), method
        )
        closed += [(book, instrument, lot) for lot in lots.closed if year in (None, lot.closed_at.year)]
        still_open += [(book, instrument, lot) for lot in lots.open]
    closed.sort(key=lambda row: (row[2].closed_at, row[2].opened_at))
    still_open.sort(key=lambda row: row[2].opened_at)
    return (
        [LotRow(number, *row, method) for number, row in enumerate(closed)][::-1],
        [LotRow(number, *row, method) for number, row in enumerate(still_open)],
    )
