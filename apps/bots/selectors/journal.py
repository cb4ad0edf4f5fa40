"""A bot's journal: what it saw, decided, asked, got and told, by bar; and why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop

from apps.bots.choices import Mode
from apps.bots.models import Bot, BotTransition, Decision
from apps.bots.selectors.told import signals_told
from apps.engine.bars import Bars
from apps.engine.program.calendar import iso_time
from apps.formulas.selectors import value_rows, why_report
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, warm_up_bars
from apps.trading.choices import Purpose
from apps.trading.models import Fill, Intent

# codes of the journal, which programs read as well; pages say them in words
REQUESTS = {
    0: "",
    1: gettext_noop("go long"),
    2: gettext_noop("go short"),
    3: gettext_noop("leave"),
    4: gettext_noop("leave, its time is up"),
}
REASONS: dict[str, str] = {Purpose.ENTER: "entry", Purpose.EXIT: "exit", Purpose.FLATTEN: "flatten"}
TOLD = (10, 11, 12, 13, *range(20, 30))  # numbers of what a bar's decision tells; see `services.telling`
CONDITIONS = {1: "long", 2: "short", 4: "exit long", 8: "exit short", 16: "exit"}


def journal_of(
    bot: Bot, *, before: int | None = None, most: int = 25
) -> tuple[list[dict[str, Any]], int | None]:
    """Decisions, newest first, each with its intents, orders and signals; and the number to go on before, if any."""
    rows = Decision.objects.filter(bot=bot).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: most + 1])
    shown = found[:most]
    return _entries(bot, shown), shown[-1].pk if len(found) > most else None


def entry_of(bot: Bot, decision: Decision) -> dict[str, Any]:
    """One decision with its intents, orders and signals, as in the journal."""
    return _entries(bot, [decision])[0]


def neighbours_of(bot: Bot, number: int) -> tuple[int | None, int | None]:
    """The numbers of the bars of its decisions before and after this one."""
    rows = Decision.objects.filter(bot=bot, feed=bot.feed)
    before = rows.filter(number__lt=number).order_by("-number").values_list("number", flat=True).first()
    after = rows.filter(number__gt=number).order_by("number").values_list("number", flat=True).first()
    return before, after


def export_lines(bot: Bot) -> Iterator[str]:
    """The whole journal, oldest first, as one JSON document in pieces: the bot, its transitions, its decisions."""
    head = {
        "bot": str(bot.uuid),
        "name": bot.name,
        "formula": bot.version.content_hash,
        "inputs": bot.inputs,
        "feed": str(bot.feed.uuid),
        "mode": bot.mode,
        "capital": str(bot.capital),
        "transitions": [_life(row) for row in bot.transitions.order_by("id")],
    }
    yield json.dumps(head, indent=1)[:-2] + ',\n "decisions": ['
    last, comma = 0, ""
    while True:
        rows = list(Decision.objects.filter(bot=bot, pk__gt=last).order_by("id")[:500])
        if not rows:
            break
        for entry in _entries(bot, rows):
            yield comma + "\n  " + json.dumps(entry, default=str)
            comma = ","
        last = rows[-1].pk
    yield "\n ]\n}\n"


def _life(row: BotTransition) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "act": row.act,
        "before": row.before,
        "after": row.after,
        "cause": row.cause,
        "words": row.words,
        "effect": row.effect,
        "after_bar": row.number,
    }


def _entries(bot: Bot, rows: Sequence[Decision]) -> list[dict[str, Any]]:
    """Each with all that came of it; the number of queries does not depend on how many they are."""
    intents: dict[int, list[Intent]] = defaultdict(list)
    if bot.book_id is not None:
        asked = Intent.objects.filter(book=bot.book_id, bar_time__in=[row.time for row in rows])
        for intent in asked.select_related("order").prefetch_related("order__fills").order_by("id"):
            intents[intent.bar_time or 0].append(intent)
    keys = {f"id:{bot.uuid}:{row.time}:{seq}": row.time for row in rows for seq in TOLD}
    keys |= {
        f"id:{bot.uuid}:fill:{fill.pk}": time
        for time, some in intents.items()
        for intent in some
        for fill in fills_of(intent)
    }
    signals = signals_told(bot, keys)
    return [
        {
            "number": row.number,
            "time": iso_time(row.time),
            "close": row.close,
            "said": [{"kind": kind, "text": text} for kind, text in row.said],
            "conditions": [name for bit, name in CONDITIONS.items() if row.flags & bit],
            "given": [name for bit, name in CONDITIONS.items() if row.given & bit],
            "levels": {
                name: getattr(row, name)
                for name in ("stop", "target", "trail")
                if getattr(row, name) is not None
            },
            "request": REQUESTS.get(row.request, ""),
            "refused": row.refused,
            "fills": row.fills or (live_fills(intents.get(row.time, [])) if bot.mode == Mode.LIVE else []),
            "units": row.units,
            "equity": row.equity,
            "intents": [_intent(intent) for intent in intents.get(row.time, [])],
            "signals": signals.get(row.time, []),
        }
        for row in rows
    ]


def _intent(intent: Intent) -> dict[str, Any]:
    order = getattr(intent, "order", None)
    return {
        "key": intent.key,
        "purpose": intent.purpose,
        "side": intent.side,
        "units": None if intent.units is None else str(intent.units),
        "refused_for": intent.refused_for,
        "refusal": intent.refusal,
        "order": order
        and {
            "uuid": str(order.uuid),
            "id": order.client_order_id,
            "status": order.status,
            "label": order.get_status_display(),
            "filled": str(order.filled),
            "words": order.words,
            "fills": [_fill(fill) for fill in fills_of(intent)],
        },
    }


def fills_of(intent: Intent) -> list[Fill]:
    """Of its order, in the order in which they were booked."""
    order = getattr(intent, "order", None)
    return sorted(order.fills.all(), key=lambda fill: fill.pk) if order else []


def live_fills(intents: Iterable[Intent]) -> list[dict[str, Any]]:
    """What an exchange filled of these intents, in the form in which a decision holds what the simulator filled."""
    return [
        {
            "reason": REASONS.get(intent.purpose) or intent.why.get("reason", "protect"),
            "side": fill.side,
            "units": float(fill.units),
            "price": float(fill.price),
            "fee": float(fill.fee),
            "pnl": float(fill.realised - fill.fee),
            "key": intent.key,
        }
        for intent in intents
        for fill in fills_of(intent)
    ]


def _fill(fill: Fill) -> dict[str, Any]:
    """As the ledger holds it."""
    return {
        "trade": fill.exchange_trade_id,
        "units": str(fill.units),
        "price": str(fill.price),
        "fee": str(fill.fee),
        "realised": str(fill.realised),
        "at": fill.at.isoformat(),
    }


def why_decided(bot: Bot, number: int) -> dict[str, Any]:
    """Every condition and series of the formula at the bar of this number, over the bars the bot had seen.

    Raises InvalidFormula and CannotEvaluate.
    """
    bars = bars_seen(bot, number)
    report = why_report(bot.version.text, bars, settings=bot.inputs)
    statements = [{**one, "rows": list(value_rows(one["tree"]))} for one in report["statements"]]
    return {
        "time": report["time"],
        "evaluated": report["evaluated"],
        "watched": [one for one in statements if one["held"] is not None],
        "series": [one for one in statements if one["kind"] in ("definition", "plot")],
    }


def bars_seen(bot: Bot, until: int) -> Bars:
    """What the bot had seen once the bar numbered `until` closed: what it was warmed up with, and every bar since."""
    feed = Feed.objects.select_related("instrument").get(pk=bot.feed_id)
    joined = bot.joined_number or 0
    before = warm_up_bars(feed, before_number=joined, n=bot.warm_bars)
    since = bars_of_feed(feed, after_number=joined - 1, limit=until - joined + 1).bars
    columns = {
        name: np.concatenate([getattr(before, name), getattr(since, name)])
        for name in ("time", "open", "high", "low", "close", "volume")
    }
    return Bars(**columns, timeframe_ms=feed.timeframe_ms, timezone=since.timezone, symbol=since.symbol)
