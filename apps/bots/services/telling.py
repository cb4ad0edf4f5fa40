"""What others hear of a step: browsers that watch, and the signals room, where alarms wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.bots.choices import Mode
from apps.bots.models import Bot, Cohort
from apps.bots.services.crew import Crew
from apps.core.live import push_all_on_commit, push_on_commit
from apps.engine.bars import Bars
from apps.signals.choices import SourceKind
from apps.signals.models import AlertSource
from apps.signals.services import OwnSignal, emit, own_source
from apps.trading.choices import Purpose
from apps.trading.models import Fill

if TYPE_CHECKING:
    from apps.bots.services.booking import Booking

MOST_PUSHED = 100  # bots of one step whose own pages are told; the list hears of the step as a whole


def tell_step(cohort: Cohort, crew: Crew, bars: Bars, bookings: Sequence[Booking]) -> None:
    """Push the step to open pages, and make signals of what was bought, sold and said."""
    changed = {slot for booking in bookings for slot in booking.slots}
    told = [str(crew.members[slot].uuid) for slot in sorted(changed)[:MOST_PUSHED]]
    step = {
        "kind": "bar",
        "number": cohort.last_number,
        "time": cohort.last_time,
        "close": cohort.last_close,
    }
    decision = {"kind": "decision", "number": cohort.last_number}
    push_all_on_commit([(cohort.live_group, step), *((f"bot.{uuid}", decision) for uuid in told)])
    emit(_signals(crew, bookings))


def _signals(crew: Crew, bookings: Sequence[Booking]) -> list[OwnSignal]:
    from apps.bots.services.booking import moment

    told = [(booking, one) for booking in bookings for one in booking.told]
    sources = _sources_of({crew.members[one.slot].workspace_id for _, one in told})
    found = []
    for booking, one in told:
        member = crew.members[one.slot]
        facts = {
            "formula": member.version_hash,
            "bot": str(member.uuid),
            "mode": "live" if member.is_live else "paper",
        }
        if one.text:
            facts["message"] = one.text
        found.append(
            OwnSignal(
                source_id=sources[member.workspace_id],
                id=f"{member.uuid}:{booking.bar.time}:{one.seq}",
                symbol=crew.place.symbol,
                action=one.action,
                price=one.price,
                timeframe=crew.place.timeframe,
                strategy=member.name,
                bar_time=moment(booking.bar.time),
                facts=facts,
            )
        )
    return found


def _sources_of(workspaces: set[int]) -> dict[int, int]:
    """The source of each workspace's bots, in one query; one that is missing is made when its bot is deployed."""
    if not workspaces:
        return {}
    rows = AlertSource.objects.filter(workspace_id__in=workspaces, kind=SourceKind.BOT).order_by("-id")
    found = dict(rows.values_list("workspace_id", "pk"))
    for workspace in sorted(workspaces - set(found)):  # somebody deleted it
        found[workspace] = own_source(workspace).pk
    return found


def tell_fills(*, fill_ids: list[int]) -> None:
    """Make signals of what exchanges filled for live bots. Those on paper are told with the bar that filled them."""
    live = Bot.objects.filter(mode=Mode.LIVE, book__isnull=False)
    fills = list(
        Fill.objects.filter(pk__in=fill_ids, book__in=live.values("book"))
        .select_related("order__intent", "instrument")
        .order_by("pk")
    )
    bots = {
        bot.book_id: bot
        for bot in Bot.objects.filter(
            book__in={fill.book_id for fill in fills}, mode=Mode.LIVE
        ).select_related("version", "feed")
    }
    told = [(bots[fill.book_id], fill) for fill in fills if fill.book_id in bots]
    sources = _sources_of({bot.workspace_id for bot, _ in told})
    emit([_fill_signal(bot, fill, sources[bot.workspace_id]) for bot, fill in told])
    for bot in {bot.pk: bot for bot, _ in told}.values():
        push_on_commit(bot.live_group, {"kind": "decision", "number": None})


def _fill_signal(bot: Bot, fill: Fill, source_id: int) -> OwnSignal:
    intent, instrument = fill.order.intent, fill.instrument
    return OwnSignal(
        source_id=source_id,
        id=f"{bot.uuid}:fill:{fill.pk}",
        symbol=f"{instrument.venue}:{instrument.symbol}" if instrument.venue else instrument.symbol,
        action=fill.side if intent.purpose == Purpose.ENTER else "exit",
        price=float(fill.price),
        timeframe=bot.feed.timeframe,
        strategy=bot.name,
        bar_time=fill.at,
        facts={
            "formula": bot.version.content_hash,
            "bot": str(bot.uuid),
            "mode": "live",
            "units": str(fill.units),
            "fee": str(fill.fee),
        },
    )
