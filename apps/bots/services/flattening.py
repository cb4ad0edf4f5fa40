"""Closing positions without the runner, for bots that trade at an exchange."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from apps.bots.choices import Mode
from apps.bots.models import Bot
from apps.core.jobs import enqueue
from apps.trading.choices import UNDER_WAY, AccountState
from apps.trading.models import Order, Position
from apps.trading.selectors import smallest_units
from apps.trading.services import NewIntent, Placed, intent_key, place


def close_at_market(bots: Sequence[Bot], now: datetime) -> list[Placed]:
    """Ask for each open position of these bots to be closed; the same moment's asking is done once."""
    books = {bot.book_id: bot for bot in bots if bot.book_id is not None}
    held = Position.objects.filter(book__in=books).exclude(units=0).order_by("book_id", "instrument_id")
    return place(
        [
            NewIntent.closing(
                intent_key(str(books[row.book_id].uuid), "flatten", now.isoformat(), row.instrument_id),
                row.book_id,
                row.instrument_id,
                row.units,
                now,
            )
            for row in held
        ]
    )


def close_wanted(now: datetime | None = None) -> int:
    """See positions closed that were to be: asked for again each minute while nothing is under way and the account
    takes orders, until nothing is left that could be sold. Returns how many are still open."""
    minute = (now or timezone.now()).replace(second=0, microsecond=0)
    wanted = Bot.objects.filter(mode=Mode.LIVE, wants_flat=True).select_related("account").order_by("pk")
    bots = {bot.book_id: bot for bot in wanted}
    if not bots:
        return 0
    held = _still_held(bots)
    under_way = Order.objects.filter(book__in=bots, status__in=UNDER_WAY).values_list("book_id", flat=True)
    busy = set(under_way)
    done = [bot for book, bot in bots.items() if book not in held and book not in busy]
    Bot.objects.filter(pk__in=[bot.pk for bot in done]).update(wants_flat=False)
    for cohort in sorted({bot.cohort_id for bot in done if bot.cohort_id is not None}):
        enqueue("bots.step_cohort", cohort_id=cohort)  # one that was stopped leaves now
    close_at_market(
        [
            bot
            for book, bot in bots.items()
            if book in held and book not in busy and bot.account.state == AccountState.CONNECTED
        ],
        minute,
    )
    return len(bots) - len(done)


def _still_held(bots: Mapping[int | None, Bot]) -> set[int]:
    """The books of these that hold more than the rest that cannot be sold."""
    rows = Position.objects.filter(book__in=bots).exclude(units=0).select_related("instrument")
    by_instrument: dict[int, list[Position]] = defaultdict(list)
    for row in rows.order_by("pk"):
        by_instrument[row.instrument_id].append(row)
    held = set()
    for same in by_instrument.values():
        smallest = smallest_units({bots[row.book_id].account_id for row in same}, same[0].instrument)
        held |= {row.book_id for row in same if abs(row.units) >= smallest[bots[row.book_id].account_id]}
    return held
