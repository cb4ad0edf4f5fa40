"""What staff see of channels and providers."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from apps.notifications.models import Attempt, Delivery, Notice
from apps.notifications.selectors.analytics import analytics_of
from apps.notifications.services import send_due
from tests.factories import UserFactory, with_second_factor, workspace_of
from tests.notifications.conftest import due_now
from tests.notifications.loopback import Answer
from tests.notifications.test_email import Post


def attempt(
    user, number: int, *, outcome: str, took_ms: int, provider: str = "twilio", ago=timedelta(0), **values
):
    now = timezone.now() - ago - timedelta(seconds=1)
    notice = Notice.objects.create(
        person=user, event="x", key=str(number), data={}, urgency=2, created_at=now
    )
    delivery = Delivery.objects.create(
        notice=notice,
        person=user,
        channel="sms",
        urgency=2,
        status="delivered" if outcome == "delivered" else "failed",
        send_after=now,
        due_at=now - timedelta(seconds=took_ms / 100),
        created_at=now,
        ended_at=now,
        cost=10,
    )
    return Attempt.objects.create(
        delivery=delivery,
        number=1,
        provider=provider,
        began_at=now - timedelta(milliseconds=took_ms),
        ended_at=now,
        outcome=outcome,
        **values,
    )


def test_numbers_by_channel_and_provider(user):
    """Nine attempts of 100 … 900 ms: the median is 500, the 95th percentile lies 0.6 of the way from 800 to 900."""
    for number in range(1, 10):
        attempt(
            user, number, outcome="delivered", took_ms=number * 100, price=Decimal("0.05"), currency="EUR"
        )
    attempt(user, 10, outcome="fault", took_ms=5000, error="answered 500: broken", http_status=500)
    attempt(user, 11, outcome="refused", took_ms=10, error="no such number", http_status=400)
    attempt(user, 12, outcome="delivered", took_ms=100, ago=timedelta(hours=2))
    found = analytics_of("hour")
    sms = next(one for one in found.channels if one.channel == "sms")
    assert (sms.delivered, sms.failed, sms.credits) == (9, 2, 90)
    assert sms.failed_share == pytest.approx(2 / 11)
    assert (sms.p50_s, sms.p95_s) == (pytest.approx(5.0), pytest.approx(8.6))
    twilio = next(one for one in found.providers if one.provider == "twilio")
    assert (twilio.attempts, twilio.delivered, twilio.refused, twilio.faults) == (11, 9, 1, 1)
    assert (twilio.p50_ms, twilio.p95_ms) == (pytest.approx(500), pytest.approx(860))
    assert (twilio.price, twilio.currency) == (Decimal("0.45"), "EUR")
    assert [one.error for one in found.errors] in (
        ["no such number", "answered 500: broken"],
        ["answered 500: broken", "no such number"],
    )
    assert next(one for one in analytics_of("day").channels if one.channel == "sms").delivered == 10


def test_a_circuit_that_opened_is_shown(user, tell, mailoutbox, settings):
    server = Post()
    server.at_data = lambda number: "451 try later"
    settings.NOTIFICATIONS_EMAIL = {"main": server.start()}
    settings.NOTIFICATIONS_CIRCUIT = {"faults": 2, "pause_s": 60.0, "longest_s": 60.0}
    try:
        assert analytics_of("day").providers == []
        tell(channels=("email",))
        for _ in range(2):
            due_now()
            send_due(linger_s=0)
        main = next(one for one in analytics_of("day").providers if one.provider == "main")
    finally:
        server.stop()
    assert main.circuit == "open"
    assert 0 < main.open_s <= 60
    assert main.faults == 2


def test_without_redis_the_page_is_there(user, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    attempt(user, 1, outcome="delivered", took_ms=10)
    assert {one.circuit for one in analytics_of("day").providers} == {"unknown"}


def test_the_page_is_for_staff_and_asks_as_much_however_much_there_is(
    user, web, tell, endpoint, provider, django_assert_max_num_queries
):
    boss = UserFactory(is_staff=True, is_superuser=True)
    workspace_of(boss)
    client = Client()
    client.force_login(boss)
    client = with_second_factor(client, boss)
    path = "/admin/notifications/delivery/analytics/"
    assert web.get(path).status_code in (302, 403)
    provider.answer = lambda request: Answer(503, b"busy")
    tell(channels=("webhook",))
    send_due(linger_s=0)
    with django_assert_max_num_queries(12):
        page = client.get(path + "?span=hour").content.decode()
    assert "answered 503: busy" in page
    for words in ("Channels", "Providers", "Last errors", "Last 30 days"):
        assert words in page
    assert not re.search(r">\s*(refused|fault|unclear|webhook)\s*<", page), "a code in place of words"
    attempt(user, 31, outcome="delivered", took_ms=10)
    deliveries = client.get("/admin/notifications/delivery/").content.decode()
    assert re.search(r"<a href=[^>]*channel=sms[^>]*>\s*SMS\s*</a>", deliveries), "the filter"
    assert re.search(r"field-of_channel[^>]*>\s*SMS\s*</td>", deliveries), "the column"
    for number in range(30):
        attempt(user, number, outcome="fault", took_ms=10, provider=f"p{number}", error="x")
    with django_assert_max_num_queries(12):
        assert client.get(path + "?span=pigeon").status_code == 200
    helper = UserFactory(is_staff=True)
    workspace_of(helper)
    client = Client()
    client.force_login(helper)
    assert with_second_factor(client, helper).get(path).status_code == 403
    assert client.get("/admin/notifications/delivery/").status_code == 403
