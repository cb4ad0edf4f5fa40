"""Push by OneSignal."""

from __future__ import annotations

import pytest

from apps.notifications.errors import BadTarget
from apps.notifications.models import Attempt, Delivery
from apps.notifications.services import add_contact
from apps.notifications.services.sending import send_due
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer, Loopback

PHONE = "1dd608f2-c6a1-11e3-851d-000c2940e62c"
APP, KEY = "app-id", "os_v2_app_secret"


class OneSignal(Loopback):
    """Takes every idempotency key once, as OneSignal does; `broken` answers are given after the message was taken."""

    def __init__(self) -> None:
        super().__init__(self.take)
        self.sent: dict[str, str] = {}
        self.broken: list[Answer] = []

    def take(self, request) -> Answer:
        key = request.json["idempotency_key"]
        self.sent.setdefault(key, f"message-{len(self.sent) + 1}")
        return self.broken.pop() if self.broken else Answer(200, {"id": self.sent[key], "external_id": None})


@pytest.fixture
def onesignal(settings):
    with OneSignal() as server:
        settings.ONESIGNAL_API_URL, settings.ONESIGNAL_APP_ID, settings.ONESIGNAL_API_KEY = (
            server.url,
            APP,
            KEY,
        )
        yield server


@pytest.fixture
def phone(user):
    return add_contact(user, channel="push_onesignal", target=PHONE.upper(), actor=user, is_verified=True)


def test_the_request_is_onesignals(user, onesignal, phone, tell, settings):
    notice = tell(channels=("push_onesignal",), urgency=4)
    send_due(linger_s=0)
    (request,) = onesignal.requests
    delivery = Delivery.objects.get(channel="push_onesignal")
    assert (request.method, request.path) == ("POST", "/notifications")
    assert request.headers["authorization"] == f"Key {KEY}"
    assert request.json == {
        "app_id": APP,
        "target_channel": "push",
        "include_subscription_ids": [PHONE],
        "idempotency_key": str(delivery.uuid),
        "collapse_id": str(delivery.uuid),
        "headings": {"en": "Buy BTCUSDT"},
        "contents": {"en": "at 45,000"},
        "url": f"{settings.SITE_URL}/signals/",
        "priority": 10,
        "data": {"notice": str(notice.uuid), "event": "tests.bell.rung"},
    }
    assert (delivery.status, delivery.provider_id) == ("delivered", "message-1")


def test_after_a_crash_the_key_keeps_it_single(onesignal, phone, tell):
    tell(channels=("push_onesignal",))
    for _ in range(2):
        Delivery.objects.filter(channel="push_onesignal").update(
            status="waiting", is_doubtful=True, ended_at=None
        )
        due_now()
        send_due(linger_s=0)
    assert len(onesignal.requests) == 2
    assert len(onesignal.sent) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"id": "", "errors": ["All included players are not subscribed"]},
        {"id": "x", "errors": {"invalid_player_ids": [PHONE]}},
    ],
)
def test_a_phone_that_is_not_subscribed_any_more(onesignal, phone, tell, body):
    onesignal.broken = [Answer(200, body)]
    tell(channels=("push_onesignal",))
    send_due(linger_s=0)
    phone.refresh_from_db()
    assert (states()["push_onesignal"], phone.disabled_for) == ("failed", "gone")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(429, {"errors": ["API rate limit exceeded"]}, {"Retry-After": "1"}),
        Answer(403, {"errors": ["Access denied.  Please include an 'Authorization: ...' header"]}),
        Answer(400, {"errors": ["Message Notifications must have English language content"]}),
        Answer(502, b"<html>Bad gateway</html>"),
        Answer(hang_up=True),
    ],
    ids=["429", "403", "400", "502", "hang-up"],
)
def test_push_is_not_tried_again(onesignal, phone, tell, answer):
    onesignal.broken = [answer]
    tell(channels=("push_onesignal",))
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    assert len(onesignal.requests) == 1
    assert states()["push_onesignal"] == "failed"
    phone.refresh_from_db()
    assert phone.disabled_at is None
    assert not Attempt.objects.filter(error__contains=KEY).exists()


def test_ids_are_uuids(user):
    with pytest.raises(BadTarget):
        add_contact(user, channel="push_onesignal", target="my phone", actor=user)
