"""The intake over real HTTP, on real PostgreSQL: every answer, and what is stored before it."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from apps.signals.intake.redact import RedactTokens
from apps.signals.models import Alert, AlertRepeat, AlertSource, SecurityEvent, Signal
from apps.signals.services import process_alerts, rotate_token, set_source_active
from tests.signals.conftest import ALERT, Process

pytestmark = pytest.mark.django_db(transaction=True)
Post = Callable[..., httpx.Response]


def test_alert_is_stored_raw_before_202(post: Post):
    body = json.dumps(ALERT, indent=1).encode()
    response = post(body, headers={"content-type": "text/plain", "user-agent": "Go-http-client/1.1"})
    assert response.status_code == 202, response.text
    alert = Alert.objects.get()
    assert response.json() == {"id": str(alert.uuid), "duplicate": False}
    assert bytes(alert.body) == body
    assert alert.status == "received"
    assert alert.remote_ip == "127.0.0.1"
    assert alert.headers == {"content-type": "text/plain", "user-agent": "Go-http-client/1.1"}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/png", None])
def test_content_type_does_not_matter(post: Post, content_type: str | None):
    headers = {"content-type": content_type} if content_type else {}
    assert post(json.dumps(ALERT).encode(), headers=headers).status_code == 202


def test_five_deliveries_in_random_order_are_one_signal_each(post: Post):
    alerts = [
        {**ALERT, "id": "order-1"},
        {**ALERT, "bar_time": "2024-01-15T10:00:00Z"},
        {**ALERT, "bar_time": "2024-01-15T11:00:00Z"},
        ALERT,
    ]
    deliveries = alerts * 5
    random.Random(5).shuffle(deliveries)
    answers = [post(alert).json() for alert in deliveries]
    assert sum(not answer["duplicate"] for answer in answers) == 4
    assert len({answer["id"] for answer in answers}) == 4
    while process_alerts():
        pass
    assert Signal.objects.count() == 4
    assert Alert.objects.count() == 4
    assert AlertRepeat.objects.count() == 16
    assert all(repeat.same_body for repeat in AlertRepeat.objects.all())


def test_a_repeat_with_another_text_is_marked(post: Post):
    post({**ALERT, "id": "a"})
    assert post({**ALERT, "id": "a", "price": 1}).json()["duplicate"] is True
    assert AlertRepeat.objects.get().same_body is False


def test_two_hundred_at_once_are_all_stored_once(intake: Process, source: tuple[AlertSource, str]):
    where = f"{intake.url}/hooks/tradingview/{source[1]}/"

    async def send_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:
            bodies = [{**ALERT, "id": number // 2} for number in range(400)]
            return await asyncio.gather(*(client.post(where, json=body) for body in bodies))

    answers = asyncio.run(send_all())
    assert {answer.status_code for answer in answers} == {202}
    assert sum(not answer.json()["duplicate"] for answer in answers) == 200
    assert Alert.objects.count() == 200
    assert AlertRepeat.objects.count() == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"symbol": "BTCUSDT", "action": ', 400, "invalid_json"),
        (b"\xff\xfe\x00", 400, "invalid_json"),
        (b'{"symbol": "BTCUSDT", "action": "hold"}', 400, "invalid_alert"),
        (b'{"symbol": "no such thing", "action": "buy"}', 422, "unknown_symbol"),
        (b'{"symbol": "BTCUSDT", "action": "buy", "timeframe": "7x"}', 422, "unknown_timeframe"),
    ],
)
def test_refused_content_waits_for_review(post: Post, body: bytes, status: int, code: str):
    response = post(body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code
    alert = Alert.objects.get()
    assert (alert.status, bytes(alert.body), str(alert.uuid)) == ("rejected", body, problem["id"])
    assert alert.problem["detail"] == problem["detail"]
    assert post(body).json()["duplicate"] is True  # resent: still one row to review
    assert process_alerts() == 0
    assert Signal.objects.count() == 0


def test_wrong_values_are_named_with_what_was_right(post: Post):
    errors = post({"symbol": "BTCUSDT", "action": "hold", "price": "x"}).json()["errors"]
    assert [error["field"] for error in errors] == ["action", "price"]
    assert errors[0]["got"] == "hold"
    assert "expected one of buy" in errors[0]["message"]


@pytest.mark.parametrize(("path", "kind"), [("", "no_token"), ("wrong-token-wrong-token/", "unknown_token")])
def test_bad_token_is_401_and_a_security_event(
    intake: Process, source: tuple[AlertSource, str], path: str, kind: str
):
    for _ in range(2):
        response = httpx.post(f"{intake.url}/hooks/tradingview/{path}", json=ALERT)
        assert response.status_code == 401
        assert response.json()["code"] == kind
    assert sum(event.count for event in SecurityEvent.objects.filter(kind=kind)) == 2
    assert Alert.objects.count() == 0


def test_tokens_never_reach_the_log(intake: Process, post: Post, source: tuple[AlertSource, str]):
    post(ALERT)
    post(ALERT, token=f"{source[1]}x")
    until = time.monotonic() + 20
    while "unknown_token" not in (text := intake.log.read_text()):
        assert time.monotonic() < until, text
        time.sleep(0.05)
    assert source[1] not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("127.0.0.1:5000", "POST", "/hooks/tradingview/Secret-Token_1/?a=1", "1.1", 202),
        ({"r": "POST /hooks/tradingview/Secret-Token_1/ HTTP/1.1", "s": 202},),
    ],
)
def test_access_records_are_redacted(arguments: tuple[object, ...]):
    """The arguments as uvicorn and gunicorn give them to their access loggers."""
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, "%s", arguments, None)
    assert RedactTokens().filter(record)
    assert "Secret" not in str(record.args)
    assert "/hooks/tradingview/[token]" in str(record.args)


def test_wrong_method_and_wrong_path(intake: Process, source: tuple[AlertSource, str]):
    where = f"{intake.url}/hooks/tradingview/{source[1]}/"
    assert httpx.get(where).status_code == 405
    assert httpx.get(where).headers["allow"] == "POST"
    assert httpx.post(f"{where}more/", json=ALERT).status_code == 404
    assert httpx.post(f"{intake.url}/hooks/elsewhere/", json=ALERT).status_code == 404
    assert httpx.post(where.removesuffix("/"), json=ALERT).status_code == 202


def test_body_over_64_kib_is_413_and_not_stored(post: Post, intake: Process, source: tuple[AlertSource, str]):
    at_limit = json.dumps({**ALERT, "pad": ""}).encode()
    at_limit = at_limit.replace(b'"pad": ""', b'"pad": "' + b"x" * (65536 - len(at_limit)) + b'"')
    assert len(at_limit) == 65536
    assert post(at_limit).status_code == 202
    assert post(at_limit + b" ").status_code == 413

    def in_chunks():
        for _ in range(70):
            yield b" " * 1024

    response = httpx.post(f"{intake.url}/hooks/tradingview/{source[1]}/", content=in_chunks())
    assert response.status_code == 413
    assert Alert.objects.count() == 1


def test_rate_limit_is_per_source_and_says_when_to_come_back(post: Post, source: tuple[AlertSource, str]):
    AlertSource.objects.update(alerts_per_minute=3)
    statuses = [post({**ALERT, "id": number}).status_code for number in range(4)]
    assert statuses == [202, 202, 202, 429]
    assert 10 <= int(post(ALERT).headers["retry-after"]) <= 20, "a place comes free every 20 s"
    assert Alert.objects.count() == 3


def test_replaced_token_works_until_it_expires(post: Post, user, source: tuple[AlertSource, str]):
    alert_source, old = source
    new = rotate_token(alert_source, actor=user, overlap=timedelta(seconds=6))
    replaced = time.monotonic()
    assert post({**ALERT, "id": 1}, token=old).status_code == 202
    assert post({**ALERT, "id": 2}, token=new).status_code == 202
    time.sleep(max(0, replaced + 6.1 - time.monotonic()))
    response = post({**ALERT, "id": 3}, token=old)
    assert (response.status_code, response.json()["code"]) == (401, "expired_token")
    assert post({**ALERT, "id": 4}, token=new).status_code == 202
    assert SecurityEvent.objects.get(kind="expired_token").source == alert_source


def test_switched_off_source_is_refused(post: Post, user, source: tuple[AlertSource, str]):
    set_source_active(source[0], active=False, actor=user)
    response = post(ALERT)
    assert (response.status_code, response.json()["code"]) == (401, "inactive_source")
    assert Alert.objects.count() == 0
