"""A cohort in memory: its members in the order of their slots, and all that is constant while they stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from apps.bots.choices import BotState, Mode
from apps.bots.models import Bot, Cohort
from apps.bots.rules.options import seed_of
from apps.bots.services.programs import account_rules, program_of, sim_params
from apps.engine.lang import Program
from apps.engine.program.cohort import Cohort as EngineCohort
from apps.engine.sim.account import Rules
from apps.engine.sim.accounts import Accounts
from apps.markets.models import Feed

# What `crew_from` reads of each bot; and what many of them share, which is read once instead of with every one.
COLUMNS = (
    "uuid", "name", "workspace_id", "book_id", "capital", "inputs", "state", "mode", "wants_flat", "version_id",
    "account_id", "feed_id",
)  # fmt: skip
SHARED = ("version", "account", "feed__instrument")
KEPT = 16  # crews a process remembers


@dataclass(frozen=True, slots=True)
class Member:
    """What stepping needs to know of a bot."""

    id: int
    uuid: UUID
    name: str
    workspace_id: int
    book_id: int
    account_id: int
    version_hash: str
    capital: Decimal
    is_live: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cohort trades: its feed, and the name under which the feed's prices value positions."""

    feed_id: int
    source: str
    instrument_id: int
    symbol: str
    timeframe: str


@dataclass(frozen=True, eq=False)
class Crew:
    """The members of a cohort at one of its versions.

    `accounts` are theirs as they begin; those of now are in the cohort's row.
    `quiet`: paused or on its way out, what its formula asks goes nowhere. `flat`: its position is to be closed at
    the next open (at an exchange that happens without waiting for a bar).
    """

    cohort_id: int
    version: int
    place: Place
    members: list[Member]
    programs: list[Program]
    engine: EngineCohort
    rules: list[Rules]
    accounts: Accounts
    quiet: NDArray[np.bool_]
    flat: NDArray[np.bool_]
    live: NDArray[np.bool_]
    late: NDArray[np.bool_]
    shares: NDArray[np.float64]
    rejection: NDArray[np.float64]
    seeds: NDArray[np.uint64]

    @property
    def has_chances(self) -> bool:
        return bool(self.rejection.any())


_crews: OrderedDict[int, Crew] = OrderedDict()


def crew_of(cohort: Cohort) -> Crew | None:
    """The crew of a cohort whose row is locked; None while it has no members."""
    known = _crews.get(cohort.pk)
    if known is not None and known.version == cohort.version:
        _crews.move_to_end(cohort.pk)
        return known
    made = load_crew(cohort)
    if made is None:
        _crews.pop(cohort.pk, None)
        return None
    _crews[cohort.pk] = made
    while len(_crews) > KEPT:
        _crews.popitem(last=False)
    return made


def forget_crews() -> None:
    """As in a process that has just begun."""
    _crews.clear()


def load_crew(cohort: Cohort) -> Crew | None:
    bots = list(
        Bot.objects.filter(cohort=cohort, slot__isnull=False)
        .prefetch_related(*SHARED)
        .only(*COLUMNS, "slot")
        .order_by("slot")
    )
    return crew_from(cohort, bots) if bots else None


def crew_from(cohort: Cohort, bots: list[Bot]) -> Crew:
    """The crew of these bots, the one at index i having slot i."""
    programs = [program_of(bot.version.text, bot.inputs) for bot in bots]
    made: dict[tuple[int, int, Decimal], Rules] = {}
    rules = []
    for bot, program in zip(bots, programs, strict=True):
        key = (id(program), bot.account_id, bot.capital)
        if key not in made:
            made[key] = account_rules(
                program, sim_params(bot.account, bot.feed.instrument, float(bot.capital))
            )
        rules.append(made[key])
    return Crew(
        cohort_id=cohort.pk,
        version=cohort.version,
        place=place_of(bots[0].feed),
        members=[_member(bot) for bot in bots],
        programs=programs,
        engine=EngineCohort(programs),
        rules=rules,
        accounts=Accounts.new(rules, [float(bot.capital) for bot in bots]),
        quiet=np.array([bot.state != BotState.RUNNING for bot in bots]),
        flat=np.array([bot.wants_flat and bot.mode == Mode.PAPER for bot in bots]),
        live=np.array([bot.mode == Mode.LIVE for bot in bots]),
        late=np.array([bot.mode == Mode.PAPER and bot.account.latency_bars > 0 for bot in bots]),
        shares=np.array(
            [float(bot.account.partial_fill_rate) if bot.mode == Mode.PAPER else 1.0 for bot in bots]
        ),
        rejection=np.array(
            [float(bot.account.rejection_rate) if bot.mode == Mode.PAPER else 0.0 for bot in bots]
        ),
        seeds=np.array([seed_of(bot.account.seed, bot.pk) for bot in bots], np.uint64),
    )


def place_of(feed: Feed) -> Place:
    symbol = (
        f"{feed.instrument.venue}:{feed.instrument.symbol}"
        if feed.instrument.venue
        else feed.instrument.symbol
    )
    return Place(feed.pk, price_source(feed), feed.instrument_id, symbol, feed.timeframe)


def price_source(feed: Feed) -> str:
    """The name under which trading knows the prices of a feed."""
    return f"feed:{feed.uuid}"


def _member(bot: Bot) -> Member:
    assert bot.book_id is not None  # a bot gets its book before it joins
    return Member(
        id=bot.pk,
        uuid=bot.uuid,
        name=bot.name,
        workspace_id=bot.workspace_id,
        book_id=bot.book_id,
        account_id=bot.account_id,
        version_hash=bot.version.content_hash,
        capital=bot.capital,
        is_live=bot.mode == Mode.LIVE,
    )
