"""Sending orders: each is marked as being sent, and that is committed, before the request leaves.

A `Claim` is the permission to send one order once. Only `_claim` makes one, out of an order that waits; an order waits
only before it was ever sent, or after the exchange has certainly not taken it (`NOT_FOUND`). There is no way from
"no answer" to a second request but over what the exchange itself says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.trading.brokers.base import Broker, BrokerError, KeysRefused, NoAnswer, NotTaken, Rejected, Ticket
from apps.trading.choices import (
    AccountKind,
    AccountState,
    EventKind,
    EventSource,
    KeyPurpose,
    OrderStatus,
)
from apps.trading.models import Order, TradingAccount
from apps.trading.services import statements
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.exchange.cancelling import is_cancel_asked
from apps.trading.services.exchange.connecting import mark_failed
from apps.trading.services.exchange.reports import Known, completed, record_known
from apps.trading.services.exchange.resolving import resolve_orders
from apps.trading.services.exchange.speaking import gate_of, speak
from apps.trading.services.switches import Switches

log = structlog.get_logger(__name__)

MOST_A_JOB = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """One order that this process, and no other, sends now."""

    order_id: int
    ticket: Ticket


def submit_orders(account_id: int) -> int:
    """Send what waits, oldest first. Returns how many requests went out."""
    account = TradingAccount.objects.filter(pk=account_id, kind=AccountKind.EXCHANGE).first()
    if account is None:
        return 0
    expire_orders(account)
    stop_orders(account)
    sent = 0
    while sent < MOST_A_JOB and account.state == AccountState.CONNECTED and _has_waiting(account):
        if gate_of(account).state == "open":
            break
        if not _is_ready(account):
            break
        claim = _claim(account)
        if claim is None:
            break
        sent += 1
        if not _send(account, claim):
            break
        account.refresh_from_db()
    return sent


@transaction.atomic
def expire_orders(account: TradingAccount) -> int:
    """Orders that waited too long are not sent any more: the market they were meant for is gone. Nor are those that
    somebody wanted cancelled."""
    now = timezone.now()
    latest = now - timedelta(seconds=settings.EXCHANGE_ORDER_GOOD_FOR_S)
    waiting = Order.objects.select_for_update(no_key=True, skip_locked=True).filter(
        account=account, status=OrderStatus.PENDING
    )
    stale = [
        order
        for order in waiting.order_by("pk")
        if (order.expires_at or order.created_at) <= (now if order.expires_at else latest)
    ]
    words = gettext("It could not be sent in time.")
    ends = [
        NewEvent(account.pk, order.client_order_id, EventKind.EXPIRED, now, EventSource.US, words=words)
        for order in stale
    ]
    ended = {order.pk for order in stale}
    ends += [  # asked while nobody knew whether it had arrived
        NewEvent(
            account.pk,
            order.client_order_id,
            EventKind.CANCELLED,
            now,
            EventSource.US,
            words=gettext("As was asked."),
        )
        for order in waiting.order_by("pk")
        if order.pk not in ended and is_cancel_asked(order)
    ]
    record_events(ends)
    return len(ends)


@transaction.atomic
def stop_orders(account: TradingAccount) -> int:
    """Orders that were let through before a kill switch was thrown and wait still: those that open are not sent."""
    switches = Switches.active([account.workspace_id])
    if not switches.rows:
        return 0
    waiting = Order.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        account=account, status=OrderStatus.PENDING, reduce_only=False
    )
    now = timezone.now()
    stopped = []
    for order in waiting.select_related("instrument").order_by("pk"):
        words = switches.words(account.workspace_id, order.book_id, order.instrument.symbol, account.exchange)
        if words:
            name = order.client_order_id
            stopped.append(NewEvent(account.pk, name, EventKind.CANCELLED, now, EventSource.US, words=words))
    record_events(stopped)
    return len(stopped)


def _has_waiting(account: TradingAccount) -> bool:
    return Order.objects.filter(account=account, status=OrderStatus.PENDING).exists()


def _is_ready(account: TradingAccount) -> bool:
    """Markets and clock are known before an order is claimed: it is signed with the time of the claim."""
    try:
        speak(account, None, _get_ready)
    except BrokerError as error:
        if isinstance(error, KeysRefused):
            mark_failed(account, error.words)
        return False
    return True


async def _get_ready(broker: Broker) -> None:
    await broker.get_ready()


def _claim(account: TradingAccount) -> Claim | None:
    """The oldest order that waits and whose book has none before it, of the same instrument, still unsettled."""
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements.NEXT_TO_SEND, [account.pk])
            found = cursor.fetchone()
            if found is None:
                return None
            now = timezone.now()
            key = json.dumps({"key": account.key_digest})
            cursor.execute(statements.CLAIM_ORDER, [now, now, found[0], key, now])
            claimed = cursor.fetchone()
            if claimed is None:  # another worker was faster; the next one waits perhaps
                continue
            order_id, name, symbol, side, kind, units, price, trigger = claimed
            assert units is not None  # the checks refuse orders for exchanges without a size
        # nobody is told: what the exchange answers is told in a moment, and telling would keep the request waiting
        ticket = Ticket(name, symbol, side, kind, units, signed_at=now, price=price, trigger=trigger)
        return Claim(order_id, ticket)


def _send(account: TradingAccount, claim: Claim) -> bool:
    """Send one order and store what became of it. Returns whether the next one may follow."""
    name = claim.ticket.client_order_id

    async def submit(broker: Broker) -> Known:
        report = await broker.submit(claim.ticket)
        try:
            return await completed(broker, report, account.currency)
        except BrokerError as error:  # it was taken; its trades are asked for again later
            raise NoAnswer(error.words) from error

    try:
        known = speak(account, KeyPurpose.SUBMIT, submit)
    except NotTaken as error:
        _store(account, name, EventKind.NOT_FOUND, error)
        return _set_clock(account) if error.is_clock else False
    except Rejected as error:
        _store(account, name, EventKind.REJECTED, error)
        if isinstance(error, KeysRefused):
            mark_failed(account, error.words)
            return False
        return True
    except NoAnswer as error:
        _store(account, name, EventKind.UNKNOWN, error)
        resolve_orders(account.pk)
        return False
    order = Order.objects.select_related("instrument").get(pk=claim.order_id)
    record_known(account, order, known)
    return True


def _set_clock(account: TradingAccount) -> bool:
    try:
        speak(account, None, lambda broker: broker.set_clock())
    except BrokerError:
        return False
    return True


def _store(account: TradingAccount, name: str, kind: EventKind, error: BrokerError) -> None:
    source = EventSource.US if kind == EventKind.UNKNOWN else EventSource.EXCHANGE
    data = {"key": account.key_digest}
    record_events([NewEvent(account.pk, name, kind, timezone.now(), source, words=error.words, data=data)])
