"""Inbox, contacts, wishes and webhooks by API."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.services import create_api_key
from apps.notifications.models import Contact, Delivery, Notice, Preference
from apps.notifications.services import send_due
from tests.notifications.loopback import Answer


class Api:
    """Requests of a session, or of a key."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: object = None, status: int = 200):
        headers = {"If-Match": "*"} if method == "PATCH" else {}
        answer = self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


@pytest.fixture
def api(web) -> Api:
    return Api(web)


def test_notices_are_filtered_read_and_acknowledged(api, user, tell):
    first = tell(data={"title": "Buy", "facts": [["Price", "45,000"]]}, channels=())
    tell("tests.door.opened", data={"title": "Door"}, channels=(), urgency=4)
    newest, oldest = api("GET", "notices/")["results"]
    assert (newest["title"], newest["urgency"]) == ("Door", "critical")
    assert oldest["facts"] == [{"name": "Price", "value": "45,000"}]
    assert [one["title"] for one in api("GET", "notices/?urgency=high")["results"]] == ["Door"]
    assert [one["title"] for one in api("GET", "notices/?q=45,000")["results"]] == ["Buy"]
    assert api("POST", f"notices/{first.uuid}/read/")["read_at"]
    assert [one["title"] for one in api("GET", "notices/?unread=true")["results"]] == ["Door"]
    assert api("POST", f"notices/{first.uuid}/acknowledge/")["acknowledged_at"]
    assert api("POST", "notices/read-all/") == {"notices": 1}
    assert api("GET", "notices/?urgency=loud", status=400)["errors"]["urgency"]


def test_a_delivery_shows_its_trace(api, user, tell, endpoint, provider):
    provider.answer = lambda request: Answer(503, b"busy")
    tell(channels=("webhook",))
    send_due(linger_s=0)
    (row,) = api("GET", "deliveries/?channel=webhook")["results"]
    assert (row["status"], row["attempts"]) == ("waiting", 1)
    found = api("GET", f"deliveries/{row['uuid']}/")
    assert [(one["outcome"], one["http_status"]) for one in found["trace"]] == [("refused", 503)]
    assert '"title": "Buy BTCUSDT"' in found["preview"]["text"]


def test_a_wrong_code_is_counted_though_it_is_refused(api, user, mailoutbox):
    made = api("POST", "contacts/", {"channel": "email", "target": "desk@example.com"}, 201)
    assert made["is_active"] is False
    assert "desk@" not in str(made)
    send_due(linger_s=0)
    code = re.search(r"\d{6}", mailoutbox[0].subject).group()
    path = f"contacts/{made['uuid']}"
    assert api("POST", f"{path}/confirm/", {"code": "none"}, 400)["code"] == "wrong_code"
    assert Contact.objects.get().code_tries == 1
    assert api("POST", f"{path}/send-code/", status=429)["code"] == "too_many_codes"
    assert api("POST", f"{path}/confirm/", {"code": code})["is_active"] is True
    assert api("PATCH", f"{path}/", {"events": ["tests.*"], "is_active": False})["disabled_for"] == "person"
    assert api("PATCH", f"{path}/", {"events": ["nothing.*"]}, 400)["code"] == "not_to_be_chosen"
    assert api("POST", f"{path}/test/", status=409)
    assert api("POST", "contacts/", {"channel": "pigeon", "target": "x"}, 400)["errors"]["channel"]
    api("DELETE", f"{path}/", status=204)
    api("GET", f"{path}/", status=404)


def test_preferences_change_by_part(api, user):
    before = api("GET", "notification-preferences/")
    bell = next(one for one in before["events"] if one["event"] == "tests.bell.rung")
    assert {"channel": "email", "mode": "now", "choices": ["now", "digest", "off"]} in bell["channels"]
    changed = api(
        "PATCH",
        "notification-preferences/",
        {
            "hours": {"quiet_from": "22:00", "quiet_until": "07:00", "breaks_through": "high"},
            "events": [{"event": "tests.bell.rung", "channels": [{"channel": "email", "mode": "off"}]}],
        },
    )
    assert changed["hours"] == {
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "breaks_through": "high",
        "digest_at": "08:00",
        "monthly_budget": None,
    }
    assert list(Preference.objects.values_list("event", "channel", "mode")) == [
        ("tests.bell.rung", "email", "off")
    ]
    wrong = [{"event": "tests.house.burns", "channels": [{"channel": "email", "mode": "off"}]}]
    assert api("PATCH", "notification-preferences/", {"events": wrong}, 400)["code"] == "not_to_be_chosen"
    assert api("PATCH", "notification-preferences/", {"hours": {"quiet_from": None}}, 400)["errors"]
    assert api("PATCH", "notification-preferences/", before)["events"] == before["events"]


def test_a_key_with_the_scope_looks_after_endpoints_and_sees_no_inbox(user, workspace, tell, provider):
    _, secret = create_api_key(workspace, name="ops", scopes=["webhooks.manage"], actor=user)
    api = Api(Client(headers={"Authorization": f"Bearer {secret}"}))
    made = api(
        "POST", "webhook-endpoints/", {"url": f"{provider.url}/in", "name": "Desk", "signing": "v1a"}, 201
    )
    assert made["secret"].startswith("whpk_")
    assert made["events"] == ["*"]
    path = f"webhook-endpoints/{made['uuid']}"
    provider.answer = lambda request: Answer(410)
    tell("tests.door.opened", workspace_id=workspace.pk)
    send_due(linger_s=0)
    (row,) = api("GET", f"{path}/deliveries/?status=failed")["results"]
    assert api("GET", f"{path}/")["disabled_for"] == "gone"
    span = {"since": timezone.now() - timedelta(hours=1), "until": timezone.now() + timedelta(hours=1)}
    span = {name: moment.isoformat() for name, moment in span.items()}
    api("POST", f"{path}/replay/", span, 409)
    assert api("PATCH", f"{path}/", {"is_active": True})["is_active"] is True
    assert api("POST", f"{path}/replay/", span) == {"deliveries": 1}
    provider.answer = lambda request: Answer(200)
    send_due(linger_s=0)
    found = api("GET", f"{path}/deliveries/{row['uuid']}/")
    assert [one["http_status"] for one in found["trace"]] == [410, 200]
    assert api("POST", f"{path}/deliveries/{row['uuid']}/replay/")["status"] == "waiting"
    assert api("POST", f"{path}/rotate/", {"overlap_hours": 1})["secret"] != made["secret"]
    assert api("GET", f"{path}/deliveries/?status=lost", status=400)["errors"]["status"]
    for private in ("notices/", "contacts/", "deliveries/", "ladders/", "notification-preferences/"):
        api("GET", private, status=403)
    api("DELETE", f"{path}/", status=204)
    assert Delivery.objects.filter(uuid=row["uuid"]).exists()
    assert Notice.objects.exists()


def test_ladders_by_api(api, user):
    steps = [{"channel": "email", "wait_s": 0}, {"channel": "webhook", "wait_s": 60}]
    made = api("POST", "ladders/", {"name": "Night", "steps": steps}, 201)
    assert made["until"] == "acknowledged"
    wrong = {"steps": [{"channel": "inbox", "wait_s": 0}]}
    assert api("PATCH", f"ladders/{made['uuid']}/", wrong, 400)["code"] == "bad_ladder"
    assert api("PATCH", f"ladders/{made['uuid']}/", {"name": "Day"})["steps"] == steps
    api("POST", "ladders/", {"name": "Day", "steps": steps}, 409)
    api("DELETE", f"ladders/{made['uuid']}/", status=204)
