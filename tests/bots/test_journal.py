"""The journal's chain, link by link: bar, decision, why, intent, order, fill, signal, alarm, message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.bots.selectors import journal_of
from apps.notifications.models import Delivery, Notice
from apps.signals.models import Alarm, Signal
from apps.signals.services import create_alarm, process_alerts
from apps.signals.services.matching import match_signals
from apps.trading.models import Fill, Order
from tests.bots.conftest import bring, run_all, wave


@pytest.fixture
def chain(feed, new_bot, workspace, user):
    """A bot that bought once, and an alarm that tells of it."""
    alarm = create_alarm(workspace, {"name": "Mine"}, person=user)
    Alarm.objects.filter(pk=alarm.pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    bars = wave(200)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    at = 60
    while not Fill.objects.exists():
        bring(feed, bars.slice(at, at + 1))
        run_all()
        at += 1
    while process_alerts():
        pass
    match_signals()
    bot.refresh_from_db()
    return bot


def test_every_link_is_there(web, chain):
    filled, asked = journal_of(chain)[0][:2]
    fill, order = Fill.objects.get(), Order.objects.get()
    # the bar before asked, and names the intent, its order and what that was filled at
    assert asked["request"] == "go long"
    [intent] = asked["intents"]
    assert (intent["purpose"], intent["order"]["uuid"]) == ("enter", str(order.uuid))
    assert intent["order"]["fills"] == [
        {
            "trade": fill.exchange_trade_id,
            "units": str(fill.units),
            "price": str(fill.price),
            "fee": str(fill.fee),
            "realised": str(fill.realised),
            "at": fill.at.isoformat(),
        }
    ]
    # the bar of the fill names the same intent, the signal made of it, and the message the alarm sent
    assert filled["fills"][0]["key"] == intent["key"]
    signal, notice = Signal.objects.get(), Notice.objects.get(key__startswith="firing:")
    [told] = filled["signals"]
    assert (told["id"], told["action"], len(told["notices"])) == (str(signal.uuid), "buy", 1)
    channels = sorted(Delivery.objects.filter(notice=notice).values_list("channel", flat=True))
    assert channels
    assert sorted(one["channel"] for one in told["notices"][0]["messages"]) == channels
    page = web.get(reverse("bots:bot-decision", args=[chain.uuid, filled["number"]])).content.decode()
    assert "in-app: " in page or "inbox: " in page
    page = web.get(reverse("bots:bot-decision", args=[chain.uuid, asked["number"]])).content.decode()
    order_page = reverse("trading:order-detail", args=[order.uuid])
    assert order_page in page
    assert web.get(order_page).status_code == 200
    assert "crossover(ema(close, fast), ema(close, slow))" in page


def test_reading_a_page_of_it_takes_the_same_queries_however_many(chain, django_assert_num_queries):
    # decisions, intents with orders, fills, signals, firings, messages
    with django_assert_num_queries(6):
        journal_of(chain, most=2)
    with django_assert_num_queries(6):
        journal_of(chain, most=100)
