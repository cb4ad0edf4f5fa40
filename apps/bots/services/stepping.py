"""One closed bar after another for all bots of a cohort: decide, fill, book, remember, in one transaction.

The row of the cohort is the only lock, and `last_number` in it says which bars are done: a message that is lost,
repeated or late changes nothing, and a worker that died leaves nothing behind but the row as it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import structlog
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from apps.bots.models import Bot, Cohort
from apps.bots.rules.options import chances
from apps.bots.services.booking import Booking, book_bar
from apps.bots.services.crew import Crew
from apps.bots.services.holding import end_ruined, hold_limited
from apps.bots.services.live import UnderWay, hold_levels, sync_live
from apps.bots.services.memory import Memory, bring_up_to_date, load_memory
from apps.bots.services.telling import tell_step
from apps.core.collecting import no_collecting
from apps.engine.bars import Bar, Bars
from apps.engine.program.cohort import CohortResult
from apps.engine.sim.account import BY_STOP, BY_TARGET, BY_TRAIL, LEAVE, LEAVE_TIMED, NOTHING
from apps.engine.sim.accounts import Fills
from apps.markets.selectors import bars_of_feed

log = structlog.get_logger(__name__)

CHUNK = 25  # bars of one transaction
NOBODY = UnderWay()


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one transaction did. `is_busy`: another worker holds the cohort, and does the same."""

    bars: int = 0
    more: bool = False
    is_busy: bool = False
    engine_s: float = 0.0


@dataclass(frozen=True, eq=False)
class BarOutcome:
    """One bar of all members, before it is booked.

    `before` and `after` are requests that waited at the bar's opening and wait at its close, `flags` what the formulas
    said, `given` what of it reached the fill step. `flattened` are the slots whose position was closed by order.
    """

    number: int
    bar: Bar
    result: CohortResult
    flags: NDArray[np.uint8]
    given: NDArray[np.uint8]
    rejected: NDArray[np.bool_]
    flattened: NDArray[np.int64]
    units_before: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    fills: Fills


def step_cohort(cohort_id: int, *, most: int = CHUNK) -> Stepped:
    """Do up to `most` bars that are not done yet. Raises nothing for a cohort that is gone or has nothing to do."""
    with no_collecting(), transaction.atomic():
        cohort = Cohort.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=cohort_id).first()
        if cohort is None:
            return Stepped(is_busy=Cohort.objects.filter(pk=cohort_id).exists())
        crew = bring_up_to_date(cohort)
        if crew is None:
            _save(cohort)
            return Stepped()
        numbered = bars_of_feed(cohort.feed_id, after_number=cohort.last_number, limit=most + 1)
        count = min(most, len(numbered.bars))
        if not count:
            _save(cohort)
            return Stepped()
        engine_s = _step_bars(cohort, crew, numbered.bars.slice(0, count), numbered.first_number)
        return Stepped(count, more=len(numbered.bars) > count, engine_s=engine_s)


def _step_bars(cohort: Cohort, crew: Crew, bars: Bars, first: int) -> float:
    memory = load_memory(cohort, crew)
    now = timezone.now()
    engine_s = 0.0
    flattening = np.flatnonzero(crew.flat)
    bookings: list[Booking] = []
    for i in range(len(bars)):
        under_way = sync_live(crew, memory.accounts) if crew.live.any() else NOBODY
        started = time.perf_counter()
        outcome = step_bar(crew, memory, bars.bar(i), first + i, flattening, under_way)
        engine_s += time.perf_counter() - started
        bookings.append(book_bar(cohort, crew, memory, outcome, now))
        flattening = bookings[-1].to_flatten
    _remember_flat(crew, flattening)
    cohort.last_number = first + len(bars) - 1
    cohort.last_time = int(bars.time[-1])
    cohort.last_close = float(bars.close[-1])
    cohort.stepped_at = now
    memory.save(cohort)
    _save(cohort)
    end_ruined(crew, bookings)
    hold_limited(crew, bookings)
    tell_step(cohort, crew, bars, bookings)
    return engine_s


def step_bar(
    crew: Crew,
    memory: Memory,
    bar: Bar,
    number: int,
    flattening: NDArray[np.int64],
    under_way: UnderWay,
) -> BarOutcome:
    """The engine's part: decisions and fills of one bar; `memory` changes in place."""
    accounts = memory.accounts
    request = accounts.whole_row("request")
    units_before = accounts.row("units").copy()
    flattening = np.union1d(flattening, under_way.leaving)
    leaves_anyway = np.isin(request[flattening], (LEAVE, LEAVE_TIMED))  # by the order asked at the bar before
    flattened = flattening[(units_before[flattening] != 0.0) & ~leaves_anyway]
    request[flattened] = LEAVE
    before = request.copy()
    result = crew.engine.step(memory.decisions, bar)
    said = np.stack([result.flags.astype(np.float64), result.stop, result.target, result.trail])
    reached = np.where(crew.late, memory.delayed, said) if crew.late.any() else said
    memory.delayed[:] = said
    given = np.where(crew.quiet, 0.0, reached[0]).astype(np.uint8)
    given[under_way.silent] = 0
    if len(under_way.waiting):
        reached = reached.copy()
        hold_levels(crew, accounts, under_way.waiting, reached)
    rejected = np.zeros(len(given), np.bool_)
    if crew.has_chances:
        rejected = (chances(crew.seeds, number) < crew.rejection) & (given != 0)
        given[rejected] = 0
    fills = accounts.step(bar, given, reached[1], reached[2], reached[3], shares=crew.shares)
    if crew.live.any():  # at an exchange nothing is closed until it says so: no new position before that
        closing = fills.account[np.isin(fills.reason, (BY_STOP, BY_TARGET, BY_TRAIL))]
        request[closing[crew.live[closing]]] = NOTHING
    return BarOutcome(
        number=number,
        bar=bar,
        result=result,
        flags=result.flags,
        given=given,
        rejected=rejected,
        flattened=flattened,
        units_before=units_before,
        before=before,
        after=request.copy(),
        fills=fills,
    )


def _remember_flat(crew: Crew, flattening: NDArray[np.int64]) -> None:
    """Whose position is still to be closed, for the next transaction; the crew is as good as new then."""
    now = np.zeros(len(crew.members), np.bool_)
    now[flattening] = True
    if np.array_equal(now, crew.flat):
        return
    done = [crew.members[slot].id for slot in np.flatnonzero(crew.flat & ~now)]
    more = [crew.members[slot].id for slot in np.flatnonzero(now & ~crew.flat)]
    if done:
        Bot.objects.filter(pk__in=done).update(wants_flat=False)
    if more:
        Bot.objects.filter(pk__in=more).update(wants_flat=True)
    # in this process and in any other: the version tells that the crew must be read anew
    Cohort.objects.filter(pk=crew.cohort_id).update(version=crew.version + 1)


def _save(cohort: Cohort) -> None:
    cohort.heartbeat_at = timezone.now()
    cohort.error, cohort.failures = "", 0
    cohort.save(
        update_fields=[
            "last_number", "last_time", "last_close", "decisions", "accounts", "delayed", "engine_version",
            "stepped_at", "heartbeat_at", "error", "failures", "updated_at",
        ]
    )  # fmt: skip
