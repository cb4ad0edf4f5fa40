"""All bots of a workspace at a glance: how many run, what they made, what they did last, which feeds are late."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count

from apps.accounts.models import Workspace
from apps.bots.choices import ON_FEED, BotState
from apps.bots.models import Bot
from apps.bots.selectors.bots import Kept, Standing, valued
from apps.markets.choices import FRESH
from apps.trading.models import Fill
from apps.trading.selectors import fills_of

ZERO = Decimal(0)
MOST_COUNTED = 500


class OnFeed(NamedTuple):
    """As much of a bot, and of its feed, as the overview reads: of hundreds of bots the rest would be most of it."""

    pk: int
    uuid: UUID
    name: str
    state: str
    cause: str
    words: str
    parity: str
    feed_uuid: UUID
    feed_state: str
    timeframe: str
    symbol: str
    currency: str
    book_id: int | None
    capital: Decimal
    cash: Decimal
    source: str
    instrument_id: int

    @property
    def kept(self) -> Kept:
        return Kept(self.book_id, self.capital, self.cash, self.source, self.instrument_id)


FIELDS = (
    "pk", "uuid", "name", "state", "cause", "words", "parity", "feed__uuid", "feed__state", "feed__timeframe",
    "feed__instrument__symbol", "account__currency", "book_id", "capital", "book__cash", "book__price_source",
    "feed__instrument_id",
)  # fmt: skip


@dataclass(frozen=True)
class Overview:
    """`counted` are the bots on a feed whose books are summed up, the newest `MOST_COUNTED`; the sums are None where
    they are kept in several currencies. `stale`: the first bot of each feed that brings nothing."""

    running: int
    paused: int
    counted: list[tuple[OnFeed, Standing]]
    holding: int
    currency: str
    equity: Decimal | None
    pnl: Decimal | None
    today: Decimal | None
    fills: list[Fill]
    stale: list[OnFeed]

    @property
    def has_bots(self) -> bool:
        return bool(self.counted)


def overview_of(workspace: Workspace, *, fills: int = 6) -> Overview:
    """In a number of queries that does not grow with the bots."""
    rows = Bot.objects.filter(workspace=workspace, state__in=ON_FEED)
    by_state = dict(rows.values_list("state").annotate(count=Count("pk")).order_by("state"))
    bots = [OnFeed(*row) for row in rows.order_by("-id").values_list(*FIELDS)[:MOST_COUNTED]]
    worth = valued({bot.pk: bot.kept for bot in bots})
    currencies = {bot.currency for bot in bots}
    is_one = len(currencies) == 1
    feeds: dict[UUID, OnFeed] = {}
    for bot in bots:
        feeds.setdefault(bot.feed_uuid, bot)
    return Overview(
        running=by_state.get(BotState.RUNNING, 0),
        paused=by_state.get(BotState.PAUSED, 0),
        counted=[(bot, worth[bot.pk]) for bot in bots],
        holding=sum(1 for one in worth.values() if one.units),
        currency=currencies.pop() if is_one else "",
        equity=sum((one.equity for one in worth.values()), ZERO) if is_one else None,
        pnl=sum((one.pnl for one in worth.values()), ZERO) if is_one else None,
        today=sum((one.today for one in worth.values()), ZERO) if is_one else None,
        fills=list(fills_of(workspace).select_related("order__intent")[:fills]),
        stale=[bot for bot in feeds.values() if bot.feed_state not in FRESH],
    )
