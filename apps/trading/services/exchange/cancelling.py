"""Taking an order back that is at its exchange: it ends when that says so, with what was filled until then."""

from __future__ import annotations

from apps.trading.brokers.base import KeysRefused, Rejected
from apps.trading.choices import EventKind, KeyPurpose, OrderStatus
from apps.trading.models import Order, OrderEvent
from apps.trading.services.exchange.reports import fetch, record_known
from apps.trading.services.exchange.speaking import speak

AT_THE_EXCHANGE = (OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)


def cancel_at_exchange(order_id: int) -> bool:
    """Ask the exchange to cancel the order, and store what became of it. Returns whether the order is over.

    Asking twice does no harm. One whose sending is not answered yet is looked up by others first; ask again after that.
    Raises BrokerError when the exchange could not be asked.
    """
    order = Order.objects.select_related("account", "instrument", "intent", "book").get(pk=order_id)
    if order.status not in AT_THE_EXCHANGE:
        return order.is_over
    try:
        speak(
            order.account,
            KeyPurpose.CANCEL,
            lambda broker: broker.cancel(order.instrument.symbol, order.client_order_id),
        )
    except KeysRefused:
        raise
    except Rejected:  # there is nothing to cancel any more: the order itself says why
        pass
    known = fetch(order.account, order)
    if known is not None:
        record_known(order.account, order, known)
    order.refresh_from_db()
    return order.is_over


def is_cancel_asked(order: Order) -> bool:
    return OrderEvent.objects.filter(order=order, kind=EventKind.CANCEL_ASKED).exists()
