"""Reading anew: a mended template makes signals of what stood for review, each once, whatever is pressed how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.core.errors import Conflict
from apps.journal.models import Entry
from apps.signals.choices import AlertStatus
from apps.signals.models import Alert, AlertSource, Replay, Signal
from apps.signals.services import (
    create_source,
    process_alerts,
    replay_alert,
    run_replay,
    set_template,
    start_replay,
)
from apps.signals.services.replaying import resume_replays
from apps.signals.statements import INSERT_ALERTS, alert_row, batch_of
from apps.signals.text_templates import compile_template

TEMPLATE = "{{action}} {{symbol}} @ {{price}} on {{timeframe}}"


@pytest.fixture
def source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def store(
    source: AlertSource, body: str, *, at: datetime | None = None, delivery_id: str = ""
) -> Alert | None:
    """As the intake does, by the source's present template; None for a repeat."""
    row, _ = alert_row(
        source.pk,
        body.encode(),
        received_at=at or timezone.now(),
        headers={},
        remote_ip=None,
        template=compile_template(source.template),
        delivery_id=delivery_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of([row])])
    return Alert.objects.filter(uuid=row.uuid).first()


def work() -> None:
    while process_alerts():
        pass


def test_a_mended_template_makes_one_signal(source: AlertSource, user: User):
    alert = store(source, "buy AAPL @ 10 on 1h")
    assert alert
    assert alert.status == AlertStatus.REJECTED
    outcome = replay_alert(alert, actor=user)
    assert (outcome.code, Signal.objects.count()) == ("refused", 0)
    set_template(source, TEMPLATE, actor=user)
    assert replay_alert(alert, actor=user).code == "queued"
    assert replay_alert(alert, actor=user).code == "waiting"
    work()
    assert Signal.objects.get().symbol == "AAPL"
    assert replay_alert(alert, actor=user).code == "has_signal"
    work()
    assert Signal.objects.count() == 1
    assert Signal.objects.get().received_at == alert.received_at
    outcomes = [
        entry.changes["outcome"]
        for entry in Entry.objects.filter(action="signals.alert.replayed").order_by("id")
    ]
    assert outcomes == ["refused", "queued"]


@pytest.mark.parametrize("second", [5, 55])
def test_what_came_again_meanwhile_counts_once(source: AlertSource, user: User, second: int):
    """Refused, then the template was mended, then the sender sent it again: the second one has the signal, also when
    a minute of the clock ended in between."""
    text = "buy AAPL @ 10 on 1h"
    first = store(source, text, at=timezone.now().replace(second=second) - timedelta(minutes=3))
    set_template(source, TEMPLATE, actor=user)
    again = store(source, text, at=first.received_at + timedelta(seconds=20))
    assert again is not None
    work()
    assert replay_alert(first, actor=user).code == "repeat"
    work()
    assert Signal.objects.get().alert == again
    first.refresh_from_db()
    assert (first.status, first.problem["code"]) == ("rejected", "repeat")


def test_what_comes_again_after_the_replay_counts_once(source: AlertSource, user: User):
    """With the id of a delivery (a signed webhook, a mail): a sender that goes on retrying makes no second signal."""
    text = "buy AAPL @ 10 on 1h"
    alert = store(source, text, delivery_id="msg_1")
    set_template(source, TEMPLATE, actor=user)
    assert replay_alert(alert, actor=user).code == "queued"
    assert store(source, text, delivery_id="msg_1") is None
    assert store(source, text, delivery_id="msg_2") is not None
    work()
    assert Signal.objects.count() == 2


def test_failed_alerts_are_tried_again_and_removed_ones_are_not(source: AlertSource, user: User):
    alert = store(source, '{"symbol":"AAPL","action":"buy"}')
    Alert.objects.update(
        status=AlertStatus.FAILED, attempts=5, processed_at=timezone.now(), problem={"code": "x"}
    )
    assert replay_alert(alert, actor=user).code == "queued"
    work()
    assert Signal.objects.count() == 1
    gone = store(source, "hello")
    Alert.objects.filter(pk=gone.pk).update(body=b"", headers={})
    assert replay_alert(gone, actor=user).code == "gone"


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_make_one_signal(source: AlertSource, user: User):
    alert = store(source, "buy AAPL @ 10 on 1h")
    set_template(source, TEMPLATE, actor=user)

    def press(_: int) -> str:
        try:
            return replay_alert(alert, actor=user).code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        codes = list(pool.map(press, range(10)))
    assert codes.count("queued") == 1
    work()
    assert Signal.objects.count() == 1


def fill(source: AlertSource, number: int, *, first: int = 1) -> None:
    for price in range(first, first + number):
        store(source, f"buy AAPL @ {price} on 1h")


def test_a_few_are_read_at_once(source: AlertSource, user: User):
    fill(source, 3)
    store(source, "nonsense")
    store(
        source, "buy AAPL @ 99 on 1h", at=datetime(2024, 1, 1, tzinfo=UTC)
    )  # before the day that is asked for
    set_template(source, TEMPLATE, actor=user)
    replay = start_replay(source, since=timezone.now() - timedelta(hours=1), actor=user)
    assert (replay.state, replay.total, replay.queued, replay.refused) == ("done", 4, 3, 1)
    work()
    assert Signal.objects.count() == 3


def test_many_are_a_job_that_is_taken_up_where_it_was(source: AlertSource, user: User):
    fill(source, 120)
    set_template(source, TEMPLATE, actor=user)
    since = timezone.now() - timedelta(hours=1)
    replay = start_replay(source, since=since, actor=user)
    assert (replay.state, replay.total, replay.percent) == ("running", 120, 0)
    with pytest.raises(Conflict):
        start_replay(source, since=since, actor=user)
    fill(source, 5, first=1000)  # what comes after it began is read by itself
    run_replay(replay.pk, run_s=0)
    replay.refresh_from_db()
    assert (replay.state, replay.queued, replay.percent) == ("running", 50, 41)
    assert resume_replays() == 1
    run_replay(replay.pk, run_s=30)
    run_replay(replay.pk, run_s=30)
    replay.refresh_from_db()
    assert (replay.state, replay.queued, replay.percent) == ("done", 120, 100)
    work()
    assert Signal.objects.filter(alert__status="processed").count() == Signal.objects.count()
    assert Signal.objects.values("price").distinct().count() == 125
    assert resume_replays() == 0


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_breaks_leaves_nothing_half_done(source: AlertSource, user: User):
    fill(source, 60)
    set_template(source, TEMPLATE, actor=user)
    replay = start_replay(source, since=timezone.now() - timedelta(hours=1), actor=user)
    # the last alert of the first batch cannot be written: the whole batch is undone, with its counts
    last = Alert.objects.order_by("id")[49]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE signals_alert ADD CONSTRAINT broken CHECK (id <> {last.pk} OR status = 'rejected')"
        )
    with pytest.raises(IntegrityError, match="broken"):
        run_replay(replay.pk, run_s=30)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE signals_alert DROP CONSTRAINT broken")
    replay.refresh_from_db()
    assert (replay.queued, replay.position) == (0, 0)
    assert not Alert.objects.exclude(status="rejected").exists()
    run_replay(replay.pk, run_s=30)
    work()
    assert Signal.objects.count() == 60


def test_pages(web: Client, source: AlertSource, user: User):
    alert = store(source, "buy AAPL @ 10 on 1h")
    where = reverse("signals:delivery-replay", args=[alert.uuid])
    assert "It still cannot be read" in web.post(where, follow=True).content.decode()
    set_template(source, TEMPLATE, actor=user)
    assert "on its way to being a signal" in web.post(where, follow=True).content.decode()
    work()
    assert "never becomes a second one" in web.post(where, follow=True).content.decode()
    assert (
        "It made one signal"
        in web.get(reverse("signals:delivery-detail", args=[alert.uuid])).content.decode()
    )
    today = timezone.now().date().isoformat()
    page = web.post(reverse("signals:source-replay", args=[source.uuid]), {"since": today}, follow=True)
    assert "Nothing to replay" in page.content.decode()
    page = web.post(reverse("signals:source-replay", args=[source.uuid]), {"since": "soon"}, follow=True)
    assert "Nothing was replayed" in page.content.decode()
    running = Replay.objects.create(source=source, since=timezone.now(), up_to=0, total=4, queued=1)
    page = web.get(reverse("signals:replay", args=[running.uuid])).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "25" in page


def test_api(api: APIClient, source: AlertSource, user: User):
    alert = store(source, "buy AAPL @ 10 on 1h")
    assert [row["uuid"] for row in api.get("/api/v1/alerts/", {"status": "rejected"}).json()["results"]] == [
        str(alert.uuid)
    ]
    where = f"/api/v1/alerts/{alert.uuid}/"
    row = api.get(where).json()
    assert (row["body"], row["problem"]["code"], row["signal"]) == (
        "buy AAPL @ 10 on 1h",
        "invalid_json",
        None,
    )
    assert api.post(f"{where}replay/").json()["outcome"] == "refused"
    set_template(source, TEMPLATE, actor=user)
    made = api.post(
        f"/api/v1/alert-sources/{source.uuid}/replay/", {"since": "2024-01-01T00:00:00Z"}, format="json"
    )
    assert (made.status_code, made.json()["queued"], made.json()["state"]) == (202, 1, "done")
    listed = api.get(f"/api/v1/alert-sources/{source.uuid}/replays/").json()["results"]
    assert [one["uuid"] for one in listed] == [made.json()["uuid"]]
    work()
    assert api.get(where).json()["signal"] == str(Signal.objects.get().uuid)
    answer = api.post(f"{where}replay/").json()
    assert answer == {
        "outcome": "has_signal",
        "detail": "This alert has become a signal. It never becomes a second one.",
    }
