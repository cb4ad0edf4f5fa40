"""From intents to orders: checked and stored in one transaction, however many there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.arrays import booleans, decimals, integers, maybe_texts, moments, texts
from apps.core.jobs import enqueue_on_commit
from apps.core.manner import written
from apps.trading.choices import (
    AccountKind,
    AccountState,
    EventSource,
    OrderKind,
    OrderStatus,
    Purpose,
    Refusal,
    Side,
)
from apps.trading.rules.amounts import ZERO, exactly
from apps.trading.rules.keys import client_order_id
from apps.trading.rules.risk import Asked, Limits, Refused, Standing, check
from apps.trading.rules.steps import Amounts, Grid, on_grid
from apps.trading.services import statements
from apps.trading.services.switches import Switches

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What was decided. `key` is `rules.keys.intent_key`; `units` None: sized at the fill, as `size` says (paper only).

    `reference_price` is the price decided at. `bar_time` is epoch milliseconds, the times are aware.
    """

    key: str
    book_id: int
    instrument_id: int
    side: str
    purpose: str
    decided_at: datetime
    units: Decimal | None = None
    size: dict[str, Any] | None = None
    kind: str = OrderKind.MARKET
    price: Decimal | None = None
    trigger: Decimal | None = None
    reference_price: Decimal | None = None
    reduce_only: bool = False
    bar_time: int | None = None
    expires_at: datetime | None = None
    why: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def closing(
        cls, key: str, book_id: int, instrument_id: int, held: Decimal, decided_at: datetime
    ) -> NewIntent:
        """An intent that leaves a position of `held` units (negative: short) at the market."""
        return cls(
            key,
            book_id,
            instrument_id,
            Side.SELL if held > 0 else Side.BUY,
            Purpose.FLATTEN,
            decided_at,
            units=abs(held),
            reduce_only=True,
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of an intent. `is_new` is false for one that was placed before: then nothing was changed."""

    key: str
    client_order_id: str
    refused: Refused | None
    is_new: bool = True


@dataclass(slots=True)
class _Pair:
    """What stands for one book and instrument, brought forward by each intent accepted."""

    standing: Standing
    limits: Limits
    symbol: str
    account_id: int
    is_paper: bool
    day: date | None


@transaction.atomic
def place(intents: Sequence[NewIntent]) -> list[Placed]:
    """Check every intent against limits and kill switches, store it, and make orders of those that pass.

    Refused intents are stored with the reason. Orders of exchange accounts are sent after the commit. An intent whose
    key is there already changes nothing, and says what became of it then. Raises ValueError for a book or instrument
    that does not exist.
    """
    if not intents:
        return []
    now = timezone.now()
    pairs = _standings(intents)
    _begin_days(intents, pairs)
    decided = [_decide(intent, pairs[intent.book_id, intent.instrument_id], now) for intent in intents]
    names = {intent.key: client_order_id(intent.key) for intent in intents}
    new = _store(decided, names, pairs, now)
    placed = [
        Placed(intent.key, names[intent.key], refused, is_new=intent.key in new)
        for intent, refused in decided
    ]
    accounts = {
        pairs[intent.book_id, intent.instrument_id].account_id
        for intent, refused in decided
        if refused is None and intent.key in new and not pairs[intent.book_id, intent.instrument_id].is_paper
    }
    for account_id in sorted(accounts):
        enqueue_on_commit("trading.submit", account_id=account_id)
    return _as_stored(placed)


def _standings(intents: Sequence[NewIntent]) -> dict[tuple[int, int], _Pair]:
    wanted = sorted({(intent.book_id, intent.instrument_id) for intent in intents})
    books = sorted({book for book, _ in wanted})
    with connection.cursor() as cursor:
        cursor.execute(statements.LOCK_BOOKS, [integers(books)])
        cursor.execute(
            statements.STANDINGS,
            [integers(book for book, _ in wanted), integers(instrument for _, instrument in wanted)],
        )
        rows = cursor.fetchall()
    if len(rows) < len(wanted):
        missing = set(wanted) - {(row[0], row[1]) for row in rows}
        raise ValueError(f"no such book and instrument: {sorted(missing)}")
    switches = Switches.active({row[7] for row in rows})
    references = {(one.book_id, one.instrument_id): one.reference_price for one in intents}
    pairs = {(row[0], row[1]): _pair(row, switches, references[row[0], row[1]]) for row in rows}
    if any(pair.limits.per_minute is not None for pair in pairs.values()):
        recent = _recent(intents)
        for (book, _), pair in pairs.items():
            pair.standing = replace(pair.standing, in_last_minute=recent[book])
    return pairs


def _pair(row: tuple[Any, ...], switches: Switches, reference: Decimal | None) -> _Pair:
    (book, _, symbol, tick, lot, min_size, min_notional, workspace, account, cash, day, day_equity, peak_equity,
     is_closed, kind, state, exchange, name, units, mark, bid, ask, others, net_others,
     order_notional, position_notional, daily_loss, drawdown, leverage, collar, per_minute, *symbols) = row  # fmt: skip
    with exactly():
        equity = cash + net_others + units * (mark or reference or ZERO)
    standing = Standing(
        units=units,
        bid_units=bid,
        ask_units=ask,
        others=others,
        mark=mark,
        equity=equity,
        cash=cash,
        day_equity=equity if day is None else day_equity,
        peak_equity=peak_equity,
        in_last_minute=0,
        takes_orders=state == AccountState.CONNECTED,
        account_words=why_no_orders(name, state),
        is_closed=is_closed,
        is_paper=kind == AccountKind.PAPER,
        switch=switches.words(workspace, book, symbol, exchange),
        grid=Grid(tick, lot, min_size, min_notional),
    )
    limits = Limits(
        order_notional=order_notional,
        position_notional=position_notional,
        daily_loss=daily_loss,
        drawdown=drawdown,
        leverage=leverage,
        collar_bps=collar,
        per_minute=per_minute,
        symbols=tuple(frozenset(level) for level in symbols if level),
    )
    return _Pair(standing, limits, symbol, account, kind == AccountKind.PAPER, day)


def _begin_days(intents: Sequence[NewIntent], pairs: dict[tuple[int, int], _Pair]) -> None:
    """A book's first decision of a day (UTC, by its own clock) starts the day's loss anew."""
    begun: dict[int, tuple[date, Decimal]] = {}
    for intent in intents:
        pair = pairs[intent.book_id, intent.instrument_id]
        day = intent.decided_at.astimezone(UTC).date()
        if pair.day is None or pair.day < day:
            pair.day = day
            pair.standing = replace(pair.standing, day_equity=pair.standing.equity)
            begun[intent.book_id] = (day, pair.standing.equity)
    if begun:
        books = sorted(begun)
        with connection.cursor() as cursor:
            cursor.execute(
                statements.BEGIN_DAY_OF_BOOKS,
                [
                    integers(books),
                    texts(begun[book][0].isoformat() for book in books),
                    decimals(begun[book][1] for book in books),
                ],
            )


def why_no_orders(name: str, state: str) -> str:
    """Why an account in this state takes no orders, in words."""
    words = {
        AccountState.CHECKING: gettext("The account {name} is still being checked."),
        AccountState.REFUSED: gettext(
            "The account {name} was refused: its keys may do too much or too little."
        ),
        AccountState.FROZEN: gettext("The account {name} is frozen."),
        AccountState.FAILED: gettext("The account {name} is not taken by its exchange any more."),
    }
    return words.get(AccountState(state), gettext("The account {name} takes no orders.")).format(name=name)


def _recent(intents: Sequence[NewIntent]) -> dict[int, int]:
    """How many intents each book had in the minute before the last of these, in the time of its own decisions."""
    latest: dict[int, datetime] = {}
    for intent in intents:
        latest[intent.book_id] = max(latest.get(intent.book_id, intent.decided_at), intent.decided_at)
    books = sorted(latest)
    with connection.cursor() as cursor:
        cursor.execute(
            statements.RECENT_INTENTS,
            [
                integers(books),
                moments(latest[book] - MINUTE for book in books),
                moments(latest[book] for book in books),
            ],
        )
        return dict(cursor.fetchall())


def _decide(intent: NewIntent, pair: _Pair, now: datetime) -> tuple[NewIntent, Refused | None]:
    """The intent with its size on the instrument's grid, and why it is refused, if it is."""
    if intent.units is None and not pair.is_paper:
        return intent, Refused(Refusal.SIZE, gettext("An order for an exchange needs a size in units."))
    meant = intent.units
    if not pair.is_paper:  # on paper the simulator's own fill step rounds
        amounts = Amounts(intent.units, intent.price, intent.trigger)
        fitted = on_grid(amounts, pair.standing.grid, side=intent.side, closes=intent.reduce_only)
        if ZERO in (fitted.price, fitted.trigger):
            words = gettext("The price is less than the smallest step of prices, {normalize:f}.").format(
                normalize=written(pair.standing.grid.tick.normalize())
            )
            return intent, Refused(Refusal.PRICE_COLLAR, words)
        if fitted != amounts:
            intent = replace(intent, units=fitted.units, price=fitted.price, trigger=fitted.trigger)
    asked = Asked(
        meant=meant,
        side=intent.side,
        kind=intent.kind,
        units=intent.units,
        price=intent.trigger if intent.kind == OrderKind.STOP else intent.price,
        reference=intent.reference_price,
        reduce_only=intent.reduce_only,
        decided_at=intent.decided_at,
        expires_at=intent.expires_at,
        symbol=pair.symbol,
    )
    standing = pair.standing
    refused = check(asked, standing, pair.limits, now)
    if refused is None:
        units = intent.units or ZERO
        bought, sold = (units, ZERO) if intent.side == Side.BUY else (ZERO, units)
        pair.standing = replace(
            standing,
            bid_units=standing.bid_units + bought,
            ask_units=standing.ask_units + sold,
            in_last_minute=standing.in_last_minute + 1,
        )
    elif refused.code == Refusal.SIZE:  # the row keeps what was meant, and says why it is too small
        intent = replace(intent, units=meant if meant is not None and meant > 0 else None)
    return intent, refused


def _store(
    decided: Sequence[tuple[NewIntent, Refused | None]],
    names: Mapping[str, str],
    pairs: dict[tuple[int, int], _Pair],
    now: datetime,
) -> set[str]:
    """Write intents, orders and first events. Returns the keys that were new."""
    once = {intent.key: (intent, refused) for intent, refused in reversed(decided)}  # the first of each
    rows = list(reversed(once.values()))
    intents = [intent for intent, _ in rows]
    of = [pairs[intent.book_id, intent.instrument_id] for intent in intents]
    whys = _Json()
    columns = [
        texts(intent.key for intent in intents),
        integers(intent.book_id for intent in intents),
        integers(intent.instrument_id for intent in intents),
        texts(intent.side for intent in intents),
        texts(intent.purpose for intent in intents),
        texts(intent.kind for intent in intents),
        decimals(intent.units for intent in intents),
        maybe_texts(None if intent.size is None else whys.of(intent.size) for intent in intents),
        decimals(intent.price for intent in intents),
        decimals(intent.trigger for intent in intents),
        decimals(intent.reference_price for intent in intents),
        booleans(intent.reduce_only for intent in intents),
        integers(intent.bar_time for intent in intents),
        moments(intent.decided_at for intent in intents),
        moments(intent.expires_at for intent in intents),
        texts("" if refused is None else refused.code.value for _, refused in rows),
        texts("" if refused is None else refused.words for _, refused in rows),
        texts(whys.of(intent.why) for intent in intents),
        integers(pair.account_id for pair in of),
        texts(names[intent.key] for intent in intents),
        texts(OrderStatus.OPEN.value if pair.is_paper else OrderStatus.PENDING.value for pair in of),
        texts(EventSource.PAPER.value if pair.is_paper else EventSource.US.value for pair in of),
    ]
    with connection.cursor() as cursor:
        cursor.execute(statements.INSERT_INTENTS, [*columns, now, now, now])
        return {key for key, _ in cursor.fetchall()}


class _Json:
    """JSON of facts that many intents share, written once."""

    def __init__(self) -> None:
        self._written: dict[int, str] = {}

    def of(self, facts: dict[str, Any]) -> str:
        text = self._written.get(id(facts))
        if text is None:
            text = self._written[id(facts)] = json.dumps(facts)
        return text


def _as_stored(placed: list[Placed]) -> list[Placed]:
    """For intents that were there before: what became of them then."""
    old = [one.key for one in placed if not one.is_new]
    if not old:
        return placed
    with connection.cursor() as cursor:
        cursor.execute(statements.STORED_INTENTS, [texts(old)])
        stored = {
            key: Refused(Refusal(code), words) if code else None for key, code, words in cursor.fetchall()
        }
    return [one if one.is_new else replace(one, refused=stored[one.key]) for one in placed]
