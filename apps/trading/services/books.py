"""Books: opened with capital, given more or less of it, closed when flat."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.manner import written
from apps.journal.services import record
from apps.trading.choices import UNDER_WAY, CashKind
from apps.trading.errors import BookNotFlat, NotEnoughCash
from apps.trading.models import Book, CashEntry, Order, Position, TradingAccount
from apps.trading.rules.amounts import ZERO, rounded
from apps.trading.services import statements


@transaction.atomic
def open_book(
    account: TradingAccount,
    *,
    name: str,
    capital: Decimal,
    price_source: str = "",
    at: datetime | None = None,
    actor: User | None,
) -> Book:
    """A book of its own with `capital` in the account's currency, as its first cash entry."""
    now = at or timezone.now()
    book = Book.objects.create(
        workspace_id=account.workspace_id,
        account=account,
        name=name,
        currency=account.currency,
        price_source=price_source,
        opened_at=now,
    )
    if capital:
        move_capital(book, capital, at=now, actor=actor)
    return book


@transaction.atomic
def move_capital(
    book: Book, amount: Decimal, *, at: datetime | None = None, note: str = "", actor: User | None
) -> None:
    """Give the book capital, or take it away (negative). Raises NotEnoughCash for more than its cash.

    What is given or taken is no profit: the levels that the risk limits measure from move with it.
    """
    amount = rounded(amount)
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_BOOKS, [[book.pk]])
    book.refresh_from_db()
    if book.cash + amount < ZERO:
        raise NotEnoughCash(
            gettext("The book {book} has {cash:,.2f} {currency}.").format(
                book=book, cash=written(book.cash), currency=book.currency
            ),
            field="amount",
        )
    CashEntry.objects.create(
        book=book,
        kind=CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL,
        amount=amount,
        note=note,
        at=at or timezone.now(),
    )
    book.cash += amount
    book.day_equity += amount
    book.peak_equity = max(book.peak_equity + amount, ZERO)
    book.save(update_fields=["cash", "day_equity", "peak_equity", "updated_at"])
    record(
        actor=actor,
        workspace=book.workspace,
        action="trading.book.funded",
        target=book,
        changes={"amount": str(amount), "cash": str(book.cash)},
    )


@transaction.atomic
def close_book(book: Book, *, actor: User | None) -> None:
    """No new orders from now on. Raises BookNotFlat while it holds a position or an order is under way."""
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_BOOKS, [[book.pk]])
    if Position.objects.filter(book=book).exclude(units=0).exists():
        raise BookNotFlat(
            gettext("The book {book} still holds a position. Close it first.").format(book=book)
        )
    if Order.objects.filter(book=book, status__in=UNDER_WAY).exists():
        raise BookNotFlat(
            gettext("The book {book} still has an order under way. Cancel it first.").format(book=book)
        )
    book.closed_at = timezone.now()
    book.save(update_fields=["closed_at", "updated_at"])
    record(actor=actor, workspace=book.workspace, action="trading.book.closed", target=book)
