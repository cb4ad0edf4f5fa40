"""Orders that appear on a connected account: ours are brought up to date, all others are told of at once."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.core.manner import written
from apps.trading.brokers.base import OrderReport
from apps.trading.choices import DiscrepancyKind, OrderStatus
from apps.trading.models import Order, TradingAccount
from apps.trading.services.exchange.connecting import freeze_account
from apps.trading.services.exchange.discrepancies import report_discrepancy
from apps.trading.services.exchange.reports import fetch, record_known

GONE = (OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.CANCELLED)


def take_report(account: TradingAccount, report: OrderReport) -> bool:
    """What the exchange tells of an order, by stream or in its list of open ones. Returns whether it is ours.

    Raises BrokerError where an order of ours cannot be looked at.
    """
    order = (
        Order.objects.filter(account=account, client_order_id=report.client_order_id)
        .select_related("instrument")
        .first()
    )
    if order is None:
        _report_foreign(account, report)
        return False
    if order.status in GONE and report.status == "open":
        report_discrepancy(
            account,
            DiscrepancyKind.LOST_ORDER,
            key=order.client_order_id,
            words=gettext(
                "The order {client_order_id} rests at the exchange, and is over in our books ({lower}). Cancel it "
                "on the exchange's page."
            ).format(client_order_id=order.client_order_id, lower=order.get_status_display().lower()),
            data={"order": order.client_order_id, "exchange_order": report.exchange_order_id},
        )
    if order.filled != report.filled or order.status in (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN):
        known = fetch(account, order)
        if known is not None:
            record_known(account, order, known)
    return True


def _report_foreign(account: TradingAccount, report: OrderReport) -> None:
    words = gettext("Somebody placed an order with the account's keys or on its page: {side} ").format(
        side=report.side
    )
    words += gettext("{normalize:f} {symbol} (order {exchange_order_id}).").format(
        normalize=written(report.units.normalize()),
        symbol=report.symbol,
        exchange_order_id=report.exchange_order_id,
    )
    is_new = report_discrepancy(
        account,
        DiscrepancyKind.FOREIGN_ORDER,
        key=report.exchange_order_id,
        words=words,
        data={
            "symbol": report.symbol,
            "side": report.side,
            "units": str(report.units),
            "status": report.status,
            "client_order_id": report.client_order_id,
        },
    )
    if is_new and account.freeze_on_foreign:
        freeze_account(account, reason=words, actor=None)
