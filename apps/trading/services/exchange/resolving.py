"""Orders whose fate nobody told us, and orders that rest: both are looked up by their own name."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.trading.brokers.base import BrokerError, KeysRefused
from apps.trading.brokers.exchanges import EXCHANGES
from apps.trading.choices import AccountKind, DiscrepancyKind, EventKind, EventSource, OrderStatus
from apps.trading.models import Order, TradingAccount
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.exchange.cancelling import cancel_at_exchange, is_cancel_asked
from apps.trading.services.exchange.connecting import mark_failed
from apps.trading.services.exchange.discrepancies import report_discrepancy
from apps.trading.services.exchange.reports import fetch, record_known

log = structlog.get_logger(__name__)

UNBOUNDED_WAIT = timedelta(
    minutes=10
)  # where an exchange names no window after which a request cannot arrive
RESTING = (OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)


def resolve_orders(account_id: int) -> int:
    """Look up every order that was sent and not answered. Returns how many are known again."""
    account = TradingAccount.objects.filter(pk=account_id, kind=AccountKind.EXCHANGE).first()
    if account is None:
        return 0
    _give_up_waiting(account)
    resolved = 0
    for order in _orders(account, OrderStatus.UNKNOWN):
        try:
            known = fetch(account, order)
        except KeysRefused as error:
            mark_failed(account, error.words)
            break
        except BrokerError:
            break  # the next sweep asks again
        if known is not None:
            record_known(account, order, known)
        elif timezone.now() < arrives_until(order):
            continue  # it may still lie in a queue on its way
        else:
            _never_arrived(account, order)
        resolved += 1
    return resolved


def refresh_orders(account_id: int) -> int:
    """Look at every order that rests at the exchange. Returns how many were looked at."""
    account = TradingAccount.objects.filter(pk=account_id, kind=AccountKind.EXCHANGE).first()
    if account is None:
        return 0
    looked_at = 0
    for order in _orders(account, *RESTING):
        try:
            known = fetch(account, order)
        except BrokerError:
            break
        looked_at += 1
        if known is not None:
            record_known(account, order, known)
            _cancel_again(order)
        else:
            report_discrepancy(
                account,
                DiscrepancyKind.LOST_ORDER,
                key=order.client_order_id,
                words=gettext(
                    "The exchange no longer knows the order {client_order_id}, which rested there."
                ).format(client_order_id=order.client_order_id),
                data={"order": order.client_order_id},
            )
    return looked_at


def _cancel_again(order: Order) -> None:
    """Somebody wanted it cancelled, and no answer came to that, or its fate was not known then."""
    if not is_cancel_asked(order):
        return
    try:
        cancel_at_exchange(order.pk)
    except BrokerError as error:
        log.warning("exchange_not_cancelled", order=order.client_order_id, error=error.words)


def arrives_until(order: Order) -> datetime:
    """The last moment at which the exchange may still take the request that was sent."""
    assert order.submitted_at is not None
    if not EXCHANGES[order.account.exchange].bounds_requests:
        return order.submitted_at + UNBOUNDED_WAIT
    window = settings.EXCHANGE_RECV_WINDOW_MS + settings.EXCHANGE_CLOCK_MARGIN_MS
    return order.submitted_at + timedelta(milliseconds=window)


@transaction.atomic
def _give_up_waiting(account: TradingAccount) -> None:
    """Whoever sent these has had time to hear: it was killed, or its answer is lost."""
    latest = timezone.now() - timedelta(
        milliseconds=settings.EXCHANGE_TIMEOUT_MS + settings.EXCHANGE_CLOCK_MARGIN_MS
    )
    silent = Order.objects.select_for_update(no_key=True, skip_locked=True).filter(
        account=account, status=OrderStatus.SUBMITTING, submitted_at__lt=latest
    )
    words = gettext("No answer came: whoever sent it ended before one did.")
    record_events(
        NewEvent(
            account.pk, order.client_order_id, EventKind.UNKNOWN, timezone.now(), EventSource.US, words=words
        )
        for order in silent.order_by("pk")
    )


def _never_arrived(account: TradingAccount, order: Order) -> None:
    """The exchange does not know it and will not take it any more. Where that is certain it waits to be sent anew."""
    bounds = EXCHANGES[account.exchange].bounds_requests
    kind = EventKind.NOT_FOUND if bounds else EventKind.REJECTED
    words = gettext("The exchange does not know it, and the request can no longer arrive.")
    if not bounds:
        words = gettext("The exchange does not know it. It is not sent again, because it could still arrive.")
    record_events(
        [
            NewEvent(
                account.pk,
                order.client_order_id,
                kind,
                timezone.now(),
                EventSource.EXCHANGE,
                words=words,
                data={"key": account.key_digest},
            )
        ]
    )


def _orders(account: TradingAccount, *statuses: OrderStatus) -> list[Order]:
    found = Order.objects.filter(account=account, status__in=statuses)
    return list(found.select_related("instrument", "account").order_by("pk"))
