"""Reads of accounts at exchanges: how they agree with the books, and where they do not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Case, F, Max, Min, QuerySet, Sum, When
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.markets.models import Instrument, MeasuredCost
from apps.markets.selectors import measured_costs_of
from apps.trading.choices import KeyPurpose
from apps.trading.models import (
    AccountSync,
    Discrepancy,
    ExchangeMarket,
    KeyUse,
    Order,
    TradingAccount,
)

USES_SHOWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Holding:
    """A currency at the exchange: all of it, and what of it is not of our trading."""

    currency: str
    total: Decimal
    others: Decimal


def discrepancies_of(workspace: Workspace, account: TradingAccount | None = None) -> QuerySet[Discrepancy]:
    """Those nobody has looked at first, then newest first."""
    found = Discrepancy.objects.filter(workspace=workspace).select_related("account", "resolved_by")
    if account is not None:
        found = found.filter(account=account)
    return found.order_by(Case(When(resolved_at=None, then=0), default=1), F("id").desc())


def sync_of(account: TradingAccount) -> AccountSync | None:
    """The last comparison, None before the first."""
    return getattr(account, "sync", None)


def holdings_of(sync: AccountSync | None) -> list[Holding]:
    """What the exchange held when it was last compared, by name of currency."""
    if sync is None:
        return []
    beyond = sync.baseline or {}
    return [
        Holding(currency, Decimal(total), Decimal(beyond.get(currency, "0")))
        for currency, total in sorted(sync.balances.items())
    ]


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """What one key was used for in the last thirty days."""

    digest: str
    ends_with: str
    purpose: str
    label: str
    calls: int
    failed: int
    first_at: datetime
    last_at: datetime
    is_in_force: bool


def key_uses_of(account: TradingAccount) -> list[KeyUsed]:
    """Uses of the account's keys by key and purpose, the last used first."""
    rows = (
        KeyUse.objects.filter(account=account, day__gte=timezone.now().date() - USES_SHOWN)
        .values("key_digest", "ends_with", "purpose")
        .annotate(times=Sum("calls"), bad=Sum("failed"), begun=Min("first_at"), ended=Max("last_at"))
        .order_by("-ended", "key_digest", "purpose")
    )
    return [
        KeyUsed(
            row["key_digest"],
            row["ends_with"],
            row["purpose"],
            KeyPurpose(row["purpose"]).label,
            row["times"],
            row["bad"],
            row["begun"],
            row["ended"],
            row["key_digest"] == account.key_digest,
        )
        for row in rows
    ]


def slippage_of_account(account: TradingAccount) -> list[MeasuredCost]:
    """What the workspace's orders cost in the instruments that were traded here, by symbol."""
    traded = set(Order.objects.filter(account=account).values_list("instrument_id", flat=True).distinct())
    return [cost for cost in measured_costs_of(account.workspace) if cost.instrument_id in traded]


def smallest_units(account_ids: Collection[int], instrument: Instrument) -> dict[int, Decimal]:
    """By account, the smallest order that its market takes: what is held below it cannot be sold there."""
    accounts = list(TradingAccount.objects.filter(pk__in=account_ids))
    markets = {
        (market.exchange, market.is_testnet): market
        for market in ExchangeMarket.objects.filter(
            name=instrument.symbol, exchange__in={account.exchange for account in accounts}
        )
    }
    found = {}
    for account in accounts:
        market = markets.get((account.exchange, account.is_testnet), instrument)
        found[account.pk] = max(market.lot_size, market.min_size)
    return found
