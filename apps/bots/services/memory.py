"""What the members of a cohort remember, between its row and the engine; and how bots come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from numpy.typing import NDArray

from apps.bots.choices import ON_FEED
from apps.bots.models import Bot, Cohort
from apps.bots.services.crew import COLUMNS, SHARED, Crew, crew_of
from apps.bots.services.programs import Warm, none_asked, program_of, warm_up_of, warmed
from apps.core.arrays import integers
from apps.engine.lang import EvaluationError
from apps.engine.program.cohort import CohortState, Source
from apps.engine.sim.account import NOTHING
from apps.engine.sim.accounts import Accounts
from apps.engine.sim.state import SimState
from apps.engine.version import ENGINE_VERSION
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, warm_up_bars
from apps.trading.services import PaperBatch, PaperEnd, intent_key, record_paper

SET_SLOTS = """
UPDATE bots_bot AS b SET slot = s.slot
FROM unnest(%s::bigint[], %s::integer[]) AS s (id, slot) WHERE b.id = s.id
"""
JOIN = """
UPDATE bots_bot SET joined_number = %s, left_number = NULL, warm_bars = %s, warm_hash = %s WHERE id = ANY(%s::bigint[])
"""
LEAVE = """
UPDATE bots_bot AS b SET cohort_id = NULL, slot = NULL, left_number = %s, sim = s.sim, wants_flat = FALSE
FROM unnest(%s::bigint[], %s::bytea[]) AS s (id, sim) WHERE b.id = s.id
"""


@dataclass(frozen=True, eq=False)
class Memory:
    """All that changes from bar to bar: decisions' states, accounts, and what was asked at the bar before."""

    decisions: CohortState
    accounts: Accounts
    delayed: NDArray[np.float64]

    def save(self, cohort: Cohort) -> None:
        """Into the row's columns; the caller writes the row."""
        cohort.decisions = self.decisions.to_bytes()
        cohort.accounts = self.accounts.to_bytes()
        cohort.delayed = self.delayed.astype("<f8", copy=False).tobytes()
        cohort.engine_version = ENGINE_VERSION


def load_memory(cohort: Cohort, crew: Crew) -> Memory:
    """What the members remember. States of another engine version are made anew from the bars they saw."""
    accounts = crew.accounts.with_bytes(bytes(cohort.accounts))
    delayed = np.frombuffer(bytes(cohort.delayed), "<f8").reshape(4, len(crew.members)).astype(np.float64)
    if cohort.engine_version == ENGINE_VERSION:
        try:
            decisions = CohortState.from_bytes(bytes(cohort.decisions))
            crew.engine.state_of(decisions, 0)  # says so where it is another cohort's
            return Memory(decisions, accounts, delayed)
        except EvaluationError:
            pass
    return Memory(rewarmed(cohort, crew), accounts, delayed)


def rewarmed(cohort: Cohort, crew: Crew) -> CohortState:
    """The decisions' states out of the bars alone: what each member was warmed up with, and every bar since."""
    feed = Feed.objects.select_related("instrument").get(pk=cohort.feed_id)
    starts: dict[int, int] = {}
    for pk, joined, warm in Bot.objects.filter(cohort=cohort, slot__isnull=False).values_list(
        "pk", "joined_number", "warm_bars"
    ):
        assert joined is not None  # a bot with a slot has joined
        starts[pk] = cohort.last_number + 1 - joined + warm
    of_slot = np.array([starts[member.id] for member in crew.members], np.int64)
    sources = []
    for bars_seen in sorted(set(of_slot.tolist())):
        slots = np.flatnonzero(of_slot == bars_seen)
        bars = warm_up_bars(feed, before_number=cohort.last_number + 1, n=bars_seen)
        sources.append(warmed([crew.programs[slot] for slot in slots.tolist()], bars).source(slots))
    return crew.engine.gather(sources)


def bring_up_to_date(cohort: Cohort) -> Crew | None:
    """Let those leave who no longer belong, and take in who waits; for a cohort whose row is locked.

    Changes the row in memory and the members in the database; the caller saves the row. Returns the crew of now.
    """
    crew = crew_of(cohort)
    if crew is None:
        _catch_up(cohort)
    waiting = list(
        Bot.objects.filter(
            Q(left_number=None) | Q(left_number__lte=cohort.last_number),  # never a bar twice
            cohort=cohort,
            slot__isnull=True,
            state__in=ON_FEED,
        )
        .prefetch_related(*SHARED)
        .only(*COLUMNS, "left_number", "sim")
        .order_by("id")
    )
    leaving = _leaving(cohort, crew)
    return _rearranged(cohort, crew, waiting, leaving)


def _catch_up(cohort: Cohort) -> None:
    """Let a cohort without members begin where who comes from another cohort left off."""
    left = (
        Bot.objects.filter(cohort=cohort, slot__isnull=True, state__in=ON_FEED, left_number__isnull=False)
        .order_by("left_number")
        .values_list("left_number", flat=True)
        .first()
    )
    if left is not None and left > cohort.last_number:
        cohort.last_number = left
        cohort.last_time = int(bars_of_feed(cohort.feed_id, after_number=left - 1, limit=1).bars.time[0])


def leave_now(cohort: Cohort, bot_id: int) -> None:
    """Take one bot out of a cohort whose row is locked, at the last bar that is done; the row is saved."""
    crew = crew_of(cohort)
    slots = {slot for slot, member in enumerate(crew.members if crew else []) if member.id == bot_id}
    if not slots:  # it was still waiting to be taken in
        Bot.objects.filter(pk=bot_id).update(cohort=None, slot=None)
        return
    _rearranged(cohort, crew, [], slots)
    cohort.save(update_fields=["version", "decisions", "accounts", "delayed", "engine_version", "updated_at"])


def _rearranged(cohort: Cohort, crew: Crew | None, waiting: list[Bot], leaving: set[int]) -> Crew | None:
    if not waiting and not leaving:
        return crew
    memory = load_memory(cohort, crew) if crew else None
    staying = np.empty(0, np.int64)
    if crew and memory:
        _let_go(cohort, crew, memory, leaving)
        staying = np.array([slot for slot in range(len(crew.members)) if slot not in leaving], np.int64)
    warm = _warm_up(cohort, waiting, is_empty=not len(staying))
    ids = [crew.members[slot].id for slot in staying.tolist()] if crew else []
    ids += [bot.pk for bot in waiting]
    cohort.version += 1
    if not ids:
        cohort.decisions, cohort.accounts, cohort.delayed = b"", b"", b""
        return None
    with connection.cursor() as cursor:
        cursor.execute(SET_SLOTS, [integers(ids), integers(range(len(ids)))])
    cohort.save(update_fields=["version", "updated_at"])
    after = crew_of(cohort)
    assert after is not None
    sources = []
    accounts, delayed = after.accounts.copy(), none_asked(len(ids))
    old = len(staying)
    if crew and memory:
        sources.append(Source(crew.engine, memory.decisions, staying, np.arange(old)))
        accounts.real[:, :old] = memory.accounts.real[:, staying]
        accounts.whole[:, :old] = memory.accounts.whole[:, staying]
        delayed[:, :old] = memory.delayed[:, staying]
    if warm:
        sources.append(warm.source(np.arange(old, len(ids))))
    for slot, bot in enumerate(waiting, start=old):
        if bot.sim:  # it was in a cohort before
            alone = SimState(after.rules[slot], accounts.account(slot))
            accounts.put(slot, alone.with_bytes(bytes(bot.sim)).account)
    Memory(after.engine.gather(sources), accounts, delayed).save(cohort)
    return after


def _leaving(cohort: Cohort, crew: Crew | None) -> set[int]:
    """The slots of bots that are no longer on the feed; one whose position is still to be closed stays for that."""
    if crew is None:
        return set()
    gone = set(
        Bot.objects.filter(cohort=cohort, slot__isnull=False, wants_flat=False)
        .exclude(state__in=ON_FEED)
        .values_list("slot", flat=True)
    )
    return {slot for slot in gone if slot is not None}


def _let_go(cohort: Cohort, crew: Crew, memory: Memory, leaving: set[int]) -> None:
    slots = sorted(leaving)
    if slots:
        _cancel_waiting(cohort, crew, memory, slots)
        with connection.cursor() as cursor:
            cursor.execute(
                LEAVE,
                [
                    cohort.last_number,
                    [crew.members[slot].id for slot in slots],
                    [_sim_bytes(memory.accounts, slot) for slot in slots],
                ],
            )


def _cancel_waiting(cohort: Cohort, crew: Crew, memory: Memory, slots: list[int]) -> None:
    """What those who leave had asked for the next open does not happen any more."""
    request = memory.accounts.whole_row("request")
    waiting = [slot for slot in slots if request[slot] != NOTHING and not crew.members[slot].is_live]
    if waiting and cohort.last_time is not None:
        now = timezone.now()
        ended = [
            PaperEnd(
                key=intent_key(
                    str(crew.members[slot].uuid), crew.members[slot].version_hash, cohort.last_time, 0
                ),
                account_id=crew.members[slot].account_id,
                kind="cancelled",
                words=gettext("The bot was stopped before the next open."),
                at=now,
            )
            for slot in waiting
        ]
        record_paper(PaperBatch(ended=ended))
    memory.accounts.cancel(np.array(slots, np.int64))


def _sim_bytes(accounts: Accounts, slot: int) -> bytes:
    return SimState(accounts.rules[slot], accounts.account(slot)).to_bytes()


def _warm_up(cohort: Cohort, waiting: list[Bot], *, is_empty: bool) -> Warm | None:
    """Step the joiners through stored bars; their first decision is at the bar after the cohort's last one."""
    if not waiting:
        return None
    feed = Feed.objects.select_related("instrument").get(pk=cohort.feed_id)
    if is_empty and all(
        bot.left_number is None for bot in waiting
    ):  # nobody saw the bars since the last one left
        cohort.last_number = feed.last_number
        cohort.last_time = feed.last_time
    programs = [program_of(bot.version.text, bot.inputs) for bot in waiting]
    wanted = max(warm_up_of(program) for program in set(programs))
    bars = warm_up_bars(feed, before_number=cohort.last_number + 1, n=wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            JOIN,
            [cohort.last_number + 1, len(bars), bars.content_hash(), integers(bot.pk for bot in waiting)],
        )
    return warmed(programs, bars)
