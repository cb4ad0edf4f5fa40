"""Bots of a workspace, and what they are worth now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, DateTimeField, F, OuterRef, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber

from apps.accounts.models import Workspace
from apps.bots.choices import BotState, Mode
from apps.bots.models import Bot, BotTransition, Decision
from apps.trading.models import Book, EquityPoint, Mark, Position

ZERO = Decimal(0)
CENT = Decimal("0.01")
POINTS = 40
WIDTH, HEIGHT = 96, 24


@dataclass(frozen=True)
class Standing:
    """A bot's book at the last price of where it is valued. `gain` is in percent of its capital, `today` what it made
    since the last price of the day before (UTC, by the time of its prices)."""

    cash: Decimal
    units: Decimal
    price: Decimal | None
    equity: Decimal
    pnl: Decimal
    realised: Decimal
    fees: Decimal
    gain: float
    today: Decimal
    opened_at: datetime | None = None

    @property
    def side(self) -> str:
        return "long" if self.units > 0 else "short" if self.units < 0 else ""


class Kept(NamedTuple):
    """What a bot is valued by; a draft has no book. `source` is where its prices come from, of `instrument_id`."""

    book_id: int | None
    capital: Decimal
    cash: Decimal
    source: str
    instrument_id: int


def bots_of(
    workspace: Workspace, *, words: str = "", state: str = "", tag: str = "", mode: str = ""
) -> QuerySet[Bot]:
    """The workspace's bots, those that run first, then the newest; archived ones only when asked for."""
    bots = Bot.objects.filter(workspace=workspace).select_related(
        "version__formula", "feed__instrument", "account", "book", "cohort"
    )
    bots = bots.filter(state=state) if state in BotState.values else bots.exclude(state=BotState.ARCHIVED)
    if words:
        bots = bots.filter(name__icontains=words)
    if tag:
        bots = bots.filter(tags__contains=[tag])
    if mode in Mode.values:
        bots = bots.filter(mode=mode)
    return bots.order_by("-id")


def standings(bots: Sequence[Bot]) -> dict[int, Standing]:
    """What each bot's book holds and is worth, in three queries; a draft has its capital to come."""
    return valued({bot.pk: _kept_by(bot) for bot in bots})


def _kept_by(bot: Bot) -> Kept:
    cash, source = (bot.book.cash, bot.book.price_source) if bot.book else (ZERO, "")
    return Kept(bot.book_id, bot.capital, cash, source, bot.feed.instrument_id)


def valued(bots: Mapping[int, Kept]) -> dict[int, Standing]:
    """As `standings`, of bots whose rows are not at hand."""
    books = [one.book_id for one in bots.values() if one.book_id is not None]
    held = {row.book_id: row for row in Position.objects.filter(book__in=books)}
    sources = {one.source for one in bots.values() if one.book_id is not None}
    marks = {(row.source, row.instrument_id): row for row in Mark.objects.filter(source__in=sources)}
    before = _before_today(books, marks)
    return {pk: _standing(one, held.get(one.book_id or 0), marks, before) for pk, one in bots.items()}


def _before_today(books: list[int], marks: dict[tuple[str, int], Mark]) -> dict[int, Decimal | None]:
    """What each book was worth when the day of its newest price began; None where it was not yet."""
    begins: dict[str, datetime] = {}
    for (source, _), mark in marks.items():
        day = mark.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begins[source] = max(begins.get(source, day), day)
    if not begins:
        return {}
    cases = [When(price_source=source, then=Value(day)) for source, day in begins.items()]
    earlier = EquityPoint.objects.filter(book=OuterRef("pk"), at__lt=OuterRef("begins")).order_by("-at")
    rows = (
        Book.objects.filter(pk__in=books)
        .annotate(begins=Case(*cases, output_field=DateTimeField()))
        .values_list("pk", Subquery(earlier.values("equity")[:1]))
    )
    return dict(rows)


def _standing(
    bot: Kept,
    position: Position | None,
    marks: dict[tuple[str, int], Mark],
    before: dict[int, Decimal | None],
) -> Standing:
    if bot.book_id is None:
        return Standing(bot.capital, ZERO, None, bot.capital, ZERO, ZERO, ZERO, 0.0, ZERO)
    mark = marks.get((bot.source, bot.instrument_id))
    price = mark.price if mark else None
    units = position.units if position else ZERO
    if price is None and position is not None and units:
        price = position.cost / units
    equity = bot.cash + units * (price or ZERO)
    pnl = equity - bot.capital
    began = before.get(bot.book_id)
    return Standing(
        cash=bot.cash,
        units=units,
        price=price,
        equity=equity,
        pnl=pnl,
        realised=position.realised if position else ZERO,
        fees=position.fees if position else ZERO,
        gain=100 * float(pnl / bot.capital),
        today=(equity - (bot.capital if began is None else began)).quantize(CENT),
        opened_at=position.opened_at if position else None,
    )


def sparklines(bots: Sequence[Bot]) -> dict[int, str]:
    """The last equities of each bot's decisions as points of an SVG polyline; none for fewer than 2."""
    newest = Window(RowNumber(), partition_by="bot_id", order_by="-number")
    rows = (
        Decision.objects.filter(bot__in=bots)
        .annotate(age=newest)
        .filter(age__lte=POINTS)
        .order_by("bot_id", "number")
        .values_list("bot_id", F("equity"))
    )
    equities: dict[int, list[float]] = {}
    for bot_id, equity in rows:
        equities.setdefault(bot_id, []).append(equity)
    return {bot_id: _points(values) for bot_id, values in equities.items() if len(values) > 1}


def _points(values: list[float]) -> str:
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{HEIGHT - 2 - (value - low) / span * (HEIGHT - 4):.1f}"
        for i, value in enumerate(values)
    )


def steps_of(bot: Bot) -> QuerySet[BotTransition]:
    """Its moves from state to state, newest first."""
    return bot.transitions.select_related("actor").order_by("-id")
