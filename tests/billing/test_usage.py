"""How much was used: counted once, whatever is run again, and never lowered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from apps.billing.models import UsageDay
from apps.billing.selectors.usage import usage_between, usage_by_day
from apps.billing.services import release, reserve, settle
from apps.billing.services.usage import API_CALLS, count_usage, roll_up_usage, usage_meters
from apps.core.api.log import request_log
from apps.core.models import ApiRequest
from apps.engine.bars import Bars
from apps.markets.models import Feed, LiveBar
from apps.markets.services.feed_setting import create_feed, delete_feed, start_feed
from apps.markets.services.feeds import append_bars
from apps.notifications.choices import DeliveryStatus
from apps.notifications.models import Delivery
from apps.notifications.services import NewNotice, queue_notices
from apps.signals.choices import FiringState
from apps.signals.models import Alarm, Alert, AlertSource, Firing, Signal
from tests.factories import workspace_of

NOON = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=12)
TODAY = NOON.date()
DAY = timedelta(days=1)


def line(workspace, status=200, via="key", at=NOON):
    request_log.add(
        at=at,
        method="GET",
        route="api/v1/formulas/$",
        status=status,
        milliseconds=1,
        bytes_sent=0,
        ip=None,
        request_id="x",
        via=via,
        key_id=1,
        user_id=1,
        workspace_id=workspace and workspace.pk,
    )


def test_calls_of_programs_count_with_their_lines(workspace, stranger):
    other = workspace_of(stranger, "pro")
    request_log.flush()
    for status in (200, 201, 404, 403, 402):
        line(workspace, status)
    line(other, via="token")
    line(workspace, at=NOON - DAY)
    for uncounted in ({"status": 429}, {"status": 500}, {"via": "session"}):
        line(workspace, **uncounted)
    line(None)
    request_log.flush()
    assert usage_by_day(workspace, API_CALLS, TODAY - 9 * DAY, TODAY) == {TODAY: 5, TODAY - DAY: 1}
    assert usage_between(other, TODAY, TODAY) == {API_CALLS: 1}
    line(workspace)
    request_log.flush()
    assert usage_by_day(workspace, API_CALLS, TODAY, TODAY) == {TODAY: 6}


def test_calls_of_a_workspace_that_is_gone_hold_nobody_up(workspace):
    request_log.flush()
    before = ApiRequest.objects.count()
    count_usage(API_CALLS, {(workspace.pk, TODAY): 2, (10**9, TODAY): 5})
    assert usage_between(workspace, TODAY, TODAY) == {API_CALLS: 2}
    assert ApiRequest.objects.count() == before


def test_finished_backtests_count_and_those_given_back_do_not(workspace):
    for key in "abc":
        reserve(workspace, "backtests", key=key)
    settle("a")
    settle("b")
    release("c")
    assert roll_up_usage() == 1
    today = datetime.now(UTC).date()
    assert usage_between(workspace, today - timedelta(days=1), today) == {"backtests": 2}
    assert roll_up_usage() == 0


def test_messages_that_were_delivered_outside_the_inbox_count(workspace, user):
    queue_notices(
        [
            NewNotice(user.pk, "bots.bot.paused", f"n:{number}", {"title": "Paused"}, workspace.pk)
            for number in range(3)
        ]
    )
    mails = Delivery.objects.filter(channel="email").order_by("id")
    assert len(mails) == 3
    mails.filter(pk__in=[mails[0].pk, mails[1].pk]).update(status=DeliveryStatus.DELIVERED, ended_at=NOON)
    mails.filter(pk=mails[2].pk).update(status=DeliveryStatus.FAILED, ended_at=NOON)
    roll_up_usage(NOON + timedelta(hours=1))
    assert usage_between(workspace, TODAY, TODAY)["notifications"] == 2


@pytest.fixture
def firings(workspace, user):
    source = AlertSource.objects.create(workspace=workspace, name="Mine", token_hash="a", token_prefix="b")
    alarm = Alarm.objects.create(workspace=workspace, person=user, name="Mine")
    states = [FiringState.DELIVERED, FiringState.NO_CREDITS, FiringState.COOLING, FiringState.MUTED]
    made = []
    for number, state in enumerate([*states, FiringState.DELIVERED]):
        is_test = number == len(states)
        alert = Alert.objects.create(
            source=source,
            dedupe_key=f"{number}",
            received_at=NOON,
            body=b"",
            headers={},
            is_test=is_test,
            status="processed",
        )
        signal = Signal.objects.create(
            workspace=workspace,
            source=source,
            alert=alert,
            symbol="X",
            action="buy",
            received_at=NOON,
            payload={},
            is_test=is_test,
        )
        made.append(
            Firing.objects.create(
                alarm=alarm,
                signal=signal,
                key=f"f:{number}",
                state=state,
                fired_at=NOON - timedelta(hours=number),
                ended_at=NOON,
            )
        )
    return made


def test_alarms_that_fired_count_and_are_not_forgotten(workspace, firings):
    roll_up_usage(NOON + timedelta(hours=1))
    assert usage_between(workspace, TODAY, TODAY) == {"alarms": 2}
    Firing.objects.filter(pk=firings[0].pk).delete()
    roll_up_usage(NOON + timedelta(hours=2))
    assert usage_between(workspace, TODAY, TODAY) == {"alarms": 2}


def test_days_that_were_missed_are_made_up_for(workspace, firings):
    UsageDay.objects.create(workspace=workspace, meter="alarms", day=TODAY - 2 * DAY, amount=4)
    roll_up_usage(NOON + 9 * DAY)
    assert usage_by_day(workspace, "alarms", TODAY - 9 * DAY, TODAY) == {
        TODAY - 2 * DAY: 4,
        TODAY: 2,
    }


def feed_of(workspace, symbol, bars):
    feed = create_feed(
        workspace, provider="csv_drop", settings={"folder": "bars"}, timeframe="1m", symbol=symbol, actor=None
    )
    start_feed(feed, actor=None)
    add_bars(feed, bars)
    return feed


def add_bars(feed, bars):
    feed.refresh_from_db()
    times = 1_767_571_200_000 + (feed.next_number + np.arange(bars, dtype=np.int64)) * 60_000
    price = np.full(bars, 100.0)
    found = Bars(times, price, price + 1, price - 1, price, price, timeframe_ms=60_000)
    append_bars(feed.pk, found, received_at=NOON)


def test_bars_of_own_feeds_count_and_stay_counted_when_the_feed_goes(workspace, user):
    first = feed_of(workspace, "ONE", 5)
    Feed.objects.filter(pk=feed_of(workspace, "SHARED", 4).pk).update(workspace=None)
    roll_up_usage(NOON + timedelta(hours=1))
    assert usage_between(workspace, TODAY, TODAY) == {"feed_bars": 5}
    add_bars(first, 2)
    delete_feed(first, actor=user)
    assert not LiveBar.objects.filter(feed_id=first.pk).exists()
    assert usage_between(workspace, TODAY, TODAY) == {"feed_bars": 7}
    feed_of(workspace, "TWO", 3)
    for _ in range(2):
        roll_up_usage(NOON + timedelta(hours=2))
    assert usage_between(workspace, TODAY, TODAY) == {"feed_bars": 10}
    assert UsageDay.objects.filter(meter="feed_bars").count() == 1


def test_every_meter_has_words():
    assert usage_meters() == {
        "alarms": "alarms fired",
        "api_calls": "API calls",
        "backtests": "backtests run",
        "feed_bars": "bars from own feeds",
        "notifications": "messages delivered",
    }
