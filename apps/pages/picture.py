"""The picture of the landing page: a bot of the demo as it stands, drawn from its own bars, once for all who look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import get_language, gettext

from apps.accounts.models import Workspace
from apps.bots.choices import BotState, Mode
from apps.bots.selectors import bots_of, standings
from apps.core.snapshots import one_snapshot
from apps.engine.bars import Bars
from apps.formulas.plots import PlotError, formula_svg
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, warm_up_bars
from apps.pages.visits import guest_of_demo

SHOWN = 110  # bars
WARM_UP = 300
KEPT_S = 2  # however many look, it is drawn at most so often
EACH_S = 60  # then another bot's turn comes


@dataclass(frozen=True)
class Picture:
    """A paper bot as it stands, in plain values: the last bars with what its formula says, and its book."""

    name: str
    symbol: str
    timeframe: str
    equity: Decimal
    gain: float  # percent of its capital
    side: str
    day: datetime
    svg: str


def picture_now() -> Picture | None:
    """None where this installation shows no demo, or nothing in it runs."""
    key = f"pages:picture:{get_language()}"
    held: Picture | None = cache.get(key)
    if held is None:
        guest = guest_of_demo()
        with one_snapshot():  # a fill between its cash and its position would show an account of nothing
            held = _picture(guest.membership.workspace) if guest else None
        if held is not None:
            cache.set(key, held, KEPT_S)
    return held


def _picture(workspace: Workspace) -> Picture | None:
    bots = bots_of(workspace, state=BotState.RUNNING, mode=Mode.PAPER).filter(inputs={})
    shown = list(bots.order_by("id"))
    if not shown:
        return None
    bot = shown[int(timezone.now().timestamp() // EACH_S) % len(shown)]
    bars = _bars(bot.feed)
    title = gettext("{name} on {symbol}").format(name=bot.name, symbol=bot.feed.instrument.symbol)
    try:
        svg = formula_svg(bot.version.text, bars, title, last=SHOWN)
    except PlotError:
        return None
    worth = standings([bot])[bot.pk]
    return Picture(
        name=bot.name,
        symbol=bot.feed.instrument.symbol,
        timeframe=bot.feed.timeframe,
        equity=worth.equity,
        gain=worth.gain,
        side=worth.side,
        day=datetime.fromtimestamp(int(bars.time[-1]) / 1000, UTC),
        svg=svg,
    )


def _bars(feed: Feed) -> Bars:
    """The last ones, with enough before them for every average to have settled."""
    feed = Feed.objects.select_related("instrument").get(pk=feed.pk)
    first = max(0, feed.last_number - SHOWN + 1)
    shown = bars_of_feed(feed, after_number=first - 1, limit=SHOWN).bars
    before = warm_up_bars(feed, before_number=first, n=WARM_UP)
    columns = {
        name: np.concatenate([getattr(before, name), getattr(shown, name)])
        for name in ("time", "open", "high", "low", "close", "volume")
    }
    return Bars(**columns, timeframe_ms=shown.timeframe_ms, timezone=shown.timezone, symbol=shown.symbol)
