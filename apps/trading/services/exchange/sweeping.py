"""Which accounts have something to do: what a lost message or a killed worker left is found here."""

from __future__ import annotations

import structlog
from django.db import DatabaseError, connections

from apps.markets.exchanges import know_exchange
from apps.trading.choices import AccountKind, AccountState, OrderStatus
from apps.trading.models import Order, TradingAccount

log = structlog.get_logger(__name__)

UNSETTLED = (OrderStatus.PENDING, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
RESTING = (OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)


def accounts_with_work() -> tuple[list[int], list[int]]:
    """Ids of accounts with orders to send or to look up, and of those with orders that rest."""
    orders = Order.objects.filter(account__kind=AccountKind.EXCHANGE).order_by("account_id")
    unsettled = orders.filter(status__in=UNSETTLED).values_list("account_id", flat=True).distinct()
    resting = orders.filter(status__in=RESTING).values_list("account_id", flat=True).distinct()
    return list(unsettled), list(resting)


def accounts_at_exchanges() -> list[int]:
    """Ids of the accounts that are compared every minute: frozen ones too, since a thief does not mind."""
    states = (AccountState.CONNECTED, AccountState.FROZEN)
    found = TradingAccount.objects.filter(kind=AccountKind.EXCHANGE, state__in=states)
    return list(found.order_by("pk").values_list("pk", flat=True))


def accounts_to_check() -> list[int]:
    """Ids of accounts whose keys nobody could check yet."""
    given = TradingAccount.objects.filter(kind=AccountKind.EXCHANGE, next_credentials__isnull=False)
    waiting = TradingAccount.objects.filter(kind=AccountKind.EXCHANGE, state=AccountState.CHECKING)
    return sorted({*given.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)})


def load_exchanges_in_use() -> None:
    """Import the code that speaks with them before a worker forks; the connection is not shared with its children."""
    try:
        used = TradingAccount.objects.filter(kind=AccountKind.EXCHANGE).values_list("exchange", flat=True)
        for exchange in sorted(set(used)):
            know_exchange(exchange)
    except DatabaseError as error:  # the first order waits a little instead
        log.warning("exchanges_not_loaded", error=str(error))
    finally:
        connections.close_all()
