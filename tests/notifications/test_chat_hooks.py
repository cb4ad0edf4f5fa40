"""Slack's and Discord's incoming webhooks."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.channels.registry import channel_of
from apps.notifications.errors import BadTarget
from apps.notifications.models import Attempt, Delivery
from apps.notifications.services import add_contact
from apps.notifications.services.sending import send_due
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer

DATA = {
    "title": "Buy *BTC* <!channel>",
    "text": "at 45,000 & more",
    "facts": [["Stop", "44_100"]],
    "url": "/signals/",
    "url_words": "See it",
}


@pytest.fixture
def slack(user, provider):
    provider.answer = lambda request: Answer(200, b"ok")
    return add_contact(
        user, channel="slack", target=f"{provider.url}/services/T0/B0/secret", actor=user, is_verified=True
    )


@pytest.fixture
def discord(user, provider):
    provider.answer = lambda request: Answer(200, {"id": "1130", "type": 0})
    target = f"{provider.url}/api/webhooks/1/secret?thread_id=7"
    return add_contact(user, channel="discord", target=target, actor=user, is_verified=True)


def test_slacks_request(provider, slack, tell, settings):
    tell(channels=("slack",), data=DATA)
    send_due(linger_s=0)
    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", "/services/T0/B0/secret")
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "text": "Buy *BTC* &lt;!channel&gt;",
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*Buy ∗BTC∗ &lt;!channel&gt;*\nat 45,000 &amp; more"},
            },
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Stop*\n44_100"}]},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<{settings.SITE_URL}/signals/|See it>"}},
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }
    assert states()["slack"] == "delivered"


def test_discords_request(provider, discord, tell, settings):
    notice = tell(channels=("discord",), data=DATA, urgency=4)
    send_due(linger_s=0)
    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", "/api/webhooks/1/secret?thread_id=7&wait=true")
    assert request.json == {
        "embeds": [
            {
                "title": "Buy *BTC* <!channel>",
                "description": "at 45,000 & more",
                "color": 0xDC2626,
                "timestamp": notice.created_at.isoformat(),
                "fields": [{"name": "Stop", "value": "44\\_100", "inline": True}],
                "url": f"{settings.SITE_URL}/signals/",
            }
        ],
        "allowed_mentions": {"parse": []},
    }
    delivery = Delivery.objects.get(channel="discord")
    assert (delivery.status, delivery.provider_id) == ("delivered", "1130")


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_limits_of_size(user, kind, tell, provider):
    add_contact(user, channel=kind, target=f"{provider.url}/hook", actor=user, is_verified=True)
    tell(
        channels=(kind,),
        data={"title": "t" * 900, "text": "*" * 9000, "facts": [["n" * 300, "v_" * 900]] * 40},
    )
    send_due(linger_s=0)
    body = provider.requests[0].json
    if kind == "slack":
        assert len(body["blocks"]) <= 50
        for block in body["blocks"]:
            assert len(block.get("fields", ())) <= 10
            assert len(block.get("text", {}).get("text", "")) <= 3000
            assert all(len(one["text"]) <= 2000 for one in block.get("fields", ()))
    else:
        (embed,) = body["embeds"]
        assert len(embed["title"]) <= 256
        assert len(embed["description"]) <= 4096
        assert len(embed["fields"]) <= 25
        assert all(len(one["name"]) <= 256 and len(one["value"]) <= 1024 for one in embed["fields"])
        assert sum(len(embed[part]) for part in ("title", "description")) + sum(
            len(one["name"]) + len(one["value"]) for one in embed["fields"]
        ) <= 6000 + 3000 * (embed["description"].count("\\") > 0)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("slack", Answer(404, b"no_service")),
        ("slack", Answer(404, b"channel_not_found")),
        ("slack", Answer(403, b"invalid_token")),
        ("slack", Answer(410, b"channel_is_archived")),
        ("discord", Answer(404, {"message": "Unknown Webhook", "code": 10015})),
        ("discord", Answer(401, {"message": "Invalid Webhook Token", "code": 50027})),
    ],
)
def test_a_hook_that_is_gone(user, provider, tell, kind, answer):
    contact = add_contact(user, channel=kind, target=f"{provider.url}/x/secret", actor=user, is_verified=True)
    provider.answer = lambda request: answer
    tell(channels=(kind,))
    send_due(linger_s=0)
    contact.refresh_from_db()
    assert (states()[kind], contact.disabled_for) == ("failed", "gone")


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("slack", Answer(400, b"invalid_payload")),
        ("slack", Answer(403, b"action_prohibited")),
        ("discord", Answer(400, {"message": "Invalid Form Body", "code": 50035})),
    ],
)
def test_what_will_never_be_taken(user, provider, tell, kind, answer):
    contact = add_contact(user, channel=kind, target=f"{provider.url}/x", actor=user, is_verified=True)
    provider.answer = lambda request: answer
    tell(channels=(kind,))
    send_due(linger_s=0)
    contact.refresh_from_db()
    assert (states()[kind], contact.disabled_at) == ("failed", None)


@pytest.mark.parametrize(
    ("kind", "answer", "wait_s"),
    [
        ("slack", Answer(429, b"rate_limited", {"Retry-After": "30"}), 30),
        (
            "discord",
            Answer(429, {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}),
            64.57,
        ),
        ("discord", Answer(429, b"error code: 1015", {"Retry-After": "120"}), 120),
    ],
    ids=["slack", "discord", "discord's front"],
)
def test_their_pauses_are_obeyed(user, provider, tell, kind, answer, wait_s):
    add_contact(user, channel=kind, target=f"{provider.url}/x", actor=user, is_verified=True)
    provider.answer = lambda request: answer
    tell(channels=(kind,))
    before = timezone.now()
    send_due(linger_s=0)
    after = timezone.now()
    delivery = Delivery.objects.get(channel=kind)
    assert delivery.status == "waiting"
    wait = timedelta(seconds=wait_s)
    assert before + wait <= delivery.send_after <= after + wait + timedelta(seconds=4)


def test_discords_headers_slow_us_down_before_it_must_say_no(provider, discord, tell):
    moments = []

    def answer(request) -> Answer:
        moments.append(time.monotonic())
        return Answer(200, {"id": "1"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.2"})

    provider.answer = answer
    for _ in range(2):
        tell(channels=("discord",))
    send_due(linger_s=10)
    assert len(moments) == 2
    assert moments[1] - moments[0] >= 1.15


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_faults_are_retried_and_no_answer_stays_unknown(user, provider, tell, kind):
    add_contact(user, channel=kind, target=f"{provider.url}/x/hidden-token", actor=user, is_verified=True)
    provider.answer = lambda request: Answer(500, b"rollup_error")
    tell(channels=(kind,))
    send_due(linger_s=0)
    assert states()[kind] == "waiting"
    provider.answer = lambda request: Answer(hang_up=True)
    due_now()
    send_due(linger_s=0)
    assert states()[kind] == "unknown"
    assert not Attempt.objects.filter(error__contains="hidden-token").exists()


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("slack", "https://example.com/services/T0/B0/x"),
        ("slack", "https://hooks.slack.com.example.com/services/x"),
        ("slack", "http://hooks.slack.com/services/x"),
        ("slack", "https://10.0.0.1/services/x"),
        ("discord", "https://example.com/api/webhooks/1/x"),
        ("discord", "https://user@discord.com/api/webhooks/1/x"),
    ],
)
def test_addresses_that_are_not_theirs(user, kind, target):
    with pytest.raises(BadTarget):
        add_contact(user, channel=kind, target=target, actor=user)


def test_their_own_addresses():
    for kind, target in (
        ("slack", "https://hooks.slack.com/services/T0/B0/x"),
        ("discord", "https://discord.com/api/webhooks/1/x"),
    ):
        channel = channel_of(kind)
        assert channel.check_target(target) == target
        assert "/x" not in channel.mask(target)
