"""Orders that a person places and cancels by hand: checked as a bot's are, and in the journal."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.billing.services import check_plan
from apps.core.jobs import enqueue_on_commit
from apps.core.kept import in_english, kept_in_words
from apps.journal.services import record
from apps.markets.models import Instrument
from apps.trading.choices import EventKind, EventSource, OrderKind, OrderStatus, Purpose, Side
from apps.trading.errors import OrderNotOpen, OrderRefused
from apps.trading.models import Book, Mark, Order
from apps.trading.rules.amounts import exactly, rounded
from apps.trading.rules.keys import intent_key
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.filling import NewFill, record_fills
from apps.trading.services.placing import NewIntent, place

GOOD_FOR = timedelta(minutes=1)  # a person who waits longer than this for the exchange decides anew
BPS = Decimal(10_000)


@transaction.atomic
def place_order(
    book: Book,
    instrument: Instrument,
    *,
    side: str,
    units: Decimal,
    kind: str = OrderKind.MARKET,
    price: Decimal | None = None,
    reduce_only: bool = False,
    actor: User,
) -> Order:
    """Place an order by hand. On paper it is filled at once at the last price, moved by the account's slippage.

    Raises OrderRefused with the risk check's reason (which is stored), or where a paper account is asked for anything
    but a market order, or has no price yet; NotInPlan where a plan without live trading would open with money.
    """
    if not (book.account.is_paper or reduce_only):
        check_plan(book.workspace, "can.trade_live")  # what closes a position needs no plan
    mark = Mark.objects.filter(source=book.price_source, instrument=instrument).first()
    if book.account.is_paper and kind != OrderKind.MARKET:
        raise OrderRefused(gettext("By hand, a paper account takes market orders alone."), field="kind")
    if book.account.is_paper and mark is None:
        raise OrderRefused(
            gettext("No price of {instrument} has reached the book {book} yet.").format(
                instrument=instrument, book=book
            ),
            field="instrument",
        )
    if kind == OrderKind.LIMIT and price is None:
        raise OrderRefused(gettext("A limit order needs a price."), field="price")
    now = timezone.now()
    key = intent_key("person", str(actor.uuid), uuid.uuid4().hex, 0)
    intent = NewIntent(
        key=key,
        book_id=book.pk,
        instrument_id=instrument.pk,
        side=side,
        purpose=Purpose.EXIT if reduce_only else Purpose.ENTER,
        decided_at=now,
        units=units,
        kind=kind,
        price=price if kind == OrderKind.LIMIT else None,
        trigger=price if kind == OrderKind.STOP else None,
        reference_price=mark.price if mark else price,
        reduce_only=reduce_only,
        expires_at=now + GOOD_FOR,
        why={"by": "a person"},
    )
    with in_english():
        (placed,) = place([intent])
    if placed.refused is not None:
        raise OrderRefused(kept_in_words(placed.refused.words), code=f"refused_{placed.refused.code.value}")
    order = Order.objects.get(client_order_id=placed.client_order_id)
    record(
        actor=actor,
        workspace=book.workspace,
        action="trading.order.placed",
        target=order,
        changes={"side": side, "units": str(order.units), "symbol": instrument.symbol, "book": book.name},
    )
    if book.account.is_paper and mark is not None:
        _fill_on_paper(order, mark)
    order.refresh_from_db()
    return order


def _fill_on_paper(order: Order, mark: Mark) -> None:
    account = order.book.account
    assert order.units is not None
    with exactly():
        slip = account.slippage_bps / BPS * (1 if order.side == Side.BUY else -1)
        price = rounded(mark.price * (1 + slip))
        fee = rounded(order.units * price * account.fee_rate)
    fill = NewFill(
        client_order_id=order.client_order_id,
        trade_id=f"{order.client_order_id}:0",
        units=order.units,
        price=price,
        at=timezone.now(),
        fee=fee,
        is_last=True,
        reason="by_hand",
    )
    record_fills(account, [fill])


@transaction.atomic
def cancel_order(order: Order, *, actor: User) -> Order:
    """Take back what is not filled. What has gone to an exchange is asked back there, and ends when it says so.

    Raises OrderNotOpen when the order is over.
    """
    now = timezone.now()
    order.refresh_from_db()
    if order.is_over:
        raise OrderNotOpen(
            gettext("The order is over: {lower}.").format(lower=order.get_status_display().lower())
        )
    is_here = order.account.is_paper or order.status == OrderStatus.PENDING
    kind = EventKind.CANCELLED if is_here else EventKind.CANCEL_ASKED
    record_events(
        [
            NewEvent(
                order.account_id,
                order.client_order_id,
                kind,
                now,
                EventSource.PERSON,
                words=gettext("Cancelled by a person."),
            )
        ]
    )
    if not is_here:
        enqueue_on_commit("trading.cancel", order_id=order.pk)
    record(actor=actor, workspace=order.book.workspace, action="trading.order.cancelled", target=order)
    order.refresh_from_db()
    return order
