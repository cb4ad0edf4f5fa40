"""Signals of the demo: a rule of our own on made-up hours that end now, with alarms, notices, outcomes and the record.

Everything goes the way it goes in earnest: alerts are stored as the intake stores them, and services do the rest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.billing.services.credits import grant_plan_credits
from apps.core.words import gettext_noop
from apps.engine.bars import Bars
from apps.markets.providers.sample import synthetic_hours, synthetic_minutes
from apps.markets.services import store_bars
from apps.signals.models import Alarm, AlertSource
from apps.signals.selectors import posted_sources_of
from apps.signals.services import (
    create_alarm,
    create_source,
    create_ut_bot,
    match_signals,
    measure_outcomes,
    process_alerts,
    seal_signals,
)
from apps.signals.services.past_alerts import past_alerts, store_past_alerts
from apps.signals.services.publishing import publish_record

HOURS = 40 * 24
HOUR_MS = 3_600_000
SYMBOL = "DEMOUSD"
NEWEST = 4  # signals that find alarms: with all of them the inbox would be full
RULE = {
    "symbols": [f"DEMO:{SYMBOL}"],
    "timeframe": "1h",
    "ema_period": 5,
    "atr_period": 10,
    "multiplier": "2",
}


def fill_signals(workspace: Workspace, person: User, *, slug: str, now: datetime | None = None) -> None:
    """Once: a source, some weeks of signals, two alarms. Does nothing where there is a source beside the bots' own."""
    if posted_sources_of(workspace).exists():
        return
    now = now or timezone.now()
    grant_plan_credits(only=workspace)
    bars = hours_until(now)
    store_bars(
        workspace,
        bars,
        source=gettext_noop("synthetic: a seeded random walk until today, not a market"),
        name="Synthetic hours until today (not a real market)",
        is_synthetic=True,
        actor=person,
    )
    source, _token = create_source(workspace, name="TradingView", actor=person)
    bot = create_ut_bot(workspace, RULE | {"name": "UT Bot, hourly", "source": source}, actor=person)
    rows = past_alerts(bot, source, bars, until=now)
    older, newest = rows[:-NEWEST], rows[-NEWEST:]
    store_past_alerts(older)
    _work_off()  # nobody waits for these yet
    _alarms(workspace, person, source, since=newest[0].received_at - timedelta(seconds=1))
    store_past_alerts(newest)
    _work_off()
    measure_outcomes()
    seal_signals()
    publish_record(workspace, slug=slug, reveal_after_h=24, actor=person)


def hours_until(now: datetime) -> Bars:
    """The demo's synthetic hours, moved so that the last one has just closed."""
    hours = synthetic_hours(synthetic_minutes(HOURS * 60))
    closed_ms = int(now.timestamp() * 1000) // HOUR_MS * HOUR_MS
    times = closed_ms - HOUR_MS * np.arange(len(hours), 0, -1, dtype=np.int64)
    return replace(hours, time=times, symbol=SYMBOL)


def _work_off() -> None:
    while process_alerts() + match_signals():
        pass


def _alarms(workspace: Workspace, person: User, source: AlertSource, *, since: datetime) -> None:
    """Two of the person's, as if made at `since`: an alarm takes no signal that came before it."""
    every = {"name": "Every turn", "source": source, "channels": ["email"]}
    office = {
        "name": "Buys in office hours",
        "symbols": [SYMBOL],
        "actions": ["buy"],
        "condition": 'timeframe == "1h" and price > 0',
        "channels": ["email"],
        "days": [0, 1, 2, 3, 4],
        "open_from": datetime.min.time().replace(hour=9),
        "open_until": datetime.min.time().replace(hour=17),
        "cool_down_s": 3600,
    }
    made = [create_alarm(workspace, values, person=person) for values in (every, office)]
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in made]).update(created_at=since)
