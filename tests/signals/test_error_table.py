"""What a sender is answered, row by row: the status, its headers, what is stored, and which event is written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.billing.models import CreditBucket
from apps.journal.models import Entry
from apps.notifications.models import Notice
from apps.signals.intake.server import Intake
from apps.signals.models import Alert, AlertSource, SecurityEvent, Signal
from apps.signals.services import (
    process_alerts,
    record_refusals,
    set_allowed_networks,
    set_passphrase,
    set_source_active,
    tell_refused,
)
from tests.factories import UserFactory
from tests.signals.conftest import ALERT, Process, free_port

pytestmark = pytest.mark.django_db(transaction=True)


def nothing(source: AlertSource, user: User) -> None:
    pass


def limit_of_one(source: AlertSource, user: User) -> None:
    AlertSource.objects.update(alerts_per_minute=1)


@dataclass
class Row:
    """`stored` is the status of the alert that is kept, None when nothing is; `event` the security event."""

    status: int
    code: str = ""
    body: object = field(default_factory=lambda: ALERT)
    before: Callable[[AlertSource, User], object] = nothing
    token: str | None = None
    times: int = 1
    headers: tuple[str, ...] = ()
    stored: str | None = None
    event: str = ""


TABLE = {
    # taken
    "a good alert": Row(202, stored="received"),
    # the sender is not who it should be: a security event, and nothing is stored
    "no token": Row(401, "no_token", token="", event="no_token"),
    "an unknown token": Row(401, "unknown_token", token="x" * 32, event="unknown_token"),
    "a source that is off": Row(
        401,
        "inactive_source",
        before=lambda source, user: set_source_active(source, active=False, actor=user),
        event="inactive_source",
    ),
    "another address": Row(
        401,
        "address_not_allowed",
        before=lambda source, user: set_allowed_networks(source, ["52.89.214.238"], actor=user),
        event="address_not_allowed",
    ),
    "a wrong passphrase": Row(
        401,
        "wrong_passphrase",
        body={**ALERT, "passphrase": "wrong-one"},
        before=lambda source, user: set_passphrase(source, "right-one!", actor=user),
        event="wrong_passphrase",
    ),
    # the text cannot be read: kept for review before it is answered
    "not JSON": Row(400, "invalid_json", body=b"hello", stored="rejected"),
    "a wrong value": Row(400, "invalid_alert", body={**ALERT, "action": "hold"}, stored="rejected"),
    "a field is missing": Row(400, "invalid_alert", body={"symbol": "AAPL"}, stored="rejected"),
    # the names are nothing we know: kept for review, and staff are told
    "an unknown symbol": Row(422, "unknown_symbol", body={**ALERT, "symbol": "?!"}, stored="rejected"),
    "an unknown timeframe": Row(
        422, "unknown_timeframe", body={**ALERT, "timeframe": "soon"}, stored="rejected"
    ),
    # too much: nothing is stored
    "a body of more than 64 KiB": Row(413, "body_too_large", body=b" " * 65_537),
    "more than the limit": Row(
        429, "too_many_requests", before=limit_of_one, times=2, headers=("retry-after",)
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_row(name: str, post, source: tuple[AlertSource, str], user: User):
    row = TABLE[name]
    row.before(source[0], user)
    token = source[1] if row.token is None else row.token
    for number in range(row.times):
        stored_before = Alert.objects.count()
        body = row.body if isinstance(row.body, bytes) else {**row.body, "id": number}
        response = post(body, token=token)
    assert (response.status_code, response.json().get("code", "")) == (row.status, row.code), response.text
    kind = "application/json" if row.status == 202 else "application/problem+json"
    assert response.headers["content-type"] == kind
    assert [header for header in ("retry-after",) if header in response.headers] == list(row.headers)
    assert all(int(response.headers[header]) > 0 for header in row.headers)
    added = Alert.objects.order_by("id")[stored_before:]
    assert [alert.status for alert in added] == ([row.stored] if row.stored else [])
    if row.stored:
        assert response.json()["id"] == str(added[0].uuid)  # what is answered is stored already
    assert list(SecurityEvent.objects.values_list("kind", "count")) == ([(row.event, 1)] if row.event else [])
    process_alerts()
    assert Signal.objects.count() == (row.stored == "received") + (row.times - 1)


@contextmanager
def locked(table: str):
    """As by a long migration: the table is there, and takes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


@pytest.mark.parametrize("table", ["signals_alert", "signals_alertsource"])
def test_503_when_the_alert_cannot_be_stored_in_time(table: str, post, source: tuple[AlertSource, str]):
    """Within the three seconds that TradingView waits, never 504; sent again afterwards it counts once."""
    dated = {**ALERT, "bar_time": "2024-01-15T10:00:00Z"}
    with locked(table):
        response = post(dated)
        assert response.elapsed < timedelta(seconds=3)
    assert (response.status_code, response.json()["code"]) == (503, "not_stored")
    assert int(response.headers["retry-after"]) > 0
    assert {post(dated).status_code for _ in range(2)} == {202}
    assert Alert.objects.count() == 1
    process_alerts()
    assert Signal.objects.count() == 1


async def test_503_when_there_is_no_database():
    intake = Intake(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    transport = httpx.ASGITransport(app=intake)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        response = await client.post("/hooks/tradingview/some-token/", json=ALERT)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        response = await client.post(
            "/hooks/alerts/", json=ALERT, headers={"authorization": "Bearer some-token"}
        )
        assert response.status_code == 503
    await intake._reception.stop()


def test_402_is_never_given_to_a_sender(post, source: tuple[AlertSource, str]):
    """A workspace without a single credit: its alerts are taken, and alarms say what was lacking."""
    assert not CreditBucket.objects.filter(workspace_id=source[0].workspace_id, available__gt=0).exists()
    assert post(ALERT).status_code == 202


def test_staff_hear_of_unknown_symbols_once_a_day_for_each_source(
    post, source: tuple[AlertSource, str], user: User
):
    staff = UserFactory(is_staff=True)
    for number, symbol in enumerate(["?!", "##"]):
        assert post({**ALERT, "symbol": symbol, "id": number}).status_code == 422
    assert post({**ALERT, "action": "hold"}).status_code == 400
    assert tell_refused() == 3
    assert post({**ALERT, "symbol": "*"}).status_code == 422
    assert tell_refused() == 1
    assert tell_refused() == 0
    (notice,) = Notice.objects.filter(person=staff)
    assert notice.event == "signals.symbol.unknown"
    assert ["Workspace", source[0].workspace.name] in notice.data["facts"]
    (told,) = Notice.objects.filter(person=user)
    assert told.event == "signals.alerts.refused"


def test_refused_requests_come_into_the_journal_of_the_workspace(
    post, source: tuple[AlertSource, str], user: User
):
    set_passphrase(source[0], "right-one!", actor=user)
    for _ in range(3):
        assert post(ALERT).status_code == 401
    assert record_refusals() == 0  # its minute is not over
    assert record_refusals(now=timezone.now() + timedelta(minutes=3)) >= 1
    assert record_refusals(now=timezone.now() + timedelta(minutes=3)) == 0
    entries = Entry.objects.filter(action="signals.source.request_refused")
    assert sum(entry.changes["requests"] for entry in entries) == 3
    assert {entry.changes["why"] for entry in entries} == {"wrong_passphrase"}
    assert all(entry.workspace_id == source[0].workspace_id for entry in entries)
    assert "127.0.0.1" not in json.dumps(
        [entry.changes for entry in entries]
    )  # kept beside, where it can be erased


def test_60_bad_tokens_a_minute_are_answered_and_no_more(intake: Process):
    where = f"{intake.url}/hooks/tradingview/nobody-has-this/"
    with httpx.Client() as client:
        began, answers = time.monotonic(), []
        while len(answers) < 61 or answers[-1].status_code != 429:
            assert len(answers) < 600
            answers.append(client.post(where, json=ALERT))
        took = time.monotonic() - began
    passed = [answer for answer in answers if answer.status_code != 429]
    assert {answer.status_code for answer in passed} == {401}
    assert len(passed) <= 60 + took, "one more a second"
    assert int(answers[-1].headers["retry-after"]) > 0
