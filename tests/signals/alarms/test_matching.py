"""Whose alarms take a signal, what it costs, and what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership
from apps.billing.models import CreditBucket
from apps.notifications.models import Delivery, Notice
from apps.notifications.services import add_webhook, send_due
from apps.signals.models import Alarm, Firing, Signal
from apps.signals.services import (
    match_signals,
    mute_alarm,
    process_alerts,
    send_test_alert,
    settle_firings,
    update_alarm,
)
from tests.factories import UserFactory
from tests.notifications.loopback import Answer
from tests.signals.alarms.conftest import give, store_alert

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def steps(signal: Signal) -> list[tuple[str, str]]:
    return list(signal.steps.order_by("id").values_list("status", "reason"))


def purse(workspace) -> tuple[int, int, int]:
    """Available, held, spent."""
    bucket = CreditBucket.objects.get(workspace_id=workspace.pk)
    return bucket.available, bucket.held, bucket.spent


def test_from_alert_to_inbox_and_webhook(credits, user, workspace, source, alarm, receive, provider):
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(name="Bitcoin", source=source, channels=["webhook"])
    signal = receive(exchange="BINANCE")
    assert signal.status == "matched"
    assert purse(workspace) == (99, 1, 0), "the most it can cost is held"

    send_due(linger_s=0)
    settle_firings()

    (request,) = provider.requests
    assert request.json["data"]["title"] == "Buy BINANCE:BTCUSDT"
    notice = Notice.objects.get(person=user)
    assert ["Alarm", "Bitcoin"] in notice.data["facts"]
    firing = Firing.objects.get()
    assert (firing.state, firing.held, firing.spent) == ("delivered", 1, 1)
    assert purse(workspace) == (99, 0, 1)
    signal.refresh_from_db()
    assert signal.status == "delivered"
    assert steps(signal) == [("received", ""), ("validated", ""), ("matched", ""), ("delivered", "")]


def test_what_failed_is_given_back(credits, user, workspace, alarm, receive, provider):
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    provider.answer = lambda request: Answer(410)
    alarm(channels=["webhook", "email"])
    signal = receive()
    assert purse(workspace) == (98, 2, 0)
    send_due(linger_s=0)
    settle_firings()
    assert purse(workspace) == (99, 0, 1), "the e-mail is paid, the webhook is not"
    assert Firing.objects.get().state == "partly"
    signal.refresh_from_db()
    assert signal.status == "delivered"


def test_without_credits_the_inbox_alone_is_told(user, workspace, alarm, receive, provider):
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(channels=["webhook"])
    signal = receive()
    send_due(linger_s=0)
    assert provider.requests == []
    assert Firing.objects.get().state == "no_credits"
    assert "too few credits" in Notice.objects.get().data["text"]
    assert list(Delivery.objects.values_list("channel", "status")) == [("inbox", "delivered")]
    assert (signal.status, signal.reason) == ("rejected", "no_credits")


def test_credits_for_some_of_the_alarms(user, workspace, alarm, receive, provider):
    give(workspace, 2)
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    for number in range(5):
        alarm(name=f"{number}", channels=["webhook"])
    receive()
    states = sorted(Firing.objects.values_list("state", flat=True))
    assert states == ["no_credits"] * 3 + ["queued"] * 2
    assert purse(workspace) == (0, 2, 0)
    assert Notice.objects.count() == 5


@pytest.mark.parametrize(
    "values, fires",
    [
        ({}, True),
        ({"symbols": ["btcusdt", "ETHUSDT"]}, True),
        ({"symbols": ["ETHUSDT"]}, False),
        ({"actions": ["buy"]}, True),
        ({"actions": ["sell", "exit"]}, False),
        ({"condition": "price > 45000 and rsi < 30"}, True),
        ({"condition": "price > 46000"}, False),
        ({"condition": 'timeframe == "1h" and note.mood == "calm"'}, True),
        ({"condition": "missing > 1"}, False),
        ({"is_active": False}, False),
    ],
)
def test_what_an_alarm_takes(alarm, receive, values, fires):
    alarm(channels=["inbox"], **values)
    signal = receive(rsi=28.5, note={"mood": "calm"})
    assert Firing.objects.count() == fires
    assert signal.status == ("matched" if fires else "unmatched")


def test_only_its_source_its_workspace_and_its_members(
    credits, user, workspace, stranger, source, alarm, receive
):
    from apps.signals.services import create_source
    from tests.factories import workspace_of

    other = create_source(workspace, name="Other", actor=user)[0]
    alarm(source=other)
    alarm(person=stranger, in_workspace=workspace_of(stranger))
    alarm(person=stranger)  # who is no member here
    assert receive().status == "unmatched"
    Membership.objects.create(workspace=workspace, user=stranger, role="viewer")
    assert receive().status == "matched"
    assert Firing.objects.get().alarm.person == stranger


def test_an_alarm_does_not_look_back(alarm, receive, source):
    receive(at=FRIDAY)
    made = alarm()
    Alarm.objects.filter(pk=made.pk).update(created_at=FRIDAY)
    store_alert(source, b'{"symbol": "X", "action": "buy", "id": "old"}', at=FRIDAY - timedelta(seconds=1))
    process_alerts()
    match_signals()
    assert Firing.objects.count() == 0


def test_cool_down_counts_within_a_batch_and_after_it(credits, alarm, source):
    made = alarm(cool_down_s=600)
    for minute in (0, 5, 10, 12):
        body = f'{{"symbol": "X", "action": "buy", "id": "{minute}"}}'.encode()
        store_alert(source, body, at=FRIDAY + timedelta(minutes=minute))
    process_alerts()
    match_signals(batch=3)
    match_signals()
    states = Firing.objects.order_by("signal_id").values_list("state", flat=True)
    assert list(states) == ["queued", "cooling", "queued", "cooling"]
    made.refresh_from_db()
    assert made.last_fired_at == FRIDAY + timedelta(minutes=10)
    assert list(Signal.objects.order_by("id").values_list("status", flat=True)) == [
        "matched",
        "rejected",
        "matched",
        "rejected",
    ]


def test_muted_and_outside_its_hours(credits, user, alarm, receive):
    user.timezone = "America/New_York"  # noon in London is 7 there
    user.save()
    muted = mute_alarm(alarm(), until=FRIDAY + timedelta(hours=1), actor=user)
    hours = alarm(open_from=time(9, 30), open_until=time(16))
    receive(at=FRIDAY)
    states = dict(Firing.objects.values_list("alarm", "state"))
    assert states == {muted.pk: "muted", hours.pk: "off_hours"}
    receive(at=FRIDAY + timedelta(hours=3))
    states = dict(Firing.objects.filter(signal=Signal.objects.latest("id")).values_list("alarm", "state"))
    assert states == {muted.pk: "queued", hours.pk: "queued"}


def test_a_test_alert_goes_to_the_inbox_alone_and_is_free(credits, user, workspace, source, alarm, provider):
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(channels=["webhook"])
    send_test_alert(source, actor=user)
    process_alerts()
    match_signals()
    send_due(linger_s=0)
    assert provider.requests == []
    assert Notice.objects.get().is_test
    assert purse(workspace) == (100, 0, 0)


def test_the_number_of_statements_does_not_grow_with_alarms(user, workspace, source):
    give(workspace, 10_000)

    def matched_with(number: int) -> int:
        people = UserFactory.create_batch(number)
        Membership.objects.bulk_create(
            Membership(workspace=workspace, user=one, role="viewer") for one in people
        )
        Alarm.objects.bulk_create(
            Alarm(workspace=workspace, person=one, name="A", channels=["email"], source=source)
            for one in people
        )
        store_alert(source, f'{{"symbol": "X", "action": "buy", "id": "{number}"}}'.encode())
        process_alerts()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert match_signals() == 1
        return len(queries)

    few = matched_with(1)
    assert matched_with(300) == few
    assert Firing.objects.filter(state="queued").count() == 302
    assert few < 30


def test_an_edit_keeps_what_matching_wrote(user, alarm, receive):
    made = alarm()
    receive(at=FRIDAY)
    update_alarm(made, {"name": "New"}, actor=user)  # read before it fired
    made.refresh_from_db()
    assert (made.name, made.last_fired_at) == ("New", FRIDAY)


@pytest.mark.parametrize("cool_down_s, state", [(0, "queued"), (60, "cooling"), (30, "queued")])
def test_a_signal_that_is_overtaken_by_a_later_one(cool_down_s, state, alarm, receive):
    """Two workers may take signals out of order: only a cool-down keeps one back, not its place."""
    alarm(cool_down_s=cool_down_s, channels=["inbox"])
    receive(at=FRIDAY)
    late = receive(at=FRIDAY - timedelta(seconds=45))
    assert Firing.objects.get(signal=late).state == state
