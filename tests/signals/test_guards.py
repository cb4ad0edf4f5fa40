"""What a source asks beside its token, over real HTTP: addresses, passphrase, signature; and the door for programs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta

import httpx
import pytest
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.signals.choices import SourceKind
from apps.signals.errors import SourceRefused
from apps.signals.models import Alert, AlertRepeat, AlertSource, SecurityEvent, Signal
from apps.signals.services import (
    create_source,
    new_signing_key,
    process_alerts,
    set_allowed_networks,
    set_passphrase,
    set_template,
)
from apps.signals.services.guards import TRADINGVIEW_ADDRESSES
from tests.signals.conftest import ALERT, Process

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "Open-Sesame!42"


@pytest.fixture
def intake(behind: Process) -> Process:
    return behind


def sign(key: str, message_id: str, at: float, body: bytes) -> dict[str, str]:
    """As the specification of Standard Webhooks says, by hand."""
    secret = base64.b64decode(key.removeprefix("whsec_"))
    content = f"{message_id}.{int(at)}.".encode() + body
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1a,nothing v1,{signature}",
    }


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_only_listed_addresses_may_send(post, source: tuple[AlertSource, str], user: User):
    set_allowed_networks(source[0], [*TRADINGVIEW_ADDRESSES, "10.1.0.0/16", "2001:db8::/32"], actor=user)
    answers = {
        forwarded: code_of(post({**ALERT, "id": forwarded}, headers={"x-forwarded-for": forwarded}))
        for forwarded in (
            "52.89.214.238",
            "10.1.255.1",
            "2001:db8::7",
            "::ffff:52.32.178.7",
            "9.9.9.9, 52.89.214.238",  # what stands left of the first stranger is hearsay
            "52.89.214.238, 9.9.9.9",
            "52.89.214.239",
            "10.2.0.1",
        )
    }
    fine, refused = (202, ""), (401, "address_not_allowed")
    assert list(answers.values()) == [fine, fine, fine, fine, fine, refused, refused, refused]
    assert code_of(post(ALERT)) == refused  # the proxy itself
    assert Alert.objects.count() == 5
    events = SecurityEvent.objects.filter(kind="address_not_allowed", source=source[0])
    assert {event.remote_ip for event in events} == {"9.9.9.9", "52.89.214.239", "10.2.0.1", "127.0.0.1"}


@pytest.mark.parametrize(
    "networks", [["10.0.0.1/8"], ["localhost"], ["1.2.3"], [f"10.0.0.{n}" for n in range(51)]]
)
def test_a_list_that_says_nothing_clear_is_refused(
    source: tuple[AlertSource, str], user: User, networks: list[str]
):
    with pytest.raises(SourceRefused):
        set_allowed_networks(source[0], networks, actor=user)
    source[0].refresh_from_db()
    assert source[0].allowed_networks == []


def test_the_passphrase_is_asked_for_and_kept_nowhere(
    post, intake: Process, source: tuple[AlertSource, str], user: User
):
    set_passphrase(source[0], WORD, actor=user)
    assert code_of(post({**ALERT, "passphrase": WORD})) == (202, "")
    assert code_of(post(ALERT)) == (401, "wrong_passphrase")
    assert code_of(post({**ALERT, "passphrase": "Open-Sesame!43"})) == (401, "wrong_passphrase")
    assert post({**ALERT, "passphrase": WORD, "action": "hold"}).status_code == 400
    assert post(b'{"passphrase": "%s", "price": NaN' % WORD.encode()).status_code == 400
    assert Alert.objects.count() == 3
    process_alerts()
    assert Signal.objects.get().payload == ALERT
    assert sum(SecurityEvent.objects.filter(kind="wrong_passphrase").values_list("count", flat=True)) == 2
    everything = "".join(
        [
            *(alert.body_text + json.dumps([alert.headers, alert.problem]) for alert in Alert.objects.all()),
            *(str(entry.changes) for entry in Entry.objects.all()),
            intake.log.read_text(),
        ]
    )
    assert "[cut]" in everything
    assert "Sesame" not in everything
    row = (
        AlertSource.objects.filter(pk=source[0].pk)
        .extra(select={"raw": "passphrase"})
        .values_list("raw")[0][0]
    )
    assert "Sesame" not in str(row)


def test_signed_alerts_only(post, source: tuple[AlertSource, str], user: User):
    key = new_signing_key(source[0], actor=user)
    assert key.startswith("whsec_")
    assert len(base64.b64decode(key.removeprefix("whsec_"))) >= 24
    body, now = json.dumps(ALERT).encode(), time.time()
    good = sign(key, "msg_1", now, body)
    assert code_of(post(body, headers=good)) == (202, "")
    bad = [
        {},
        {**good, "webhook-timestamp": str(int(now) + 1)},
        {**good, "webhook-id": "msg_2"},
        {**good, "webhook-signature": "v1,AAAA"},
        {name: value for name, value in good.items() if name != "webhook-timestamp"},
        sign(key, "msg_3", now - 302, body),
        sign("whsec_" + base64.b64encode(b"x" * 32).decode(), "msg_5", now, body),
    ]
    assert {code_of(post(body, headers=headers)) for headers in bad} == {(401, "wrong_signature")}
    early = sign(key, "msg_4", time.time() + 305, body)  # what passes since `now` would bring it nearer
    assert code_of(post(body, headers=early)) == (401, "wrong_signature")
    assert code_of(post(body + b" ", headers=good)) == (401, "wrong_signature")
    assert code_of(post(body, headers=sign(key, "msg_6", time.time() - 290, body))) == (202, "")
    assert Alert.objects.count() == 2


def test_the_id_of_a_signed_delivery_tells_alerts_apart_that_have_none(
    post, source: tuple[AlertSource, str], user: User
):
    key, now = new_signing_key(source[0], actor=user), time.time()

    def send(message_id: str, alert: dict[str, object]) -> bool:
        body = json.dumps(alert).encode()
        return bool(post(body, headers=sign(key, message_id, now, body)).json()["duplicate"])

    assert [send("m1", ALERT), send("m2", ALERT), send("m1", ALERT), send("m1", {**ALERT, "price": 1})] == [
        False,
        False,
        True,
        True,
    ]
    assert [send("m3", {**ALERT, "id": 7}), send("m4", {**ALERT, "id": 7})] == [
        False,
        True,
    ]  # its own id comes first
    assert list(AlertRepeat.objects.order_by("id").values_list("same_body", flat=True)) == [True, False, True]


def test_keys_are_rotated_with_both_in_force(post, source: tuple[AlertSource, str], user: User):
    old = new_signing_key(source[0], actor=user)
    new = new_signing_key(source[0], actor=user, overlap=timedelta(seconds=4))
    made_at = time.monotonic()
    body = json.dumps(ALERT).encode()

    def answer(key: str, message_id: str) -> int:
        return post(body, headers=sign(key, message_id, time.time(), body)).status_code

    assert [answer(old, "a"), answer(new, "b")] == [202, 202]
    time.sleep(max(0, made_at + 4.1 - time.monotonic()))
    assert [answer(old, "c"), answer(new, "d")] == [401, 202]
    made = Entry.objects.filter(action="signals.source.signing_key_made")
    assert made.count() == 2
    assert not any(key in str(entry.changes) for key in (old, new) for entry in made)


def test_a_source_whose_secrets_cannot_be_opened_lets_nobody_in(post, source: tuple[AlertSource, str]):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signals_alertsource SET passphrase = 'enc1:lost:AAAA'")
    response = post(ALERT)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


def test_plain_text_is_read_by_the_template_and_kept_raw(post, source: tuple[AlertSource, str], user: User):
    set_passphrase(source[0], WORD, actor=user)
    set_template(source[0], "{{action}} {{symbol}} @ {{price}} on {{timeframe}}", actor=user)
    text = b"buy BTCUSDT @ 45000.5 on 1h\npassphrase=Open-Sesame!42"
    assert post(text).status_code == 202
    assert post(b"passphrase=Open-Sesame!42 hello").json()["code"] == "no_template_fits"
    process_alerts()
    signal = Signal.objects.get()
    assert (signal.action, signal.symbol, str(signal.price.normalize())) == ("buy", "BTCUSDT", "45000.5")
    assert bytes(signal.alert.body) == b"buy BTCUSDT @ 45000.5 on 1h\npassphrase=[cut]"


# the door for programs


@pytest.fixture
def program(transactional_db: None, user: User, workspace: Workspace, intake: Process):
    """Posts with the token of a source of kind `rest` in the header."""
    made, token = create_source(workspace, name="My program", actor=user, kind=SourceKind.REST)

    def send(body: object, *, authorization: str = f"Bearer {token}", **kwargs: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": authorization, **kwargs.pop("headers", {})}
        return httpx.post(f"{intake.url}/hooks/alerts/", content=content, headers=headers, timeout=30)

    send.source = made
    send.token = token
    return send


def test_a_token_in_the_header_opens_the_same_source(program, intake: Process):
    assert program(ALERT).status_code == 202
    for authorization in ("", "Bearer", "Bearer wrong-token", f"Basic {program.token}"):
        response = program(ALERT, authorization=authorization)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="alerts"'
    assert Alert.objects.count() == 1
    assert "authorization" not in Alert.objects.get().headers
    assert program.token not in intake.log.read_text()


def test_a_batch_is_answered_one_by_one(program):
    sent = b'[ {"symbol":"AAPL","action":"buy","id":1, "price": 1.10 },\n{"symbol":"AAPL","action":"hold"},{"symbol":"AAPL","action":"buy","id":1},{"symbol":"?","action":"buy"}, 5]'
    response = program(sent)
    assert response.status_code == 207
    alerts = response.json()["alerts"]
    assert [(alert["status"], alert["duplicate"]) for alert in alerts] == [
        (202, False),
        (400, False),
        (202, True),
        (422, False),
        (400, False),
    ]
    assert alerts[2]["id"] == alerts[0]["id"]
    bodies = {alert.body_text for alert in Alert.objects.all()}
    assert '{"symbol":"AAPL","action":"buy","id":1, "price": 1.10 }' in bodies  # byte for byte
    process_alerts()
    assert str(Signal.objects.get().price.normalize()) == "1.1"
    hundred = [{**ALERT, "id": number} for number in range(2, 102)]
    assert program(hundred).status_code == 202
    assert Alert.objects.count() == 104
    assert program([*hundred, ALERT]).status_code == 413
    assert program([{**ALERT, "note": "x" * 65_536}, ALERT]).status_code == 413
    assert program(b"[]").status_code == 400
    assert program(b'[{"symbol":"AAPL","action":"buy"},').status_code == 400


def test_a_batch_counts_with_all_its_alerts_against_the_limit(program):
    AlertSource.objects.update(alerts_per_minute=10)
    assert program([{**ALERT, "id": number} for number in range(8)]).status_code == 202
    response = program([{**ALERT, "id": number} for number in range(8, 16)])
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert Alert.objects.count() == 8


def test_a_signed_batch_is_known_again_alert_by_alert(program, user: User):
    key = new_signing_key(program.source, actor=user)
    body = json.dumps([ALERT, {**ALERT, "price": 2}]).encode()
    headers = sign(key, "batch_1", time.time(), body)
    first = program(body, headers=headers).json()["alerts"]
    again = program(body, headers=headers).json()["alerts"]
    assert [alert["duplicate"] for alert in first + again] == [False, False, True, True]
    assert [alert["id"] for alert in first] == [alert["id"] for alert in again]
