"""From signals to those who wait for them: alarms matched, credits held, messages queued, in one transaction.

The number of statements does not depend on the number of alarms. Everything that is written has a key made of alarm
and signal, so that a worker that died is followed by one that does the same once.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.services.credits import Need, hold_many
from apps.core.arrays import integers, texts
from apps.engine.lang.payloads import compile_condition
from apps.notifications.selectors import zone_named
from apps.notifications.services import NewNotice, PlannedNotice, plan_notices, queue_planned
from apps.signals.choices import FiringState, RejectedFor, SignalStatus
from apps.signals.events import ALARM_FIRED, NO_CREDITS
from apps.signals.matching import Wishes, fields_of
from apps.signals.models import Alarm, Signal
from apps.signals.services.sequences import follow_sequences
from apps.signals.services.states import Step, move_signals

log = structlog.get_logger(__name__)

BATCH = 50
MOST_PAIRS = 20_000  # of one transaction; a signal with more alarms has one of its own
MAX_ATTEMPTS = 5
# What a signal without a message is said to be rejected for, most telling first.
REASONS = {
    FiringState.NO_CREDITS: RejectedFor.NO_CREDITS,
    FiringState.COOLING: RejectedFor.COOLING,
    FiringState.OFF_HOURS: RejectedFor.OFF_HOURS,
    FiringState.MUTED: RejectedFor.MUTED,
    FiringState.CANCELLED: RejectedFor.UNDELIVERED,
}

CONDITIONS = """
SELECT DISTINCT s.id, a.condition
FROM signals_signal AS s
JOIN signals_alarm AS a ON a.workspace_id = s.workspace_id AND a.is_active
    AND (a.source_id IS NULL OR a.source_id = s.source_id)
WHERE s.id = ANY(%s) AND a.condition <> ''
"""

CANDIDATES = """
SELECT s.id, a.id, a.person_id, a.workspace_id, a.name, a.channels, a.within_s, a.ladder_id, a.urgency,
       a.cool_down_s, a.muted_until, a.days, a.open_from, a.open_until,
       CASE WHEN a.cool_down_s > 0 THEN a.last_fired_at END, u.timezone
FROM signals_signal AS s
JOIN signals_alarm AS a ON a.workspace_id = s.workspace_id AND a.is_active AND a.created_at <= s.received_at
    AND (a.source_id IS NULL OR a.source_id = s.source_id)
    AND (a.symbols = '{}' OR s.symbol = ANY(a.symbols))
    AND (a.actions = '{}' OR s.action = ANY(a.actions))
    AND (a.condition = '' OR EXISTS (
        SELECT FROM unnest(%s::bigint[], %s::text[]) AS met (signal_id, hash)
        WHERE met.signal_id = s.id AND met.hash = a.condition_hash))
JOIN accounts_membership AS m ON m.workspace_id = a.workspace_id AND m.user_id = a.person_id
JOIN accounts_user AS u ON u.id = a.person_id
WHERE s.id = ANY(%s)
ORDER BY s.id, a.id
"""

INSERT_FIRINGS = """
WITH added AS (
    INSERT INTO signals_firing (uuid, alarm_id, signal_id, key, state, held, fired_at, ended_at)
    SELECT uuid, alarm_id, signal_id, key, state, held, %s, CASE state WHEN 'queued' THEN NULL ELSE %s END
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::integer[])
        AS incoming (uuid, alarm_id, signal_id, key, state, held)
    ON CONFLICT DO NOTHING
)
UPDATE signals_alarm AS a SET last_fired_at = greatest(a.last_fired_at, s.received_at)
FROM unnest(%s::bigint[], %s::bigint[]) AS fired (alarm_id, signal_id)
JOIN signals_signal AS s ON s.id = fired.signal_id
WHERE a.id = fired.alarm_id
"""


@dataclass(slots=True)
class _Pair:
    """A signal and an alarm that takes it."""

    signal_id: int
    alarm_id: int
    person_id: int
    workspace_id: int
    name: str
    channels: list[str]
    within_s: int | None
    ladder_id: int | None
    urgency: int
    wishes: Wishes
    last_fired_at: datetime | None
    uuid: UUID
    key: str
    state: FiringState = FiringState.QUEUED
    held: int = 0


def match_signals(*, batch: int = BATCH) -> int:
    """Find the alarms of one batch of signals and queue their messages. Returns how many signals were claimed.

    When a batch fails its signals are tried one by one; after `MAX_ATTEMPTS` a signal is rejected as broken.
    """
    claimed: list[int] = []
    try:
        with _collecting_later(), transaction.atomic():
            signals = _claim(Signal.objects.order_by("attempts", "id"), batch)
            claimed = [signal.pk for signal in signals]
            return _match(signals)
    except OperationalError:
        raise
    except Exception:
        log.exception("signal_batch_failed", signals=len(claimed))
        for signal_id in claimed:
            _match_alone(signal_id)
    return len(claimed)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Tens of thousands of small objects are made and all needed to the end: a search for garbage finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _match_alone(signal_id: int) -> None:
    try:
        with transaction.atomic():
            _match(_claim(Signal.objects.filter(pk=signal_id), 1))
    except OperationalError:
        raise
    except Exception:
        log.exception("signal_failed", signal_id=signal_id)
        waiting = Signal.objects.filter(pk=signal_id, status=SignalStatus.VALIDATED)
        waiting.update(attempts=F("attempts") + 1)
        if waiting.filter(attempts__gte=MAX_ATTEMPTS).exists():
            move_signals([Step(signal_id, SignalStatus.REJECTED, RejectedFor.BROKEN)], at=timezone.now())


def _claim(signals: QuerySet[Signal], most: int) -> list[Signal]:
    """Lock signals that wait for their alarms and that no other worker holds."""
    return list(
        signals.filter(status=SignalStatus.VALIDATED)
        .select_related("source")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))[:most]
    )


def _match(signals: list[Signal]) -> int:
    """Returns how many of the signals it took: as many as their alarms allow in one transaction."""
    if not signals:
        return 0
    now = timezone.now()
    # The ledger's lock, taken before reading: no two workers let one alarm fire within its cool-down.
    workspaces = sorted({signal.workspace_id for signal in signals})
    list(Workspace.objects.filter(pk__in=workspaces).order_by("pk").select_for_update(no_key=True).only("pk"))
    signals = _not_too_many(signals, workspaces)
    follow_sequences(signals, now=now)
    pairs = _pairs(signals)
    _judge(pairs, {signal.pk: signal.received_at for signal in signals})
    _send(pairs, {signal.pk: signal for signal in signals}, now)
    _write_firings(pairs, {signal.pk: signal.received_at for signal in signals}, now)
    states: dict[int, Counter[FiringState]] = {signal.pk: Counter() for signal in signals}
    for pair in pairs:
        states[pair.signal_id][pair.state] += 1
    move_signals([_step(pk, counted) for pk, counted in states.items()], at=now)
    return len(signals)


def _not_too_many(signals: list[Signal], workspaces: list[int]) -> list[Signal]:
    counted = Alarm.objects.filter(workspace__in=workspaces, is_active=True).values_list("workspace")
    numbers = dict(counted.annotate(number=Count("id")))
    total = 0
    for place, signal in enumerate(signals):
        total += numbers.get(signal.workspace_id, 0)
        if total > MOST_PAIRS and place:
            return signals[:place]
    return signals


def _pairs(signals: Sequence[Signal]) -> list[_Pair]:
    by_id = {signal.pk: signal for signal in signals}
    met: list[tuple[int, str]] = []
    with connection.cursor() as cursor:
        cursor.execute(CONDITIONS, [list(by_id)])
        for signal_id, text in cursor.fetchall():
            condition = compile_condition(text)
            if condition.holds(fields_of(by_id[signal_id])):
                met.append((signal_id, condition.hash))
        cursor.execute(CANDIDATES, [[pk for pk, _ in met], [hash_ for _, hash_ in met], list(by_id)])
        return [_pair(*row) for row in cursor.fetchall()]


def _pair(
    signal_id: int,
    alarm_id: int,
    person_id: int,
    workspace_id: int,
    name: str,
    channels: list[str],
    within_s: int | None,
    ladder_id: int | None,
    urgency: int,
    cool_down_s: int,
    muted_until: datetime | None,
    days: list[int],
    open_from: time | None,
    open_until: time | None,
    last_fired_at: datetime | None,
    zone: str,
) -> _Pair:
    wishes = Wishes(zone_named(zone), days, open_from, open_until, cool_down_s, muted_until)
    return _Pair(
        signal_id,
        alarm_id,
        person_id,
        workspace_id,
        name,
        channels,
        within_s,
        ladder_id,
        urgency,
        wishes,
        last_fired_at,
        uuid4(),
        f"firing:{alarm_id}:{signal_id}",
    )


def _judge(pairs: Iterable[_Pair], received: Mapping[int, datetime]) -> None:
    """Which of them fire: in the order of the signals, each counting for the cool-down of those after it."""
    fired: dict[int, datetime] = {}
    for pair in pairs:
        at = received[pair.signal_id]
        pair.state = pair.wishes.verdict(at, fired.get(pair.alarm_id, pair.last_fired_at))
        if pair.state == FiringState.QUEUED:
            fired[pair.alarm_id] = at


def _send(pairs: Sequence[_Pair], signals: Mapping[int, Signal], now: datetime) -> None:
    """Plan the messages, hold what they cost at most, queue them. Who lacks the credits is told in the inbox."""
    by_key = {pair.key: pair for pair in pairs if pair.state == FiringState.QUEUED}
    data: dict[tuple[int, str, bool], dict[str, Any]] = {}

    def said(pair: _Pair, paid: bool = True) -> dict[str, Any]:
        """Shared by all alarms of one name, so that it is sent to the database once."""
        place = (pair.signal_id, pair.name, paid)
        if place not in data:
            data[place] = signal_data(signals[pair.signal_id], pair.name, paid=paid)
        return data[place]

    notices = [
        NewNotice(
            person_id=pair.person_id,
            event=ALARM_FIRED.name,
            key=key,
            data=said(pair),
            workspace_id=pair.workspace_id,
            urgency=pair.urgency,
            # A test goes to the inbox alone: it is free, and a button must not send free messages.
            channels=() if signals[pair.signal_id].is_test else tuple(pair.channels) or None,
            within_s=pair.within_s,
            ladder_id=None if signals[pair.signal_id].is_test else pair.ladder_id,
            charge_key=key,
            is_test=signals[pair.signal_id].is_test,
        )
        for key, pair in by_key.items()
    ]
    planned = plan_notices(notices, now=now)
    refused = hold_many(
        Need(
            by_key[one.notice.key].workspace_id,
            one.notice.key,
            one.cost,
            f"signals.firing:{by_key[one.notice.key].uuid}",
        )
        for one in planned
        if one.cost
    ).refused
    for pair in by_key.values():
        pair.state = FiringState.CANCELLED  # a person who is gone or suspended has no plan
    ready: list[PlannedNotice] = []
    for one in planned:
        pair = by_key[one.notice.key]
        if one.notice.key in refused:
            pair.state = FiringState.NO_CREDITS
            free = tuple(way for way in one.deliveries if not way.cost)
            one = one._replace(notice=one.notice._replace(data=said(pair, paid=False)), deliveries=free)
        else:
            pair.state, pair.held = FiringState.QUEUED, one.cost
        ready.append(one)
    queue_planned(ready, now=now)


def signal_data(signal: Signal, alarm: str, *, paid: bool = True) -> dict[str, Any]:
    """What the message says."""
    place = f"{signal.exchange}:{signal.symbol}" if signal.exchange else signal.symbol
    facts = [
        ("Price", "" if signal.price is None else f"{signal.price.normalize():f}"),
        ("Timeframe", signal.timeframe),
        ("Strategy", signal.strategy),
        ("Source", signal.source.name),
        ("Bar", signal.bar_time.strftime("%Y-%m-%d %H:%M UTC") if signal.bar_time else ""),
        ("Alarm", alarm),
    ]
    text = "" if paid else NO_CREDITS
    return {
        "title": f"{signal.get_action_display()} {place}",
        "text": text,
        "facts": [[name, value] for name, value in facts if value],
        "url": f"/signals/{signal.uuid}/",
        "url_words": gettext("Open the signal"),
        "signal": str(signal.uuid),
        "symbol": signal.symbol,
        "exchange": signal.exchange,
        "action": str(signal.action),
        "price": None if signal.price is None else f"{signal.price.normalize():f}",
        "timeframe": signal.timeframe,
    }


def _write_firings(pairs: Sequence[_Pair], received: Mapping[int, datetime], now: datetime) -> None:
    if not pairs:
        return
    fired: dict[int, int] = {}  # each alarm's newest
    for pair in pairs:
        if pair.state in (FiringState.QUEUED, FiringState.NO_CREDITS):
            known = fired.setdefault(pair.alarm_id, pair.signal_id)
            if received[pair.signal_id] > received[known]:
                fired[pair.alarm_id] = pair.signal_id
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_FIRINGS,
            [
                now,
                now,
                texts(str(pair.uuid) for pair in pairs),
                integers(pair.alarm_id for pair in pairs),
                integers(pair.signal_id for pair in pairs),
                texts(pair.key for pair in pairs),
                texts(pair.state.value for pair in pairs),
                integers(pair.held for pair in pairs),
                integers(fired),
                integers(fired.values()),
            ],
        )


def _step(signal_id: int, states: Mapping[FiringState, int]) -> Step:
    queued = states.get(FiringState.QUEUED, 0)
    if queued:
        return Step(signal_id, SignalStatus.MATCHED, fired=queued)
    for state, reason in REASONS.items():
        if states.get(state):
            return Step(signal_id, SignalStatus.REJECTED, reason)
    return Step(signal_id, SignalStatus.UNMATCHED)
