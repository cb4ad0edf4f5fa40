"""From a bar of the engine to rows: decisions, intents, fills, in a constant number of statements for all bots."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext
from numpy.typing import NDArray

from apps.bots.models import Cohort
from apps.bots.services.crew import Crew, Member
from apps.bots.services.live import live_units
from apps.bots.services.memory import Memory
from apps.core.arrays import booleans, integers, texts
from apps.engine.bars import Bar
from apps.engine.sim.account import (
    BY_STOP,
    BY_TARGET,
    BY_TRAIL,
    BY_ZERO,
    GO_LONG,
    GO_SHORT,
    LEAVE,
    LEAVE_TIMED,
    NOTHING,
)
from apps.engine.sim.rules import REASONS
from apps.trading.choices import Purpose, Refusal, Side
from apps.trading.services import (
    NewIntent,
    PaperBatch,
    PaperEnd,
    PaperFill,
    Price,
    Refused,
    amount_of,
    intent_key,
    place,
    record_paper,
)

if TYPE_CHECKING:
    from apps.bots.services.stepping import BarOutcome

# Which of a bar's intents of one bot: what the formula asked, a protective order, ruin, a position closed by order.
ASKED, PROTECTED, RUINED, FLATTENED = range(4)
PROTECTIVE = (BY_STOP, BY_TARGET, BY_TRAIL)
LOSSES = (Refusal.DAILY_LOSS, Refusal.DRAWDOWN)

INSERT_DECISIONS = """
INSERT INTO bots_decision (bot_id, feed_id, number, time, close, flags, given, stop, target, trail, request, units,
    equity, fills, said, refused, is_flattening, at)
SELECT bot_id, %s, %s, %s, %s, flags, given, nullif(stop, 'NaN'), nullif(target, 'NaN'), nullif(trail, 'NaN'),
    request, units, equity, fills::jsonb, said::jsonb, refused, is_flattening, %s
FROM unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::float8[], %s::float8[], %s::float8[], %s::smallint[],
    %s::float8[], %s::float8[], %s::text[], %s::text[], %s::text[], %s::boolean[])
    AS d (bot_id, flags, given, stop, target, trail, request, units, equity, fills, said, refused, is_flattening)
"""


@dataclass(frozen=True, slots=True)
class Told:
    """Something a bot did at a bar that others may wait for: `action` is that of a signal."""

    slot: int
    seq: int
    action: str
    price: float
    text: str


@dataclass(frozen=True, eq=False)
class Booking:
    """What became of one bar. `slots` are those with a decision row, `to_flatten` those to close at the next open,
    `ended` those whose equity fell to zero on it, `limited` those whose request a limit on losses refused."""

    number: int
    bar: Any
    slots: list[int]
    told: list[Told]
    refused: dict[int, str]
    to_flatten: NDArray[np.int64]
    ended: list[int]
    limited: dict[int, Refused]


@dataclass(eq=False)
class _Page:
    """Everything to be written of one bar, before it is."""

    asked: list[NewIntent] = field(default_factory=list)
    filled: list[PaperFill] = field(default_factory=list)
    ended: list[PaperEnd] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    fills_of: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    said: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def key_of(member: Member, time: int, seq: int) -> str:
    """The name of an intent: who decided, by what, at which bar, which one."""
    return intent_key(str(member.uuid), member.version_hash, time, seq)


def moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def book_bar(cohort: Cohort, crew: Crew, memory: Memory, outcome: BarOutcome, now: datetime) -> Booking:
    """Store what one bar of the cohort caused; takes back from `memory` what the risk checks refuse."""
    bar, place_ = outcome.bar, crew.place
    closes_at = moment(bar.time + bar.timeframe_ms)
    page = _Page()
    _flatten(crew, outcome, page, cohort.last_time)
    _fills(crew, outcome, page, cohort.last_time, closes_at)
    _left_over(crew, outcome, page, cohort.last_time)
    record_paper(
        PaperBatch(
            prices=[Price(place_.source, place_.instrument_id, amount_of(bar.close), closes_at)],
            begin_day=_whose_day_begins(crew, bar, cohort.last_time),
            asked=page.asked,
            filled=page.filled,
            ended=page.ended,
        )
    )
    checked = _ask(crew, memory, outcome, page, closes_at)
    limited = {slot: one for slot, one in checked.items() if one.code in LOSSES}
    refused = {slot: one.words for slot, one in checked.items()}
    to_flatten = _take_back(memory, outcome, refused)
    for slot in np.flatnonzero(outcome.rejected).tolist():
        refused[slot] = gettext("The paper broker rejected the request, as its rejection rate says.")
    ruined = outcome.fills.account[outcome.fills.reason == BY_ZERO]
    slots = _decisions(crew, memory, outcome, page, refused, now)
    cohort.last_time = bar.time
    return Booking(outcome.number, bar, slots, page.told, refused, to_flatten, ruined.tolist(), limited)


def _whose_day_begins(crew: Crew, bar: Bar, last_time: int | None) -> list[int]:
    """Books of all members at the first close of a day (UTC), none at the others."""
    closes = moment(bar.time + bar.timeframe_ms).date()
    if last_time is not None and moment(last_time + bar.timeframe_ms).date() == closes:
        return []
    return [member.book_id for member in crew.members]


def _flatten(crew: Crew, outcome: BarOutcome, page: _Page, last_time: int | None) -> None:
    """Intents that close a position because somebody said so; they are filled at this bar's open."""
    for slot in outcome.flattened.tolist():
        member, units = crew.members[slot], float(outcome.units_before[slot])
        time = outcome.bar.time if last_time is None else last_time
        page.asked.append(
            NewIntent(
                key=key_of(member, time, FLATTENED),
                book_id=member.book_id,
                instrument_id=crew.place.instrument_id,
                side=Side.SELL if units > 0 else Side.BUY,
                purpose=Purpose.FLATTEN,
                decided_at=moment(outcome.bar.time),
                units=amount_of(abs(units)),
                reference_price=amount_of(outcome.bar.open),
                reduce_only=True,
                bar_time=time,
            )
        )


def _fills(crew: Crew, outcome: BarOutcome, page: _Page, last_time: int | None, closes_at: datetime) -> None:
    fills, bar = outcome.fills, outcome.bar
    flattened = set(outcome.flattened.tolist())
    opens_at = moment(bar.time)
    rows = zip(
        *(
            column.tolist()
            for column in (
                fills.account, fills.number, fills.reason, fills.side, fills.units, fills.price, fills.fee, fills.pnl
            )
        ),
        strict=True,
    )  # fmt: skip
    for slot, number, reason, side, units, price, fee, pnl in rows:
        member = crew.members[slot]
        protective = reason in PROTECTIVE or reason == BY_ZERO
        if protective:
            seq, time = (RUINED if reason == BY_ZERO else PROTECTED), bar.time
        else:
            seq = FLATTENED if slot in flattened else ASKED
            time = bar.time if last_time is None else last_time
        key = key_of(member, time, seq)
        at = closes_at if protective else opens_at
        size = amount_of(units)
        if protective:
            page.asked.append(
                NewIntent(
                    key=key,
                    book_id=member.book_id,
                    instrument_id=crew.place.instrument_id,
                    side=Side.BUY if side > 0 else Side.SELL,
                    purpose=Purpose.PROTECT,
                    decided_at=closes_at,
                    units=size,
                    reference_price=amount_of(price),
                    reduce_only=True,
                    bar_time=bar.time,
                    why={"reason": REASONS[reason]},
                )
            )
        page.touched.add(slot)
        if member.is_live:
            continue
        page.filled.append(
            PaperFill(
                key=key,
                account_id=member.account_id,
                units=size,
                price=amount_of(price),
                fee=amount_of(fee),
                at=at,
                reason=REASONS[reason],
                number=number,
            )
        )
        page.fills_of.setdefault(slot, []).append(
            {
                "reason": "flatten" if seq == FLATTENED else REASONS[reason],
                "side": "buy" if side > 0 else "sell",
                "units": units,
                "price": price,
                "fee": fee,
                "pnl": pnl,
                "key": key,
            }
        )
        is_entry = REASONS[reason] == "entry"
        action = ("buy" if side > 0 else "sell") if is_entry else "exit"
        words = "" if is_entry else REASONS[reason].replace("_", " ")
        page.told.append(Told(slot, 10 + number, action, price, words))


def _left_over(crew: Crew, outcome: BarOutcome, page: _Page, last_time: int | None) -> None:
    """Orders that waited for this open and found nothing to do: what could be bought was below the smallest size."""
    waited = (outcome.before == GO_LONG) | (outcome.before == GO_SHORT)
    opened = outcome.fills.account[
        np.isin(outcome.fills.reason, [e for e, w in REASONS.items() if w == "entry"])
    ]
    waited[opened] = False
    # one that closed the other side is done by that fill
    waited[outcome.fills.account[outcome.fills.number == 0]] = False
    waited &= ~crew.live
    if last_time is None:
        return
    for slot in np.flatnonzero(waited).tolist():
        member = crew.members[slot]
        page.ended.append(
            PaperEnd(
                key=key_of(member, last_time, ASKED),
                account_id=member.account_id,
                kind="cancelled",
                words=gettext(
                    "Its size came to nothing: below the instrument's smallest, or not defined on that bar."
                ),
                at=moment(outcome.bar.time),
            )
        )


def _said(outcome: BarOutcome, page: _Page, slot: int) -> list[tuple[str, str]]:
    """Kind and text of the bot's conditions that hold on this bar."""
    if slot not in page.said:
        page.said[slot] = outcome.result.signals(slot)
    return page.said[slot]


def _ask(
    crew: Crew, memory: Memory, outcome: BarOutcome, page: _Page, closes_at: datetime
) -> dict[int, Refused]:
    """Make intents of what the fill step made of this close's requests; the refused ones by slot, and why."""
    asked: dict[str, int] = {}
    intents: list[NewIntent] = []
    sizes: dict[tuple[str, float], dict[str, Any]] = {}
    whys: dict[tuple[str, ...], dict[str, Any]] = {}
    held = memory.accounts.row("units")
    price = amount_of(outcome.bar.close)
    # a live entry that is late by a bar is no longer wanted; what closes is, until it has
    frame = timedelta(milliseconds=outcome.bar.timeframe_ms)
    for slot in np.flatnonzero(outcome.after != NOTHING).tolist():
        member, request = crew.members[slot], int(outcome.after[slot])
        units = float(held[slot])
        leaves = request in (LEAVE, LEAVE_TIMED)
        buys = request == GO_LONG or (leaves and units < 0)
        key = key_of(member, outcome.bar.time, ASKED)
        size = crew.programs[slot].plan.size
        kinds = tuple(kind for kind, _ in _said(outcome, page, slot))
        amount: Decimal | None = amount_of(abs(units)) if leaves else None
        if member.is_live and not leaves:
            amount = live_units(crew, memory.accounts, slot, buys=buys, price=float(outcome.bar.close))
        intents.append(
            NewIntent(
                key=key,
                book_id=member.book_id,
                instrument_id=crew.place.instrument_id,
                side=Side.BUY if buys else Side.SELL,
                purpose=Purpose.EXIT if leaves else Purpose.ENTER,
                decided_at=closes_at,
                units=amount,
                size=None
                if leaves
                else sizes.setdefault((size.kind, size.value), {"kind": size.kind, "value": size.value}),
                reference_price=price,
                reduce_only=leaves,
                bar_time=outcome.bar.time,
                expires_at=closes_at + frame if member.is_live and not leaves else None,
                why=whys.setdefault(kinds, {"conditions": kinds}),
            )
        )
        asked[key] = slot
    return {asked[one.key]: one.refused for one in place(intents) if one.refused is not None}


def _take_back(memory: Memory, outcome: BarOutcome, refused: dict[int, str]) -> NDArray[np.int64]:
    """Forget refused requests; a refused reversal still leaves what is held. Returns the slots that do."""
    if not refused:
        return np.empty(0, np.int64)
    slots = np.array(sorted(refused), np.int64)
    memory.accounts.cancel(slots)
    held = memory.accounts.row("units")[slots]
    wanted = outcome.after[slots]
    turned = ((wanted == GO_LONG) & (held < 0.0)) | ((wanted == GO_SHORT) & (held > 0.0))
    leaving: NDArray[np.int64] = slots[turned]
    return leaving


def _decisions(
    crew: Crew,
    memory: Memory,
    outcome: BarOutcome,
    page: _Page,
    refused: dict[int, str],
    now: datetime,
) -> list[int]:
    """A row for each bot that asked, was filled, was refused or said something."""
    wanted = set(np.flatnonzero(outcome.after != NOTHING).tolist()) | page.touched | set(refused)
    wanted |= set(outcome.flattened.tolist())
    loud = [slot for slot in outcome.result.alerting.tolist() if not crew.quiet[slot]]
    slots = sorted(wanted | set(loud))
    if not slots:
        return []
    at = np.array(slots)
    for slot in loud:
        texts_said = [text for kind, text in _said(outcome, page, slot) if kind == "alert"]
        page.told += [
            Told(slot, 20 + i, "info", float(outcome.bar.close), text) for i, text in enumerate(texts_said)
        ]
    flattened = set(outcome.flattened.tolist())
    accounts, bar = memory.accounts, outcome.bar
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_DECISIONS,
            [
                crew.place.feed_id,
                outcome.number,
                bar.time,
                bar.close,
                now,
                integers([crew.members[slot].id for slot in slots]),
                integers(outcome.flags[at].tolist()),
                integers(outcome.given[at].tolist()),
                reals(outcome.result.stop[at]),
                reals(outcome.result.target[at]),
                reals(outcome.result.trail[at]),
                integers(outcome.after[at].tolist()),
                reals(accounts.row("units")[at]),
                reals(accounts.equity[at]),
                texts(json.dumps(page.fills_of[slot]) if slot in page.fills_of else "[]" for slot in slots),
                texts(json.dumps(_said(outcome, page, slot)) for slot in slots),
                texts(refused.get(slot, "")[:300] for slot in slots),
                booleans(slot in flattened for slot in slots),
            ],
        )
    return slots


def reals(values: NDArray[np.float64]) -> str:
    """As float8[], each to the bit; na is NaN."""
    return "{" + ",".join("NaN" if math.isnan(value) else repr(value) for value in values.tolist()) + "}"
