"""What an exchange holds against what our own trades came to: pure sums, amounts by currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from apps.trading.rules.amounts import ZERO, exactly

Amounts = dict[str, Decimal]


class Moved(NamedTuple):
    """What one trade did at the exchange."""

    base: str
    quote: str
    side: str
    units: Decimal  # as traded, before a fee in the base coin
    price: Decimal
    fee: Decimal
    fee_currency: str


def moved(trades: Iterable[Moved]) -> Amounts:
    """What trades did to balances."""
    total: Amounts = {}
    with exactly():
        for trade in trades:
            sign = 1 if trade.side == "buy" else -1
            add(total, trade.base, sign * trade.units)
            add(total, trade.quote, -sign * trade.units * trade.price)
            if trade.fee:
                add(total, trade.fee_currency, -trade.fee)
    return total


def add(total: Amounts, currency: str, amount: Decimal) -> None:
    total[currency] = total.get(currency, ZERO) + amount


def beyond(held: Mapping[str, Decimal], ours: Mapping[str, Decimal]) -> Amounts:
    """What is held beyond what our trades came to, by currency."""
    with exactly():
        return {
            currency: held.get(currency, ZERO) - ours.get(currency, ZERO)
            for currency in sorted({*held, *ours})
        }


def unexplained(
    before: Mapping[str, Decimal], now: Mapping[str, Decimal], others: Mapping[str, Decimal]
) -> Amounts:
    """By how much what is beyond ours changed, and trades that are not ours do not explain; nothing where they do."""
    with exactly():
        changes = {
            currency: now.get(currency, ZERO) - before.get(currency, ZERO) - others.get(currency, ZERO)
            for currency in sorted({*before, *now, *others})
        }
    return {currency: change for currency, change in changes.items() if change}
