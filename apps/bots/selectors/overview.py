"""All bots of a workspace at a glance: how many run, what they made, what they did last, which feeds are late."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from apps.accounts.models import Workspace
from apps.bots.choices import ON_FEED, BotState
from apps.bots.models import Bot
from apps.bots.selectors.bots import Standing, bots_of, standings
from apps.markets.choices import FRESH
from apps.markets.models import Feed
from apps.trading.models import Fill
from apps.trading.selectors import fills_of

ZERO = Decimal(0)
MOST_COUNTED = 500


@dataclass(frozen=True)
class Overview:
    """`counted` are the bots on a feed whose books are summed up, the newest `MOST_COUNTED`; the sums are None where
    they are kept in several currencies. `stale`: feeds of such bots that bring nothing."""

    running: int
    paused: int
    counted: list[tuple[Bot, Standing]]
    holding: int
    currency: str
    equity: Decimal | None
    pnl: Decimal | None
    today: Decimal | None
    fills: list[Fill]
    stale: list[Feed]

    @property
    def has_bots(self) -> bool:
        return bool(self.counted)


def overview_of(workspace: Workspace, *, fills: int = 6) -> Overview:
    """In a number of queries that does not grow with the bots."""
    rows = Bot.objects.filter(workspace=workspace, state__in=ON_FEED)
    by_state = dict(rows.values_list("state").annotate(count=Count("pk")).order_by("state"))
    bots = list(bots_of(workspace).filter(state__in=ON_FEED)[:MOST_COUNTED])
    worth = standings(bots)
    currencies = {bot.account.currency for bot in bots}
    is_one = len(currencies) == 1
    feeds = {bot.feed_id: bot.feed for bot in bots}
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
        stale=[feed for feed in feeds.values() if feed.state not in FRESH],
    )
