"""From what an exchange reports of an order of ours to its events and fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.manner import written
from apps.trading.brokers.base import Broker, OrderReport, TradeReport
from apps.trading.choices import DiscrepancyKind, EventKind, EventSource, KeyPurpose, OrderStatus
from apps.trading.models import Order, TradingAccount
from apps.trading.rules.amounts import ZERO, exactly
from apps.trading.services.events import NewEvent, record_events
from apps.trading.services.exchange.discrepancies import report_discrepancy
from apps.trading.services.exchange.speaking import speak
from apps.trading.services.filling import NewFill, record_fills

ENDS = {
    "cancelled": EventKind.CANCELLED,
    "rejected": EventKind.REJECTED,
    "expired": EventKind.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Known:
    """An order as the exchange has it, its trades, and what currencies other than the market's own are worth."""

    report: OrderReport
    trades: Sequence[TradeReport]
    base: str
    rates: dict[str, Decimal | None]  # of fee currencies, in the account's


async def look_up(broker: Broker, order: Order, currency: str) -> Known | None:
    """The order and its trades as they are now; None when the exchange has no such order."""
    report = await broker.find(order.instrument.symbol, order.client_order_id)
    return None if report is None else await completed(broker, report, currency)


async def completed(broker: Broker, report: OrderReport, currency: str) -> Known:
    """The report with its trades, asked for where it did not bring them, and rates for their fees."""
    trades = report.trades
    if trades is None:
        trades = tuple(await broker.trades_of(report)) if report.filled else ()
    market = await broker.market(report.symbol)
    base = market.base if market else ""
    rates: dict[str, Decimal | None] = {}
    for trade in trades:
        if trade.fee and trade.fee_currency not in (base, currency, *rates):
            rates[trade.fee_currency] = await broker.price_of(trade.fee_currency, currency)
    return Known(report, trades, base, rates)


def fetch(account: TradingAccount, order: Order) -> Known | None:
    """`look_up` over the account's broker. Raises BrokerError."""
    return speak(account, KeyPurpose.LOOK_UP, lambda broker: look_up(broker, order, account.currency))


@transaction.atomic
def record_known(account: TradingAccount, order: Order, known: Known) -> OrderStatus:
    """Store what is known of an order that the exchange has. Repeating it changes nothing. Returns its status.

    Trades are counted up to what the order itself says is filled: the two are read one after the other, and what one
    of them does not tell yet is told by the next look.
    """
    report = known.report
    order.refresh_from_db()
    waiting = (OrderStatus.PENDING, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
    if order.status in waiting or order.exchange_order_id != report.exchange_order_id:
        _event(account, order, EventKind.ACCEPTED, report)
    fills = fills_of(order, known)
    if fills:
        record_fills(account, fills)
    for trade in known.trades:
        if trade.fee and known.rates.get(trade.fee_currency, ZERO) is None:
            report_discrepancy(
                account,
                DiscrepancyKind.FEE,
                key=_trade_id(trade),
                words=gettext(
                    "A fee of {normalize:f} {fee_currency} has no price in {currency}: the ledger counts it as 0."
                ).format(
                    normalize=written(trade.fee.normalize()),
                    fee_currency=trade.fee_currency,
                    currency=account.currency,
                ),
                data={"order": order.client_order_id},
            )
    order.refresh_from_db()
    ended = ENDS.get(report.status)
    if ended is not None and not order.is_over and _all_counted(known):
        _event(account, order, ended, report)
        order.refresh_from_db()
    return OrderStatus(order.status)


def fills_of(order: Order, known: Known) -> list[NewFill]:
    """The trades as fills. A fee taken in the coin that was bought leaves fewer units, at the same price:
    what the ledger holds is what the exchange holds."""
    counted: list[NewFill] = []
    with exactly():
        total = ZERO
        for trade in known.trades:
            if total + trade.units > known.report.filled:
                break
            total += trade.units
            counted.append(_fill(order, trade, known))
        if counted and known.report.status == "filled" and total == known.report.filled:
            counted[-1] = replace(counted[-1], is_last=True)
    return counted


def _fill(order: Order, trade: TradeReport, known: Known) -> NewFill:
    units, fee = trade.units, trade.fee
    if trade.fee_currency == known.base:
        fee = trade.fee * trade.price
        if trade.side == "buy":
            units -= trade.fee
    elif trade.fee_currency in known.rates:
        fee = trade.fee * (known.rates[trade.fee_currency] or ZERO)
    return NewFill(
        client_order_id=order.client_order_id,
        trade_id=_trade_id(trade),
        units=units,
        price=trade.price,
        at=trade.at,
        fee=fee,
        fee_currency=trade.fee_currency,
        fee_paid=trade.fee,
    )


def _all_counted(known: Known) -> bool:
    return sum((trade.units for trade in known.trades), ZERO) >= known.report.filled


def _trade_id(trade: TradeReport) -> str:
    """Exchanges count trades market by market."""
    return f"{trade.symbol}:{trade.trade_id}"


def _event(account: TradingAccount, order: Order, kind: EventKind, report: OrderReport) -> None:
    event = NewEvent(
        account.pk,
        order.client_order_id,
        kind,
        timezone.now(),
        EventSource.EXCHANGE,
        words=gettext("The exchange says: {status}.").format(status=report.status)
        if kind != EventKind.ACCEPTED
        else "",
        exchange_order_id=report.exchange_order_id,
        data={
            "units": str(report.units),
            "filled": str(report.filled),
            "status": report.status,
            "key": account.key_digest,
        },
    )
    record_events([event])
