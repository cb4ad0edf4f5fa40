"""How often an alarm would have fired, and what it would have cost: told before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils import timezone
from django.utils.translation import gettext

from apps.core.manner import written
from apps.engine.lang.payloads import compile_condition
from apps.notifications.selectors import zone_named
from apps.notifications.services import NewNotice, plan_notices
from apps.signals.choices import FiringState
from apps.signals.events import ALARM_FIRED
from apps.signals.matching import Wishes, fields_of
from apps.signals.models import Alarm, Signal
from apps.signals.services.alarms import check_alarm

DAYS = 90
MOST_SIGNALS = 20_000  # looked at; the newest


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the last `days` days would have been. `since` is later than that where there are too many signals.

    `held_back` counts those that hours or the cool-down would have kept back.
    """

    days: int
    since: datetime
    signals: int
    fired: int
    held_back: int
    median_gap_s: float | None
    credits_each: int
    credits: int
    is_cut: bool

    @property
    def gap(self) -> str:
        """The median time between two firings, in words."""
        if self.median_gap_s is None:
            return "–"
        for unit, words in (
            (86_400, gettext("{number} d")),
            (3600, gettext("{number} h")),
            (60, gettext("{number} min")),
        ):
            if self.median_gap_s >= unit:
                return words.format(number=f"{written(self.median_gap_s / unit):.1f}")
        return gettext("{number} s").format(number=f"{self.median_gap_s:.0f}")


def forecast(alarm: Alarm, *, now: datetime | None = None) -> Forecast:
    """Run an alarm, saved or not, over the workspace's signals. Raises AlarmRefused for one that cannot be."""
    check_alarm(alarm)
    now = now or timezone.now()
    since = now - timedelta(days=DAYS)
    signals = Signal.objects.filter(
        workspace=alarm.workspace_id, received_at__gte=since, received_at__lte=now, is_test=False
    )
    if alarm.source_id:
        signals = signals.filter(source=alarm.source_id)
    if alarm.symbols:
        signals = signals.filter(symbol__in=alarm.symbols)
    if alarm.actions:
        signals = signals.filter(action__in=alarm.actions)
    signals = signals.order_by("-id")
    if not alarm.condition:
        signals = signals.only("received_at")
    rows = list(signals[: MOST_SIGNALS + 1])
    is_cut = len(rows) > MOST_SIGNALS
    rows = rows[:MOST_SIGNALS][::-1]
    condition = compile_condition(alarm.condition) if alarm.condition else None
    wishes = Wishes(
        zone_named(alarm.person.timezone), alarm.days, alarm.open_from, alarm.open_until, alarm.cool_down_s
    )
    moments: list[datetime] = []
    held_back = 0
    for signal in rows:
        if condition is not None and not condition.holds(fields_of(signal)):
            continue
        verdict = wishes.verdict(signal.received_at, moments[-1] if moments else None)
        if verdict == FiringState.QUEUED:
            moments.append(signal.received_at)
        else:
            held_back += 1
    gaps = [(b - a).total_seconds() for a, b in pairwise(moments)]
    each = price_of(alarm, now)
    return Forecast(
        days=DAYS,
        since=rows[0].received_at if is_cut else since,
        signals=len(rows),
        fired=len(moments),
        held_back=held_back,
        median_gap_s=median(gaps) if gaps else None,
        credits_each=each,
        credits=each * len(moments),
        is_cut=is_cut,
    )


def price_of(alarm: Alarm, now: datetime) -> int:
    """What one firing costs at most, by the person's present contacts and preferences."""
    notice = NewNotice(
        person_id=alarm.person_id,
        event=ALARM_FIRED.name,
        key="forecast",
        data={},
        workspace_id=alarm.workspace_id,
        urgency=alarm.urgency,
        channels=tuple(alarm.channels) or None,
        within_s=alarm.within_s,
        ladder_id=alarm.ladder_id,
    )
    return sum(planned.cost for planned in plan_notices([notice], now=now))
