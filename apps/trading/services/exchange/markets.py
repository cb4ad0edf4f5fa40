"""What an exchange takes in its markets, kept where orders are checked: steps and smallest sizes, as it last told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from apps.trading.brokers.base import Market
from apps.trading.models import ExchangeMarket, TradingAccount

GOOD_FOR = timedelta(hours=1)
STEPS = ("tick_size", "lot_size", "min_size", "min_notional")


def are_markets_old(account: TradingAccount) -> bool:
    """Whether the exchange should be asked for its markets again."""
    kept = ExchangeMarket.objects.filter(exchange=account.exchange, is_testnet=account.is_testnet)
    read_at = kept.aggregate(last=Max("read_at"))["last"]
    return read_at is None or timezone.now() - read_at > GOOD_FOR


def store_markets(account: TradingAccount, markets: Sequence[Market]) -> None:
    """Keep what every spot market takes, under each of its names. Markets that are gone stay as they were."""
    now = timezone.now()
    rows = {
        name: ExchangeMarket(
            exchange=account.exchange,
            is_testnet=account.is_testnet,
            name=name,
            base=market.base,
            quote=market.quote,
            read_at=now,
            **{step: getattr(market, step) for step in STEPS},
        )
        for market in markets
        for name in (market.symbol, market.name)
    }
    ExchangeMarket.objects.bulk_create(
        [rows[name] for name in sorted(rows)],
        update_conflicts=True,
        unique_fields=["exchange", "is_testnet", "name"],
        update_fields=["base", "quote", "read_at", *STEPS],
        batch_size=1000,
    )
