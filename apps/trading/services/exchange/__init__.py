"""Accounts at exchanges: orders sent once, looked up when no answer came, compared with the ledger every minute."""

from apps.trading.services.exchange.cancelling import cancel_at_exchange
from apps.trading.services.exchange.comparing import compare_account
from apps.trading.services.exchange.connecting import (
    check_account,
    connect_account,
    freeze_account,
    rotate_keys,
    unfreeze_account,
)
from apps.trading.services.exchange.discrepancies import resolve_discrepancy
from apps.trading.services.exchange.resolving import refresh_orders, resolve_orders
from apps.trading.services.exchange.submitting import submit_orders
from apps.trading.services.exchange.sweeping import (
    accounts_at_exchanges,
    accounts_to_check,
    accounts_with_work,
    load_exchanges_in_use,
)

__all__ = [
    "accounts_at_exchanges",
    "accounts_to_check",
    "accounts_with_work",
    "cancel_at_exchange",
    "check_account",
    "compare_account",
    "connect_account",
    "freeze_account",
    "load_exchanges_in_use",
    "refresh_orders",
    "resolve_discrepancy",
    "resolve_orders",
    "rotate_keys",
    "submit_orders",
    "unfreeze_account",
]
