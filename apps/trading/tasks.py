"""Celery entry points of the trading room."""

from __future__ import annotations

from celery import current_app, shared_task
from django.core.cache import cache

from apps.trading.brokers.base import BrokerError
from apps.trading.services.exchange import (
    accounts_at_exchanges,
    accounts_to_check,
    accounts_with_work,
    check_account,
    compare_account,
    refresh_orders,
    resolve_orders,
    submit_orders,
)
from apps.trading.services.exchange.cancelling import cancel_at_exchange
from apps.trading.services.marking import mark_books
from apps.trading.services.slippage import fit_slippage

BETWEEN_COMPARISONS_S = 50


@shared_task(name="trading.submit", ignore_result=True)
def submit(account_id: int) -> None:
    """Send the orders of an account that wait. Queued where they are placed, and by the sweep."""
    submit_orders(account_id)


@shared_task(name="trading.sweep", ignore_result=True, expires=10)
def sweep() -> None:
    """Find what a lost message or a killed worker left. Queued by beat."""
    unsettled, resting = accounts_with_work()
    for account_id in unsettled:
        current_app.send_task("trading.settle", kwargs={"account_id": account_id}, expires=10)
    for account_id in resting:
        current_app.send_task("trading.refresh", kwargs={"account_id": account_id}, expires=10)


@shared_task(name="trading.settle", ignore_result=True, expires=10)
def settle(account_id: int) -> None:
    """Look up what was sent and not answered, then send what waits."""
    resolve_orders(account_id)
    submit_orders(account_id)


@shared_task(name="trading.refresh", ignore_result=True, expires=10)
def refresh(account_id: int) -> None:
    """Look at the orders that rest: the stream tells sooner, where it stands."""
    refresh_orders(account_id)


@shared_task(name="trading.compare", ignore_result=True, expires=50)
def compare() -> None:
    """Exchange against ledger, each minute. Queued by beat."""
    for account_id in accounts_at_exchanges():
        current_app.send_task("trading.compare_account", kwargs={"account_id": account_id}, expires=50)
    for account_id in accounts_to_check():
        current_app.send_task("trading.check_account", kwargs={"account_id": account_id}, expires=50)


@shared_task(name="trading.compare_account", ignore_result=True, expires=50)
def compare_one(account_id: int) -> None:
    """One account; a second worker that is given the same one leaves it."""
    key = f"trading-comparing:{account_id}"
    if not cache.add(key, 1, BETWEEN_COMPARISONS_S):
        return
    try:
        compare_account(account_id)
    finally:
        cache.delete(key)


@shared_task(name="trading.check_account", ignore_result=True)
def check(account_id: int) -> None:
    """What may an account's keys do? Queued where they are given, and by beat where no answer came."""
    check_account(account_id)


@shared_task(name="trading.mark_books", ignore_result=True, expires=50)
def mark() -> None:
    """A point of the equity curve of every book whose worth has changed. Queued by beat."""
    mark_books()


@shared_task(
    name="trading.cancel", ignore_result=True, autoretry_for=(BrokerError,), retry_backoff=2, max_retries=6
)
def cancel(order_id: int) -> None:
    """Ask an exchange to cancel an order; tried again for two minutes while it does not answer."""
    cancel_at_exchange(order_id)


@shared_task(name="trading.fit_slippage", ignore_result=True)
def fit() -> None:
    """What our own orders cost beyond their price. Queued by beat, once a week."""
    fit_slippage()
