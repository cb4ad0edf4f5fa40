"""Curves of a bot's page."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext

from apps.bots.choices import Mode
from apps.bots.models import Bot, Decision
from apps.bots.selectors.journal import fills_of, live_fills
from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.formulas.selectors import near_prices, share_panes
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, warm_up_bars
from apps.trading.models import Intent
from apps.trading.selectors import Chosen, equity_curve

SHOWN = 400  # bars
MOST_DECISIONS = 2_000


def bot_price_chart(bot: Bot) -> dict[str, Any]:
    """The last bars of its feed with the formula's plots, its fills marked."""
    feed = Feed.objects.select_related("instrument").get(pk=bot.feed_id)
    first = max(0, feed.last_number - SHOWN + 1)
    shown = bars_of_feed(feed, after_number=first - 1, limit=SHOWN)
    bars = shown.bars
    if not len(bars):
        return {"time": [], "open": [], "high": [], "low": [], "close": [], "volume": []}
    chart: dict[str, Any] = {"time": (bars.time // 1000).tolist()}
    for name in ("open", "high", "low", "close", "volume"):
        chart[name] = getattr(bars, name).tolist()
    over: dict[str, Any] = {}
    own: list[tuple[str, np.ndarray]] = []
    for name, series in _plots(bot, feed, shown.first_number, bars).items():
        if near_prices(series, bars.close):
            over[name] = _plain(series)
        else:
            own.append((name, series))
    return {
        **chart,
        "plots": over,
        "panes": [{name: _plain(column) for name, column in pane} for pane in share_panes(own)],
        "markers": _live_markers(bot, bars) if bot.mode == Mode.LIVE else _markers(bot, shown.first_number),
        "position": _position(bot, shown.first_number, len(bars)),
    }


def _plots(bot: Bot, feed: Feed, first: int, bars: Bars) -> dict[str, np.ndarray]:
    program = compile_formula(bot.version.text, bot.inputs or None)
    before = warm_up_bars(feed, before_number=first, n=max(100, program.lookback * 4))
    columns = {
        name: np.concatenate([getattr(before, name), getattr(bars, name)])
        for name in ("time", "open", "high", "low", "close", "volume")
    }
    whole = Bars(**columns, timeframe_ms=bars.timeframe_ms, timezone=bars.timezone, symbol=bars.symbol)
    return {name: series[len(before) :] for name, series in program.evaluate(whole).plots.items()}


def _markers(bot: Bot, first: int) -> list[dict[str, Any]]:
    rows = Decision.objects.filter(bot=bot, feed=bot.feed, number__gte=first).order_by("number")
    return [_marker(time, fill) for time, fills in rows.values_list("time", "fills") for fill in fills]


def _live_markers(bot: Bot, bars: Bars) -> list[dict[str, Any]]:
    """At the bars within which the exchange filled."""
    since = datetime.fromtimestamp(int(bars.time[0]) / 1000, UTC)
    intents = Intent.objects.filter(book=bot.book_id, order__fills__at__gte=since).distinct().order_by("id")
    marks = []
    for intent in intents.select_related("order").prefetch_related("order__fills"):
        for fill, row in zip(live_fills([intent]), fills_of(intent), strict=True):
            at = int(np.searchsorted(bars.time, row.at.timestamp() * 1000, side="right")) - 1
            if at >= 0:
                marks.append(_marker(int(bars.time[at]), fill))
    return sorted(marks, key=lambda mark: mark["time"])


def _marker(time: int, fill: dict[str, Any]) -> dict[str, Any]:
    entry = fill["reason"] == "entry"
    bought = fill["side"] == "buy"
    return {
        "time": time // 1000,
        "side": "long" if bought == entry else "short",
        "action": "entry" if entry else "exit",
        "price": fill["price"],
        "text": fill["side"] if entry else fill["reason"].replace("_", " "),
    }


def _position(bot: Bot, first: int, count: int) -> list[int]:
    """For each bar 1, −1 or 0: whether it held long, short or nothing at the close."""
    rows = Decision.objects.filter(bot=bot, feed=bot.feed)
    before = rows.filter(number__lt=first).order_by("-number").values_list("units", flat=True).first()
    sides = np.zeros(count, np.int64)
    sides[:] = np.sign(before or 0.0)
    for number, units in rows.filter(number__gte=first).order_by("number").values_list("number", "units"):
        sides[number - first :] = np.sign(units)
    found: list[int] = sides.tolist()
    return found


def bot_equity_chart(bot: Bot) -> dict[str, Any]:
    """What it was worth: at each of its decisions, and where its book was valued between them."""
    times, equity = _curve(bot)
    return {"time": times, "series": {gettext("Equity"): equity}}


def bot_drawdown_chart(bot: Bot) -> dict[str, Any]:
    """How far its equity was below its highest."""
    times, equity = _curve(bot)
    worth = np.array(equity)
    peak = np.maximum.accumulate(worth) if len(worth) else worth
    return {"time": times, "value": np.where(peak > 0, worth / np.where(peak > 0, peak, 1) - 1, 0.0).tolist()}


def _curve(bot: Bot) -> tuple[list[int], list[float]]:
    """By time, the last worth of each second."""
    if bot.book is None:
        return [], []
    curve = equity_curve(bot.workspace, Chosen(bot.book.currency, book=bot.book.uuid))
    found = dict(zip(curve.seconds, map(float, curve.equity), strict=True))
    decided = (
        Decision.objects.filter(bot=bot, feed=bot.feed).order_by("-number").values_list("time", "equity")
    )
    found |= {
        (time + bot.feed.timeframe_ms) // 1000: equity for time, equity in decided[:MOST_DECISIONS][::-1]
    }
    times = sorted(found)
    return times, [found[time] for time in times]


def _plain(values: np.ndarray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
