"""Ends of messages are read as they come, each once, and what waits costs nothing."""

from __future__ import annotations

import threading

import pytest
from django.db import close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.notifications.models import Delivery, Notice, Preference
from apps.notifications.services import add_webhook, send_due
from apps.signals.models import Firing, Signal
from apps.signals.services import end_left_signals, settle_firings
from tests.notifications.conftest import due_now
from tests.notifications.loopback import Answer
from tests.signals.alarms.conftest import give
from tests.signals.alarms.test_matching import purse


def test_what_is_on_its_way_is_not_read(user, alarm, receive):
    """Sixty firings wait; nothing has ended: two statements, of an index that holds none of them."""
    for number in range(3):
        alarm(name=f"{number}", channels=["inbox"])
    for _ in range(20):
        receive()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # of so few rows it would rather read all
        cursor.execute("ANALYZE notifications_delivery, notifications_notice, signals_firing")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert settle_firings() == 0
    said = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) == 2, [" ".join(sql.split())[:50] for sql in said]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + said[0])
        (plan,) = cursor.fetchone()
    assert "notifications_delivery_heard" in str(plan)
    assert rows_read(plan[0]["Plan"]) == 0


def rows_read(plan: dict) -> int:
    """By the plan's scans, taken or thrown away."""
    own = 0
    if "Relation Name" in plan:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(rows_read(part) for part in plan.get("Plans", ()))


def test_one_that_waits_for_another_is_looked_at_once(credits, user, workspace, alarm, receive, provider):
    """The inbox has it at once, the webhook is tried again for long: the ended half is not read every five seconds."""
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    provider.answer = lambda request: Answer(500)
    alarm(channels=["webhook"])
    receive()
    send_due(linger_s=0)
    assert settle_firings() == 1
    assert settle_firings() == 0
    assert Firing.objects.get().state == "queued"
    assert purse(workspace) == (99, 1, 0)
    provider.answer = lambda request: Answer(200)
    due_now()
    send_due(linger_s=0)
    assert settle_firings() == 1
    assert Firing.objects.get().state == "delivered"
    assert purse(workspace) == (99, 0, 1)


def test_more_than_a_page_at_once(user, alarm, receive):
    for number in range(5):
        alarm(name=f"{number}", channels=["inbox"])
    signal = receive()
    send_due(linger_s=0)
    assert settle_firings(limit=2) == 5
    assert set(Firing.objects.values_list("state", flat=True)) == {"delivered"}
    signal.refresh_from_db()
    assert signal.status == "delivered"


def test_a_message_that_is_wanted_nowhere_ends_at_once(user, alarm, receive):
    Preference.objects.create(person=user, event="signals.alarm.fired", channel="inbox", mode="off")
    alarm(channels=["sms"])  # which is not set up
    signal = receive()
    assert signal.status == "matched"
    assert settle_firings() == 1
    assert Firing.objects.get().state == "cancelled"
    signal.refresh_from_db()
    assert (signal.status, signal.reason) == ("rejected", "undelivered")
    assert list(Delivery.objects.values_list("status", "error")) == [
        ("cancelled", "the person wants it nowhere")
    ]


def test_a_signal_whose_alarm_is_gone_ends(user, alarm, receive):
    made = alarm(channels=["inbox"])
    signal = receive()
    assert end_left_signals() == 0, "its message is on its way"
    made.delete()
    send_due(linger_s=0)
    settle_firings()
    signal.refresh_from_db()
    assert signal.status == "matched"
    assert end_left_signals() == 1
    signal.refresh_from_db()
    assert (signal.status, signal.reason) == ("rejected", "undelivered")


@pytest.mark.django_db(transaction=True)
def test_two_that_end_half_a_signal_each_end_it(user, workspace, alarm, receive):
    """Each of two transactions ends one of its two firings and sees the other one open until it has committed."""
    give(workspace, 10)
    for number in range(2):
        alarm(name=f"{number}", channels=["inbox"])
    signal = receive()
    first, second = Delivery.objects.order_by("id").values_list("pk", flat=True)
    end(first)
    began, done = threading.Event(), threading.Event()

    def other() -> None:
        try:
            began.set()
            settle_firings()
            done.set()
        finally:
            close_old_connections()
            connection.close()

    worker = threading.Thread(target=other)
    with transaction.atomic():
        settle_firings()
        in_another_connection(end, second)
        worker.start()
        began.wait()
        assert not done.wait(0.5), "it waits for the signal"
        assert Signal.objects.get().status == "matched"
    worker.join()
    signal.refresh_from_db()
    assert signal.status == "delivered"
    assert [step.status for step in signal.steps.order_by("id")].count("delivered") == 1
    assert Notice.objects.count() == 2


def end(delivery_id: int) -> None:
    Delivery.objects.filter(pk=delivery_id).update(status="delivered", ended_at=timezone.now())


def in_another_connection(act, *values) -> None:
    def run() -> None:
        try:
            act(*values)
        finally:
            connection.close()

    worker = threading.Thread(target=run)
    worker.start()
    worker.join()
