"""Alarms in the browser and by program."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import NotFound
from apps.core.retention import kept_kinds
from apps.journal.models import Entry
from apps.notifications.models import Delivery, Notice
from apps.signals.matching import Wishes
from apps.signals.models import Alarm, AlertRepeat, Firing, SecurityEvent, SequenceIncident, Signal
from apps.signals.selectors import alarms_of
from apps.signals.services import delete_alarm, restore_alarm, update_alarm

NEW = {"name": "Bitcoin", "urgency": "2", "cool_down_s": "0"}


def place(name: str, alarm: Alarm | None = None) -> str:
    return reverse(f"signals:alarm-{name}", args=[alarm.uuid] if alarm else [])


def test_made_changed_muted_and_deleted_by_page(web, user, workspace):
    answer = web.post(place("new"), NEW | {"symbols": "btcusdt, ETHUSDT", "condition": "price >"})
    assert answer.status_code == 422
    assert "expected a value" in answer.content.decode()
    values = NEW | {
        "symbols": "btcusdt, ETHUSDT",
        "actions": ["buy"],
        "days": ["0", "4"],
        "condition": "price > 1",
    }
    answer = web.post(place("new"), values, follow=True)
    alarm = Alarm.objects.get()
    assert (alarm.person, alarm.workspace, alarm.symbols) == (user, workspace, ["BTCUSDT", "ETHUSDT"])
    assert "It has not fired yet" in answer.content.decode()

    values["name"], values["open_from"], values["open_until"] = "Both", "09:00", "17:00"
    assert web.get(place("edit", alarm)).status_code == 200
    web.post(place("edit", alarm), values)
    alarm.refresh_from_db()
    assert (alarm.name, alarm.open_from, alarm.condition) == ("Both", time(9), "price > 1")
    web.post(place("mute", alarm), {"hours": "8"})
    alarm.refresh_from_db()
    assert timedelta(hours=7) < alarm.muted_until - timezone.now() < timedelta(hours=9)
    assert "Muted" in web.get(place("list")).content.decode()
    web.post(place("switch", alarm), {"active": "0"})
    alarm.refresh_from_db()
    assert not alarm.is_active
    web.post(place("delete", alarm))
    assert not alarms_of(workspace).exists()
    said = (
        Entry.objects.filter(action__startswith="signals.alarm.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert [action.rpartition(".")[2] for action in said] == [
        "created",
        "changed",
        "muted",
        "changed",
        "deleted",
    ]


def test_a_signal_shows_what_became_of_it(web, alarm, receive):
    made = alarm(name="Morning bell", channels=["inbox"])
    signal = receive()
    page = web.get(reverse("signals:signal-detail", args=[signal.uuid])).content.decode()
    assert "Morning bell" in page
    assert "On its way" in page
    page = web.get(place("detail", made)).content.decode()
    assert str(signal.uuid) in page


def test_the_test_button(web, user, alarm, provider):
    from apps.notifications.services import add_webhook

    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    made = alarm(channels=["webhook"])
    web.post(place("test", made))
    assert Notice.objects.get().is_test
    assert set(Delivery.objects.values_list("channel", "cost")) == {("inbox", 0), ("webhook", 0)}
    page = web.post(place("test", made), follow=True).content.decode()
    assert "A test was sent less than" in page
    assert Notice.objects.count() == 1


def test_forecast_by_page_and_program(web, api, alarm, receive):
    now = timezone.now()
    for days in (100, 60, 50, 49, 10):
        receive(at=now - timedelta(days=days))
    receive(at=now - timedelta(days=9), symbol="ETHUSDT")
    values = {"name": "x", "symbols": ["BTCUSDT"], "channels": ["email"], "cool_down_s": 7 * 86_400}
    answer = api.post("/api/v1/alarms/forecast/", values, format="json")
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["signals"], said["fired"], said["held_back"]) == (4, 3, 1)
    assert (said["credits_each"], said["credits"]) == (1, 3)
    assert said["median_gap_s"] == pytest.approx(25 * 86_400)
    page = web.post(place("forecast"), NEW | {"name": "", "symbols": "BTCUSDT", "cool_down_s": "604800"})
    assert "3 ×" in page.content.decode()
    assert not Alarm.objects.exists()
    assert not Firing.objects.exists()


def test_by_program(api, user, source, receive):
    answer = api.post(
        "/api/v1/alarms/", {"name": "A", "source": str(source.uuid), "channels": ["fax"]}, format="json"
    )
    assert answer.status_code == 400
    assert "channel" in answer.content.decode()
    made = api.post("/api/v1/alarms/", {"name": "A", "source": str(source.uuid)}, format="json")
    assert made.status_code == 201
    where = f"/api/v1/alarms/{made.json()['uuid']}/"
    tag = api.get(where)["ETag"]
    changed = api.patch(where, {"condition": "rsi < 30"}, format="json", headers={"If-Match": tag})
    assert changed.status_code == 200, changed.content
    receive(rsi=50)
    receive(rsi=20)
    firings = api.get(f"{where}firings/").json()["results"]
    assert [one["signal"] for one in firings] == [str(Signal.objects.latest("id").uuid)]
    assert api.post(f"{where}mute/", {"until": None}, format="json").status_code == 200
    assert api.post(f"{where}test/").status_code == 202
    assert api.post(f"{where}test/").status_code == 429
    tag = api.get(where)["ETag"]
    assert api.delete(where, headers={"If-Match": tag}).status_code == 204


@pytest.mark.parametrize(
    "moment, zone, days, hours, is_open",
    [
        ("2026-11-20T12:00", "UTC", (), (), True),
        ("2026-11-20T12:00", "UTC", (4,), (), True),  # a Friday
        ("2026-11-20T12:00", "UTC", (5, 6), (), False),
        ("2026-11-20T20:00", "Asia/Tokyo", (5,), (), True),  # Saturday there
        ("2026-11-20T09:00", "UTC", (), (9, 17), True),
        ("2026-11-20T17:00", "UTC", (), (9, 17), False),
        ("2026-11-20T23:00", "UTC", (4,), (22, 6), True),
        ("2026-11-21T05:00", "UTC", (4,), (22, 6), True),  # still Friday's night
        ("2026-11-21T23:00", "UTC", (4,), (22, 6), False),
        ("2026-11-21T12:00", "UTC", (), (22, 6), False),
        ("2026-07-01T13:30", "America/New_York", (), (9, 17), True),  # summer: 9:30
        ("2026-12-01T13:30", "America/New_York", (), (9, 17), False),  # winter: 8:30
    ],
)
def test_hours(moment, zone, days, hours, is_open):
    begin, end = (time(hours[0]), time(hours[1])) if hours else (None, None)
    wishes = Wishes(ZoneInfo(zone), days, begin, end)
    assert wishes.is_open(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_the_form_offers_what_can_reach_the_person(web, user, alarm, provider):
    from apps.notifications.services import add_webhook

    page = web.get(place("new")).content.decode()
    assert 'value="email"' in page
    assert 'value="webhook"' not in page
    made = alarm(channels=["webhook"])
    assert 'value="webhook"' in web.get(place("edit", made)).content.decode(), "chosen before, and still"
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    assert 'value="webhook"' in web.get(place("new")).content.decode()


def test_a_deleted_one_takes_nothing_and_comes_back_as_it_was(web, alarm, receive):
    made = alarm(name="Bitcoin", symbols=["BTCUSDT"])
    receive()
    page = web.post(place("delete", made)).content.decode()
    assert "“Bitcoin” is deleted" in page
    assert f'action="{place("restore", made)}"' in page
    receive()
    assert Firing.objects.count() == 1
    assert web.get(place("detail", made)).status_code == 404
    assert web.post(place("mute", made), {"hours": "1"}).status_code == 404
    assert "Deleted alarms (1)" in web.get(place("list")).content.decode()
    signal = Signal.objects.earliest("id")
    assert place("detail", made) not in web.get(f"/signals/{signal.uuid}/").content.decode()

    for _ in range(2):
        assert web.post(place("restore", made), follow=True).status_code == 200
    receive()
    made.refresh_from_db()
    assert (made.is_active, made.symbols, made.deleted_at) == (True, ["BTCUSDT"], None)
    assert Firing.objects.count() == 2
    deeds = Entry.objects.filter(action__startswith="signals.alarm.").order_by("id")
    assert list(deeds.values_list("action", flat=True)) == [
        "signals.alarm.created",
        "signals.alarm.deleted",
        "signals.alarm.restored",
    ]


def test_one_that_was_off_comes_back_off(user, alarm):
    made = alarm(is_active=False)
    delete_alarm(made, actor=user)
    assert not restore_alarm(made, actor=user).is_active


def test_one_that_was_deleted_meanwhile_is_not_changed(user, alarm):
    seen = alarm(name="Bitcoin")
    delete_alarm(alarm_again := Alarm.objects.get(pk=seen.pk), actor=user)
    with pytest.raises(NotFound, match="deleted"):
        update_alarm(seen, {"is_active": True}, actor=user)
    alarm_again.refresh_from_db()
    assert not alarm_again.is_active


def test_brought_back_by_program(api, alarm):
    made = alarm(name="Bitcoin")
    where = f"/api/v1/alarms/{made.uuid}/"
    assert api.delete(where, headers={"If-Match": "*"}).status_code == 204
    assert api.get(where).status_code == 404
    assert api.get("/api/v1/alarms/").json()["results"] == []
    (gone,) = api.get("/api/v1/alarms/deleted/").json()["results"]
    assert (gone["uuid"], gone["name"]) == (str(made.uuid), "Bitcoin")
    assert api.post(f"{where}restore/").json()["name"] == "Bitcoin"
    assert api.get(where).status_code == 200
    assert api.get("/api/v1/alarms/deleted/").json()["results"] == []


def test_there_is_no_room_for_one_more(user, workspace, alarm, web, api):
    first = alarm()
    delete_alarm(first, actor=user)
    Alarm.objects.bulk_create(Alarm(workspace=workspace, person=user, name="Other") for _ in range(500))
    answer = api.post(f"/api/v1/alarms/{first.uuid}/restore/")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_alarm")
    assert "as many as one may have" in web.post(place("restore", first), follow=True).content.decode()
    assert Alarm.objects.exclude(deleted_at=None).count() == 1


def test_it_can_be_brought_back_for_a_week(user, alarm):
    old, new = alarm(name="Old"), alarm(name="New")
    for one, days in ((old, 8), (new, 6)):
        delete_alarm(one, actor=user)
        Alarm.objects.filter(pk=one.pk).update(deleted_at=timezone.now() - timedelta(days=days))
    alarm(name="Kept")
    kind = kept_kinds()["signals.deleted_alarms"]
    assert kind.purge(timezone.now() - timedelta(days=kind.days)) == 1
    assert sorted(Alarm.objects.values_list("name", flat=True)) == ["Kept", "New"]


def test_firings_are_a_list(web, alarm, receive, live):
    mine = alarm()
    receive(symbol="BTCUSDT")
    receive(symbol="ETHUSDT")
    path = place("detail", mine)
    rows = web.get(path, {"symbol": "eth"}).context["list"].rows
    assert [row.signal.symbol for row in rows] == ["ETHUSDT"]
    assert web.get(path, {"state": "muted"}).context["list"].rows == []
    file = web.get(path, {"file": "csv", "sort": "new"}).getvalue().decode()
    assert [row["symbol"] for row in csv.DictReader(file.splitlines())] == ["BTCUSDT", "ETHUSDT"]


def test_what_is_wrong_with_a_source_is_cut_on_its_page_and_whole_on_lists(web, source):
    now = timezone.now()
    for number in range(6):
        SecurityEvent.objects.create(
            source=source, kind="no_token", remote_ip=f"192.0.2.{number}", minute=now, count=number + 1
        )
        SequenceIncident.objects.create(
            source=source,
            kind="gap",
            first=number,
            last=number,
            missing=1,
            seen_at=now,
            strategy=f"S{number}",
        )
    path = f"/signals/sources/{source.uuid}/"
    page = web.get(path)
    assert (len(page.context["security_events"]), len(page.context["incidents"])) == (5, 5)
    for name in ("turned-away", "sequence"):
        assert f"{path}{name}/" in page.content.decode()
        assert web.get(f"{path}{name}/").context["list"].total == "6"
    away = web.get(f"{path}turned-away/", {"sort": "count", "kind": "no_token"}).context["list"]
    assert [event.count for event in away.rows] == [1, 2, 3, 4, 5, 6]
    (found,) = web.get(f"{path}turned-away/", {"q": "192.0.2.3"}).context["list"].rows
    assert found.count == 4
    (found,) = web.get(f"{path}sequence/", {"q": "s3", "state": "open"}).context["list"].rows
    assert found.first == 3
    assert web.get(f"{path}sequence/", {"kind": "regression"}).context["list"].rows == []


def test_what_came_of_a_signal_and_its_repeats_goes_on_over_pages(web, user, alarm, receive, live):
    alarm()
    signal = receive()
    first = Firing.objects.get()
    more = Alarm.objects.bulk_create(
        [Alarm(workspace=signal.workspace, person=user, name=f"A{number}") for number in range(50)]
    )
    Firing.objects.bulk_create(
        [
            Firing(alarm=each, signal=signal, key=each.name, state="queued", fired_at=first.fired_at)
            for each in more
        ]
    )
    AlertRepeat.objects.bulk_create(
        [
            AlertRepeat(
                alert=signal.alert, received_at=first.fired_at, same_body=True, remote_ip=f"192.0.2.{number}"
            )
            for number in range(51)
        ]
    )
    for name, row, text, wanted in (
        ("signal", signal, lambda firing: firing.alarm.name, ("A49", "A0", "Mine")),
        ("delivery", signal.alert, lambda repeat: repeat.remote_ip[8:], ("50", "1", "0")),
    ):
        path = reverse(f"signals:{name}-detail", args=[row.uuid])
        page = web.get(path)
        front = page.context["list"]
        assert "list-older" in page.content.decode()
        page = web.get(path + front.older)
        assert "list-newer" in page.content.decode()
        (last,) = page.context["list"].rows
        assert (text(front.rows[0]), text(front.rows[49]), text(last)) == wanted
