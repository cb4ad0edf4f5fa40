"""One thing of each kind that trading keeps, for tests of access and of the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from apps.accounts.models import User, Workspace
from apps.markets.models import Instrument
from apps.trading.choices import AccountKind, AccountState, DiscrepancyKind
from apps.trading.models import AccountSync, Book, Discrepancy, KillSwitch, Order, TradingAccount
from apps.trading.services import (
    NewFill,
    NewIntent,
    Price,
    client_order_id,
    intent_key,
    mark_books,
    open_book,
    place,
    record_fills,
    set_limits,
    store_prices,
    throw_switch,
)

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


@dataclass
class Traded:
    account: TradingAccount
    book: Book
    order: Order  # still open
    switch: KillSwitch  # on a symbol that nobody trades


def furnish(workspace: Workspace, instrument: Instrument, *, name: str, actor: User) -> Traded:
    """A paper account with a book that holds a position at a known price, has an order open and one refused."""
    account = TradingAccount.objects.create(
        workspace=workspace, name=name, kind=AccountKind.PAPER, state=AccountState.CONNECTED, checked_at=AT
    )
    source = f"test:{account.uuid}"
    book = open_book(account, name=name, capital=Decimal(10_000), price_source=source, at=AT, actor=actor)
    keys = [intent_key(str(book.uuid), "hash", number, 0) for number in range(3)]
    place(
        [
            NewIntent(
                key,
                book.pk,
                instrument.pk,
                side,
                "enter",
                AT,
                units=Decimal(5),
                reference_price=Decimal(100),
                why={"name": name},
            )
            for key, side in zip(keys[:2], ("buy", "buy"), strict=True)
        ]
    )
    record_fills(
        account, [NewFill(client_order_id(keys[0]), "1", Decimal(5), Decimal(100), AT, fee=Decimal("0.5"))]
    )
    place(
        [NewIntent(keys[2], book.pk, instrument.pk, "sell", "exit", AT, units=Decimal(9), reduce_only=True)]
    )
    store_prices([Price(source, instrument.pk, Decimal(110), AT)])
    mark_books()
    set_limits(workspace, {"max_order_notional": Decimal(100_000)}, actor=actor)
    switch = throw_switch(scope="symbol", value="NOBODYS", reason=name, workspace=workspace, actor=actor)
    order = Order.objects.get(client_order_id=client_order_id(keys[1]))
    return Traded(account, book, order, switch)


@dataclass
class AtExchange:
    account: TradingAccount
    discrepancy: Discrepancy


def furnish_exchange(workspace: Workspace, *, name: str) -> AtExchange:
    """An account at an exchange that nobody speaks with, and something that differs there."""
    account = TradingAccount.objects.create(
        workspace=workspace,
        name=f"{name} at an exchange",
        kind=AccountKind.EXCHANGE,
        exchange="binance",
        currency="USDT",
        state=AccountState.CONNECTED,
        checked_at=AT,
    )
    AccountSync.objects.create(
        account=account, balances={"USDT": "100"}, baseline={"USDT": "100"}, trades_since=AT, synced_at=AT
    )
    discrepancy = Discrepancy.objects.create(
        workspace=workspace, account=account, kind=DiscrepancyKind.BALANCE, key="USDT", words=name
    )
    return AtExchange(account, discrepancy)
