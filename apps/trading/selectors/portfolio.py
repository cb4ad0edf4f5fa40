"""What a workspace holds and earned, in one currency at a time: by book, by instrument, by day.

Every sum is made of the ledger's own rows, by the database, in decimals; so for each book and for all together
`profit == realised - fees + other + open == equity - capital`, to the last place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import Workspace
from apps.core.words import gettext_lazy
from apps.trading.choices import CashKind
from apps.trading.models import Book, CashEntry, Fill, Mark, Position
from apps.trading.rules.amounts import ZERO, exactly, rounded

CAPITAL = (CashKind.DEPOSIT, CashKind.WITHDRAWAL)
OTHER = (CashKind.FUNDING, CashKind.ADJUSTMENT)
UNATTRIBUTED = gettext_lazy("Borrow, funding, adjustments")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part of the portfolio: books of one currency, of one book or account where named, paper or live."""

    currency: str
    book: UUID | None = None
    account: UUID | None = None
    kind: str = ""

    def books(self, workspace: Workspace) -> QuerySet[Book]:
        books = Book.objects.filter(workspace=workspace, currency=self.currency)
        if self.book:
            books = books.filter(uuid=self.book)
        if self.account:
            books = books.filter(account__uuid=self.account)
        return books.filter(account__kind=self.kind) if self.kind else books


@dataclass(frozen=True, slots=True)
class PositionRow:
    """An open position, valued at the last price of its book's source; at its cost where there is none."""

    book: Book
    instrument: Any
    units: Decimal
    average: Decimal
    price: Decimal | None
    value: Decimal
    open: Decimal
    realised: Decimal
    fees: Decimal
    opened_at: Any

    @property
    def side(self) -> str:
        return "long" if self.units > 0 else "short"


@dataclass(slots=True)
class Line:
    """A row of an attribution. `other` is borrow, funding and adjustments."""

    name: str
    book: Book | None = None
    day: date | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    other: Decimal = ZERO
    open: Decimal = ZERO
    fills: int = 0

    @property
    def profit(self) -> Decimal:
        with exactly():
            return self.realised - self.fees + self.other + self.open


@dataclass(frozen=True, slots=True)
class Summary:
    currency: str
    capital: Decimal
    cash: Decimal
    equity: Decimal
    gross: Decimal  # what positions are worth, shorts counted positive
    net: Decimal
    realised: Decimal
    open: Decimal
    fees: Decimal
    other: Decimal
    profit: Decimal
    positions: int

    @property
    def exposure(self) -> Decimal | None:
        """Gross positions as a fraction of equity."""
        return self.gross / self.equity if self.equity > 0 else None

    @property
    def gain(self) -> Decimal | None:
        """Profit as a fraction of the capital given."""
        return self.profit / self.capital if self.capital > 0 else None


def currencies_of(workspace: Workspace) -> list[str]:
    """Those that books are kept in, the most used first."""
    names = Book.objects.filter(workspace=workspace).values_list("currency", flat=True)
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def positions_of(workspace: Workspace, chosen: Chosen) -> list[PositionRow]:
    """Open positions, the largest first."""
    positions = Position.objects.filter(book__in=chosen.books(workspace)).exclude(units=0)
    rows = list(positions.select_related("book", "instrument"))
    marks = _marks(rows)
    with exactly():
        found = [_row(row, marks.get((row.instrument_id, row.book.price_source))) for row in rows]
    return sorted(found, key=lambda row: (-abs(row.value), row.book.name, row.instrument.symbol))


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is held of one instrument in all books: `net` with shorts negative, `share` of all positions' worth."""

    symbol: str
    long: Decimal
    short: Decimal
    share: float

    @property
    def net(self) -> Decimal:
        return self.long - self.short

    @property
    def width(self) -> str:
        """The share as CSS takes it."""
        return f"{100 * self.share:.1f}%"


def exposure_of(rows: Iterable[PositionRow]) -> list[Exposure]:
    """By instrument, the largest first."""
    sums: dict[str, list[Decimal]] = {}
    with exactly():
        for row in rows:
            both = sums.setdefault(row.instrument.symbol, [ZERO, ZERO])
            both[0 if row.value > 0 else 1] += abs(row.value)
        total = sum((long + short for long, short in sums.values()), ZERO)
    found = [
        Exposure(symbol, long, short, float((long + short) / total) if total else 0.0)
        for symbol, (long, short) in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.share, one.symbol))


def _marks(positions: Iterable[Position]) -> dict[tuple[int, str], Decimal]:
    instruments = {position.instrument_id for position in positions}
    stored = Mark.objects.filter(instrument__in=instruments).values_list("instrument_id", "source", "price")
    return {(instrument, source): price for instrument, source, price in stored}


def _row(position: Position, price: Decimal | None) -> PositionRow:
    value = position.cost if price is None else rounded(position.units * price)
    return PositionRow(
        book=position.book,
        instrument=position.instrument,
        units=position.units,
        average=rounded(position.cost / position.units),
        price=price,
        value=value,
        open=value - position.cost,
        realised=position.realised,
        fees=position.fees,
        opened_at=position.opened_at,
    )


def summary_of(workspace: Workspace, chosen: Chosen) -> Summary:
    books = chosen.books(workspace)
    sums = CashEntry.objects.filter(book__in=books).aggregate(
        cash=Sum("amount", default=ZERO),
        capital=Sum("amount", filter=Q(kind__in=CAPITAL), default=ZERO),
        fees=Sum("amount", filter=Q(kind=CashKind.FEE), default=ZERO),
        other=Sum("amount", filter=Q(kind__in=OTHER), default=ZERO),
    )
    realised = Position.objects.filter(book__in=books).aggregate(sum=Sum("realised", default=ZERO))["sum"]
    rows = positions_of(workspace, chosen)
    with exactly():
        net = sum((row.value for row in rows), ZERO)
        equity = sums["cash"] + net
        return Summary(
            currency=chosen.currency,
            capital=sums["capital"],
            cash=sums["cash"],
            equity=equity,
            gross=sum((abs(row.value) for row in rows), ZERO),
            net=net,
            realised=realised,
            open=sum((row.open for row in rows), ZERO),
            fees=-sums["fees"],
            other=sums["other"],
            profit=equity - sums["capital"],
            positions=len(rows),
        )


def profit_by_book(workspace: Workspace, chosen: Chosen) -> list[Line]:
    """Each book's profit, the best first."""
    books = chosen.books(workspace)
    lines = {book.pk: Line(book.name, book=book) for book in books.select_related("account")}
    known = Book.objects.filter(pk__in=list(lines))  # not one opened since
    for book, realised, fees, fills in _sums(known, "book"):
        lines[book].realised, lines[book].fees, lines[book].fills = realised, fees, fills
    others = (
        CashEntry.objects.filter(book__in=known, kind__in=OTHER).values("book").annotate(sum=Sum("amount"))
    )
    for row in others.order_by("book"):
        lines[row["book"]].other = row["sum"]
    with exactly():
        for position in positions_of(workspace, chosen):
            if position.book.pk in lines:
                lines[position.book.pk].open += position.open
    return _best_first(lines.values())


def profit_by_instrument(workspace: Workspace, chosen: Chosen) -> list[Line]:
    """Each instrument's profit, the best first; what belongs to none stands in a line of its own."""
    books = chosen.books(workspace)
    lines: dict[str, Line] = {}
    for symbol, realised, fees, fills in _sums(books, "instrument__symbol"):
        lines[symbol] = Line(symbol, realised=realised, fees=fees, fills=fills)
    with exactly():
        for position in positions_of(workspace, chosen):
            symbol = position.instrument.symbol  # perhaps first traded since the fills were read
            lines.setdefault(symbol, Line(symbol)).open += position.open
    other = CashEntry.objects.filter(book__in=books, kind__in=OTHER).aggregate(
        sum=Sum("amount", default=ZERO)
    )["sum"]
    return _best_first(lines.values()) + ([Line(UNATTRIBUTED, other=other)] if other else [])


def profit_by_day(workspace: Workspace, chosen: Chosen) -> list[Line]:
    """What each day (UTC) realised and paid, the newest first; what is still open belongs to no day yet."""
    books = chosen.books(workspace)
    lines: dict[date, Line] = {}
    by_day = TruncDate("at", tzinfo=UTC)
    sums = Fill.objects.filter(book__in=books).annotate(day=by_day)
    for day, realised, fees, fills in _sums(books, "day", sums):
        lines[day] = Line(f"{day:%Y-%m-%d}", day=day, realised=realised, fees=fees, fills=fills)
    others = CashEntry.objects.filter(book__in=books, kind__in=OTHER).annotate(day=by_day)
    for row in others.values("day").annotate(sum=Sum("amount")).order_by("day"):
        line = lines.setdefault(row["day"], Line(f"{row['day']:%Y-%m-%d}", day=row["day"]))
        line.other = row["sum"]
    return [lines[day] for day in sorted(lines, reverse=True)]


def _sums(
    books: QuerySet[Book], by: str, fills: QuerySet[Any] | None = None
) -> Iterable[tuple[Any, Decimal, Decimal, int]]:
    found = Fill.objects.filter(book__in=books) if fills is None else fills
    grouped = found.values(by).annotate(sum_realised=Sum("realised"), sum_fees=Sum("fee"), count=Count("pk"))
    return [(row[by], row["sum_realised"], row["sum_fees"], row["count"]) for row in grouped.order_by(by)]


def _best_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.profit, line.name))
