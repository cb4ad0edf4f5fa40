"""Once a minute: exchange against ledger. Differences are classified and told; nothing is ever put right by trading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Max, Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.manner import written
from apps.trading.brokers.base import (
    Balance,
    Broker,
    BrokerError,
    KeysRefused,
    Market,
    OrderReport,
    TradeReport,
)
from apps.trading.choices import AccountKind, AccountState, DiscrepancyKind, KeyPurpose
from apps.trading.models import AccountSync, Book, Discrepancy, Fill, Order, TradingAccount
from apps.trading.rules.amounts import ZERO
from apps.trading.rules.comparing import Amounts, Moved, add, beyond, moved, unexplained
from apps.trading.services.exchange.connecting import mark_failed
from apps.trading.services.exchange.discrepancies import report_discrepancy
from apps.trading.services.exchange.foreign import take_report
from apps.trading.services.exchange.markets import are_markets_old, store_markets
from apps.trading.services.exchange.reports import fetch, record_known
from apps.trading.services.exchange.resolving import refresh_orders, resolve_orders
from apps.trading.services.exchange.speaking import gate_of, speak
from apps.trading.services.telling import tell_account

OVERLAP = timedelta(minutes=5)  # an exchange may tell of a trade a little late


@dataclass(frozen=True, slots=True)
class Seen:
    """The exchange at one moment."""

    balances: dict[str, Balance]
    open_orders: Sequence[OrderReport]
    trades: Sequence[TradeReport]
    markets: dict[str, Market]
    clock_ahead_s: float


def compare_account(account_id: int) -> bool:
    """Compare one account. Returns whether it could be."""
    account = TradingAccount.objects.filter(pk=account_id, kind=AccountKind.EXCHANGE).first()
    if account is None or account.state not in (AccountState.CONNECTED, AccountState.FROZEN):
        return False
    if gate_of(account).state == "open":
        return False
    sync, _ = AccountSync.objects.get_or_create(account=account, defaults={"trades_since": timezone.now()})
    resolve_orders(account.pk)
    refresh_orders(account.pk)
    began = timezone.now()
    try:
        if are_markets_old(account):
            store_markets(account, speak(account, None, lambda broker: broker.markets()))
        before = _ledger_mark(account)
        seen = _look(account, sync)
        for order in seen.open_orders:
            take_report(account, order)
        if before.moving or _ledger_mark(account) != before:
            return True  # an order of ours is on its way: the next minute compares trades and balances
        _take_missed(account, seen)
        _tell_of_trades(account, sync, seen)
        again = speak(account, KeyPurpose.COMPARE, lambda broker: broker.balances())
        if again != seen.balances or _ledger_mark(account) != before:
            return True
    except KeysRefused as error:
        mark_failed(account, error.words)
        return False
    except BrokerError as error:
        AccountSync.objects.filter(pk=sync.pk).update(error=error.words)
        return False
    _compare_balances(account, seen, began)
    return True


def _look(account: TradingAccount, sync: AccountSync) -> Seen:
    symbols = sorted(set(Order.objects.filter(account=account).values_list("instrument__symbol", flat=True)))
    since = sync.trades_since - OVERLAP

    async def look(broker: Broker) -> Seen:
        clock = await broker.set_clock()
        open_orders = await broker.open_orders()
        names = sorted({*symbols, *(order.symbol for order in open_orders)})
        markets: dict[str, Market] = {}
        trades: list[TradeReport] = []
        for name in names:
            market = await broker.market(name)
            if market is not None:
                markets[name] = market
                trades += await broker.trades(name, since)
        return Seen(await broker.balances(), open_orders, trades, markets, clock)

    return speak(account, KeyPurpose.COMPARE, look)


class Mark(NamedTuple):
    """What changes whenever the ledger of an account does."""

    last_fill: int
    moving: int


def _ledger_mark(account: TradingAccount) -> Mark:
    last = Fill.objects.filter(account=account).aggregate(last=Max("pk"))["last"]
    moving = Order.objects.filter(account=account, status__in=("submitting", "unknown")).count()
    return Mark(last or 0, moving)


def _take_missed(account: TradingAccount, seen: Seen) -> None:
    """Fills of our own orders that no look at the order brought: taken now, and written down as late."""
    ids = [_name(trade) for trade in seen.trades]
    known = set(
        Fill.objects.filter(account=account, exchange_trade_id__in=ids).values_list(
            "exchange_trade_id", flat=True
        )
    )
    late = {trade.exchange_order_id for trade in seen.trades if _name(trade) not in known}
    orders = Order.objects.filter(account=account, exchange_order_id__in=late).select_related("instrument")
    for order in orders.order_by("pk"):
        told = fetch(account, order)
        if told is None:
            continue
        before = order.filled
        record_known(account, order, told)
        order.refresh_from_db()
        if order.filled != before:
            report_discrepancy(
                account,
                DiscrepancyKind.MISSED_FILL,
                key=f"{order.client_order_id}:{order.filled.normalize():f}",
                words=gettext(
                    "{normalize:f} units of {client_order_id} came late, and are counted now."
                ).format(
                    normalize=written((order.filled - before).normalize()),
                    client_order_id=order.client_order_id,
                ),
                data={"order": order.client_order_id},
            )


def _tell_of_trades(account: TradingAccount, sync: AccountSync, seen: Seen) -> None:
    """Trades of orders that are none of ours."""
    for trade in _others(account, sync, seen):
        report_discrepancy(
            account,
            DiscrepancyKind.EXTERNAL_TRADE,
            key=_name(trade),
            words=gettext("Somebody else traded: {side} {normalize:f} {symbol} at {normalize_2:f}.").format(
                side=trade.side,
                normalize=written(trade.units.normalize()),
                symbol=trade.symbol,
                normalize_2=written(trade.price.normalize()),
            ),
            data={"order": trade.exchange_order_id, "at": trade.at},
        )


def _others(account: TradingAccount, sync: AccountSync, seen: Seen) -> list[TradeReport]:
    """Trades since the account is compared of orders that are not ours."""
    ids = {trade.exchange_order_id for trade in seen.trades}
    ours = set(
        Order.objects.filter(account=account, exchange_order_id__in=ids).values_list(
            "exchange_order_id", flat=True
        )
    )
    begin = account.created_at if sync.baseline is None else sync.trades_since - OVERLAP
    return [
        trade
        for trade in seen.trades
        if trade.exchange_order_id not in ours and trade.at >= max(begin, account.created_at)
    ]


def _as_moved(trade: TradeReport, markets: dict[str, Market]) -> Moved:
    market = markets[trade.symbol]
    return Moved(
        market.base, market.quote, trade.side, trade.units, trade.price, trade.fee, trade.fee_currency
    )


def _name(trade: TradeReport) -> str:
    return f"{trade.symbol}:{trade.trade_id}"


@transaction.atomic
def _compare_balances(account: TradingAccount, seen: Seen, began: datetime) -> None:
    sync = AccountSync.objects.select_for_update().get(account=account)
    held = {currency: balance.total for currency, balance in seen.balances.items()}
    now = beyond(held, _ours(account, seen.markets))
    others = _others(account, sync, seen)
    if sync.baseline is not None:
        before = {currency: Decimal(amount) for currency, amount in sync.baseline.items()}
        counted = set(sync.others_counted)
        fresh = [trade for trade in others if _name(trade) not in counted]
        changes = unexplained(before, now, moved(_as_moved(trade, seen.markets) for trade in fresh))
        for currency, change in changes.items():
            report_discrepancy(
                account,
                DiscrepancyKind.BALANCE,
                key=f"{currency}:{began.isoformat(timespec='seconds')}",
                words=gettext(
                    "{currency} changed by {normalize:+f}, and no trade explains it: a deposit, a withdrawal or a "
                    "conversion."
                ).format(currency=currency, normalize=written(change.normalize())),
                data={
                    "currency": currency,
                    "change": f"{change.normalize():f}",
                    "held": f"{held.get(currency, ZERO):f}",
                },
            )
    _tell_of_shortfalls(account, held)
    sync.baseline = {currency: str(amount) for currency, amount in now.items()}
    sync.balances = {currency: str(amount) for currency, amount in held.items()}
    sync.others_counted = sorted(_name(trade) for trade in others)
    sync.trades_since = began
    sync.synced_at = timezone.now()
    sync.clock_ahead_ms = round(seen.clock_ahead_s * 1000)
    sync.error = ""
    sync.save()
    tell_account(account)


def _ours(account: TradingAccount, markets: dict[str, Market]) -> Amounts:
    """What our own fills came to at the exchange. A fee in the base coin was taken off the units already."""
    rows = (
        Fill.objects.filter(account=account)
        .values("instrument__symbol", "side", "fee_currency")
        .annotate(
            units_sum=Sum("units"), value=Sum(F("units") * F("price")), fees=Sum("fee"), paid=Sum("fee_paid")
        )
        .order_by("instrument__symbol", "side", "fee_currency")
    )
    total: Amounts = {}
    for row in rows:
        market = markets.get(row["instrument__symbol"])
        if market is None:
            continue
        sign = 1 if row["side"] == "buy" else -1
        add(total, market.base, sign * row["units_sum"])
        add(total, market.quote, -sign * row["value"])
        if row["fee_currency"] in (market.base, market.quote):
            add(total, market.quote, -row["fees"])
        else:
            add(total, row["fee_currency"], -row["paid"])
    return total


def _tell_of_shortfalls(account: TradingAccount, held: Amounts) -> None:
    """The books of an account may together not hold more than the account does."""
    wanted: Amounts = {account.currency: ZERO}
    books = Book.objects.filter(account=account, closed_at=None)
    wanted[account.currency] = books.aggregate(total=Sum("cash"))["total"] or ZERO
    short = {
        currency: amount - held.get(currency, ZERO)
        for currency, amount in wanted.items()
        if amount > held.get(currency, ZERO)
    }
    for currency, amount in short.items():
        report_discrepancy(
            account,
            DiscrepancyKind.SHORTFALL,
            key=f"{currency}:{timezone.now():%Y-%m-%d}",
            words=gettext(
                "The books hold {wanted:,.2f} {currency}, which is {amount:,.2f} more than the exchange does."
            ).format(wanted=written(wanted[currency]), currency=currency, amount=written(amount)),
            data={"currency": currency, "missing": f"{amount.normalize():f}"},
        )
    if not short:
        Discrepancy.objects.filter(account=account, kind=DiscrepancyKind.SHORTFALL, resolved_at=None).update(
            resolved_at=timezone.now()
        )
