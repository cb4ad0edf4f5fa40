"""An alarm by the cheapest of its channels that arrives in time."""

from __future__ import annotations

import pytest

from apps.notifications.models import Delivery, Notice
from apps.notifications.services import add_contact, send_due
from apps.signals.errors import AlarmRefused
from apps.signals.services import settle_firings
from tests.notifications.loopback import Answer
from tests.signals.alarms.test_matching import purse


@pytest.fixture
def chat(user, provider, settings):
    settings.TELEGRAM_API_URL, settings.TELEGRAM_BOT_TOKEN = provider.url, "42:secret"
    provider.answer = lambda request: Answer(200, {"ok": True, "result": {"message_id": 7}})
    add_contact(user, channel="telegram", target="1234", actor=user, is_verified=True)


def test_only_what_was_used_is_paid(credits, user, workspace, alarm, receive, chat, mailoutbox):
    """Telegram arrives in time; the mail is kept for when it fails, held for and given back."""
    alarm(channels=["email", "telegram"], within_s=60)
    receive()
    assert purse(workspace) == (98, 2, 0)
    assert Notice.objects.get().routing["chosen"] == ["telegram"]
    send_due(linger_s=0)
    settle_firings()
    assert dict(Delivery.objects.values_list("channel", "status")) == {
        "inbox": "delivered",
        "telegram": "delivered",
        "email": "cancelled",
    }
    assert purse(workspace) == (99, 0, 1)
    assert mailoutbox == []


def test_times_that_nobody_measures(user, workspace, alarm):
    with pytest.raises(AlarmRefused, match="Choose one of these times"):
        alarm(within_s=61)


def test_on_the_page_and_by_the_api(user, workspace, web, api, alarm):
    made = alarm(channels=["email"])
    assert "The cheapest in 1 min" in web.get(f"/signals/alarms/{made.uuid}/edit/").content.decode()
    fields = {"name": "Mine", "channels": "email", "within_s": "60", "urgency": "2", "cool_down_s": "0"}
    assert web.post(f"/signals/alarms/{made.uuid}/edit/", fields).status_code == 302
    made.refresh_from_db()
    assert made.within_s == 60
    assert "the cheapest that arrive in 60 s" in web.get(f"/signals/alarms/{made.uuid}/").content.decode()
    path = f"/api/v1/alarms/{made.uuid}/"
    answer = api.patch(path, {"within_s": None}, format="json", headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["within_s"]) == (200, None)
    assert api.patch(path, {"within_s": 61}, format="json", headers={"If-Match": "*"}).status_code == 400
