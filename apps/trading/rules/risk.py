"""The checks before every order. Pure: what is asked, what stands, what is allowed in; the first refusal out.

Two kinds: `reduce_only` intents make a position smaller and pass everything but what keeps any order from being sent;
the others must pass all. Notionals are in the book's currency, equity is cash + positions at the marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext

from apps.core.manner import written
from apps.trading.choices import OrderKind, Refusal, Side
from apps.trading.rules.amounts import ZERO, exactly
from apps.trading.rules.steps import Grid

BPS = Decimal(10_000)


class Refused(NamedTuple):
    code: Refusal
    words: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An intent as the checks see it, on its market's grid; `meant` is its size before it was cut down to that.

    `units` None: as large as the book's equity allows (sized at the fill).
    """

    side: str
    kind: str
    units: Decimal | None
    price: Decimal | None  # of a limit; the trigger of a stop
    reference: Decimal | None  # the price decided at
    reduce_only: bool
    decided_at: datetime
    expires_at: datetime | None
    symbol: str
    meant: Decimal | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The strictest of workspace, account and book; None is none."""

    order_notional: Decimal | None = None
    position_notional: Decimal | None = None
    daily_loss: Decimal | None = None
    drawdown: Decimal | None = None
    leverage: Decimal | None = None
    collar_bps: int | None = None
    per_minute: int | None = None
    symbols: tuple[frozenset[str], ...] = ()  # one set per level that names any; each must hold the symbol


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands when the intent is made, the intents before it counted.

    `units` are held, `bid_units` and `ask_units` still under way to be bought and sold, all of the intent's instrument;
    `others` is what positions in other instruments are worth, each counted positive.
    """

    units: Decimal
    bid_units: Decimal
    ask_units: Decimal
    others: Decimal
    mark: Decimal | None
    equity: Decimal
    cash: Decimal
    day_equity: Decimal
    peak_equity: Decimal
    in_last_minute: int
    takes_orders: bool
    account_words: str  # why not, where it takes none
    is_closed: bool
    is_paper: bool
    switch: str  # the kill switch that is on, in words; empty: none
    grid: Grid


def check(asked: Asked, standing: Standing, limits: Limits, now: datetime) -> Refused | None:
    """Why the intent may not become an order; None when it may."""
    with exactly():
        return _may_be_sent(asked, standing, now) or (
            _closes(asked, standing) if asked.reduce_only else _may_add(asked, standing, limits)
        )


def _may_be_sent(asked: Asked, standing: Standing, now: datetime) -> Refused | None:
    if standing.is_closed:
        return Refused(Refusal.BOOK_CLOSED, gettext("The book is closed."))
    if not standing.takes_orders and not (asked.reduce_only and standing.is_paper):
        return Refused(Refusal.ACCOUNT, standing.account_words)
    if asked.expires_at is not None and asked.expires_at <= now:
        return Refused(
            Refusal.EXPIRED,
            gettext("It was good until {expires_at:%Y-%m-%d %H:%M:%S} UTC.").format(
                expires_at=asked.expires_at
            ),
        )
    return _size_taken(asked, standing.grid)


def _size_taken(asked: Asked, grid: Grid) -> Refused | None:
    """A market takes no order below its smallest size, and nothing below a whole step of it."""
    if asked.units is None or (asked.units > 0 and asked.units >= grid.min_size):
        return None
    words = gettext("{units} units").format(units=_text(asked.units))
    if asked.meant is not None and asked.meant != asked.units:
        words = gettext("{meant} units are {words} in whole steps of {lot}").format(
            meant=_text(asked.meant), words=words, lot=_text(grid.lot)
        )
    smallest = max(grid.min_size, grid.lot)
    return Refused(
        Refusal.SIZE,
        gettext("{words}; the smallest order is {smallest}.").format(words=words, smallest=_text(smallest)),
    )


def _closes(asked: Asked, standing: Standing) -> Refused | None:
    """A closing order is against a position, and no larger than what of it no other order closes."""
    if asked.side == Side.SELL:
        left = standing.units - standing.ask_units
    else:
        left = -standing.units - standing.bid_units
    if left <= 0:
        return Refused(Refusal.NOTHING_TO_CLOSE, gettext("There is no position that this would close."))
    if asked.units is not None and asked.units > left:
        return Refused(
            Refusal.NOTHING_TO_CLOSE,
            gettext("It would close {units} units of {left}.").format(
                units=_text(asked.units), left=_text(left)
            ),
        )
    price = asked.price or standing.mark or asked.reference
    if standing.is_paper or price is None or asked.units is None:
        return None  # on paper any rest can be sold; without a price the exchange decides
    return _worth_taken(asked.units * price, standing.grid)


def _worth_taken(notional: Decimal, grid: Grid) -> Refused | None:
    if notional >= grid.min_notional:
        return None
    return Refused(
        Refusal.SIZE,
        gettext("It is worth {notional}; the smallest order is {min_notional}.").format(
            notional=_money(notional), min_notional=_money(grid.min_notional)
        ),
    )


def _may_add(asked: Asked, standing: Standing, limits: Limits) -> Refused | None:
    if standing.switch:
        return Refused(Refusal.KILL_SWITCH, standing.switch)
    for allowed in limits.symbols:
        if asked.symbol not in allowed:
            return Refused(
                Refusal.SYMBOL,
                gettext("{symbol} is not among the symbols allowed.").format(symbol=asked.symbol),
            )
    if limits.per_minute is not None and standing.in_last_minute >= limits.per_minute:
        return Refused(
            Refusal.RATE,
            gettext("{in_last_minute} orders in the last minute; the limit is {per_minute}.").format(
                in_last_minute=standing.in_last_minute, per_minute=limits.per_minute
            ),
        )
    return _value_allowed(asked, standing, limits) or _losses_allowed(standing, limits)


def _value_allowed(asked: Asked, standing: Standing, limits: Limits) -> Refused | None:
    price = asked.price or asked.reference or standing.mark
    if price is None:
        return Refused(Refusal.PRICE_COLLAR, gettext("No price is known to measure the order by."))
    fair = standing.mark or asked.reference
    if limits.collar_bps is not None and fair is not None and asked.kind != OrderKind.STOP:
        off = abs(price - fair) / fair * BPS
        if off > limits.collar_bps:
            return Refused(
                Refusal.PRICE_COLLAR,
                gettext(
                    "{price} is {off:.0f} bps from the last price {fair}; the limit is {collar_bps}."
                ).format(
                    price=_text(price), off=written(off), fair=_text(fair), collar_bps=limits.collar_bps
                ),
            )
    notional = max(standing.equity, ZERO) if asked.units is None else asked.units * price
    too_small = None if asked.units is None else _worth_taken(notional, standing.grid)
    if too_small is not None:
        return too_small
    if limits.order_notional is not None and notional > limits.order_notional:
        return Refused(
            Refusal.ORDER_NOTIONAL,
            gettext("The order is worth {notional}; the limit is {order_notional}.").format(
                notional=_money(notional), order_notional=_money(limits.order_notional)
            ),
        )
    after = _exposure_after(asked, standing, price, notional)
    if limits.position_notional is not None and after > limits.position_notional:
        return Refused(
            Refusal.POSITION_NOTIONAL,
            gettext("The position would be worth {after}; the limit is {position_notional}.").format(
                after=_money(after), position_notional=_money(limits.position_notional)
            ),
        )
    gross = after + standing.others
    if limits.leverage is not None and gross > limits.leverage * standing.equity:
        return Refused(
            Refusal.LEVERAGE,
            gettext("Positions of {gross} on an equity of {equity}; the limit is {leverage} times.").format(
                gross=_money(gross), equity=_money(standing.equity), leverage=_text(limits.leverage)
            ),
        )
    if not standing.is_paper and asked.side == Side.BUY and notional > standing.cash:
        return Refused(
            Refusal.CASH,
            gettext("It costs {notional}; the book has {cash}.").format(
                notional=_money(notional), cash=_money(standing.cash)
            ),
        )
    return None


def _exposure_after(asked: Asked, standing: Standing, price: Decimal, notional: Decimal) -> Decimal:
    """What the position could be worth once this and everything under way on its side is filled."""
    if asked.side == Side.BUY:
        before = standing.units + standing.bid_units
    else:
        before = -standing.units + standing.ask_units
    if asked.units is None:  # sized at the fill: a reversal closes first, then takes what the equity allows
        return max(before, ZERO) * price + notional
    return abs(before + asked.units) * price


def _losses_allowed(standing: Standing, limits: Limits) -> Refused | None:
    lost = standing.day_equity - standing.equity
    if limits.daily_loss is not None and lost >= limits.daily_loss:
        return Refused(
            Refusal.DAILY_LOSS,
            gettext("Lost {lost} today; the limit is {daily_loss}.").format(
                lost=_money(lost), daily_loss=_money(limits.daily_loss)
            ),
        )
    peak = max(standing.peak_equity, standing.equity)
    if limits.drawdown is not None and peak > 0 and (peak - standing.equity) / peak >= limits.drawdown:
        return Refused(
            Refusal.DRAWDOWN,
            gettext("{value:.1%} below the highest equity {peak}; the limit is {drawdown:.1%}.").format(
                value=written((peak - standing.equity) / peak),
                peak=_money(peak),
                drawdown=written(limits.drawdown),
            ),
        )
    return None


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _money(amount: Decimal) -> str:
    return f"{written(amount):,.2f}"
