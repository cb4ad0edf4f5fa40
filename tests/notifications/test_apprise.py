"""Services by Apprise: real plugins of the library against a server on loopback, through the guard."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.channels.registry import channel_of
from apps.notifications.errors import BadTarget
from apps.notifications.models import Attempt, Contact, Delivery
from apps.notifications.services import add_contact
from apps.notifications.services.sending import send_due
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer


@pytest.fixture
def ntfy(user, provider) -> Contact:
    provider.answer = lambda request: Answer(200, {"id": "x", "event": "message"})
    target = provider.url.replace("http://", "ntfy://") + "/secret-topic"
    return add_contact(user, channel="apprise", target=target, actor=user, is_verified=True)


def test_ntfys_request(provider, ntfy, tell, settings):
    tell(
        channels=("apprise",),
        data={"title": "Buy", "text": "at 45,000", "facts": [["Stop", "44"]], "url": "/s/"},
    )
    send_due(linger_s=0)
    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", "/")
    said = json.loads(request.body)
    assert (said["topic"], said["title"]) == ("secret-topic", "Buy")
    assert said["message"] == f"at 45,000\nStop: 44\n{settings.SITE_URL}/s/"
    assert (states()["apprise"], ntfy.label) == ("delivered", "ntfy")
    assert "secret-topic" not in str(Contact.objects.values().get())


def test_gotifys_request(user, provider, tell):
    target = provider.url.replace("http://", "gotify://") + "/AbCdEfGhIjKlMnO"
    add_contact(user, channel="apprise", target=target, actor=user, is_verified=True)
    tell(channels=("apprise",), data={"title": "Buy", "text": "now"})
    send_due(linger_s=0)
    (request,) = provider.requests
    assert request.path == "/message"
    assert request.headers["x-gotify-key"] == "AbCdEfGhIjKlMnO"
    assert {"title": "Buy", "message": "now"}.items() <= request.json.items()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(500, b"no"), "waiting"),
        (Answer(401, b"no"), "failed"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "failed"),
        (Answer(hang_up=True), "unknown"),
    ],
    ids=["500", "401", "redirect", "hang-up"],
)
def test_what_becomes_of_refusals(provider, ntfy, tell, answer, state):
    provider.answer = lambda request: answer
    tell(channels=("apprise",))
    send_due(linger_s=0)
    assert len(provider.requests) == 1
    assert states()["apprise"] == state
    assert not Attempt.objects.filter(error__contains="secret-topic").exists()


def test_retry_after_is_obeyed(provider, ntfy, tell):
    provider.answer = lambda request: Answer(429, b"", {"Retry-After": "45"})
    tell(channels=("apprise",))
    before = timezone.now()
    send_due(linger_s=0)
    after = timezone.now()
    delivery = Delivery.objects.get(channel="apprise")
    assert before + timedelta(seconds=45) <= delivery.send_after <= after + timedelta(seconds=49)


def test_nobody_there(user, tell):
    add_contact(user, channel="apprise", target="ntfy://127.0.0.1:9/t", actor=user, is_verified=True)
    tell(channels=("apprise",))
    send_due(linger_s=0)
    assert states()["apprise"] == "waiting"
    assert Attempt.objects.filter(delivery__channel="apprise").get().outcome == "fault"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_guard_stands_in_front_of_the_library(user, provider, tell, settings, host):
    """`localhost` is a name: only where it leads gives it away, and that is checked when connecting."""
    port = provider.url.rsplit(":", 1)[1]
    target = f"ntfys://{host}:{port}/t"
    add_contact(user, channel="apprise", target=target, actor=user, is_verified=True)
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    tell(channels=("apprise",))
    send_due(linger_s=0)
    assert not provider.requests
    delivery = Delivery.objects.get(channel="apprise")
    assert (delivery.status, "inner network" in delivery.error) == ("failed", True)


def test_the_environments_proxy_is_not_used(provider, ntfy, tell, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    tell(channels=("apprise",))
    send_due(linger_s=0)
    assert states()["apprise"] == "delivered"


@pytest.mark.parametrize(
    "target",
    [
        "mailto://user:pass@example.com",
        "json://127.0.0.1/",
        "syslog://",
        "dbus://",
        "file:///etc/passwd",
        "https://example.com/hook",
        "ntfy://example.com/topic",
        "pover://nothing",
        "workflows://host.example.com/workflow/signature?template=/etc/passwd",
        "ntfys://example.com/topic?verify=no",
        "gotifys://",
        "",
    ],
)
def test_what_is_not_on_the_list(user, target):
    with pytest.raises(BadTarget):
        add_contact(user, channel="apprise", target=target, actor=user)


def test_what_is_on_the_list():
    channel = channel_of("apprise")
    for target, words in {
        f"pover://{'u' * 30}@{'t' * 30}": "Pushover",
        f"prowl://{'a' * 40}": "Prowl",
        f"pbul://{'a' * 32}": "Pushbullet",
        "gchat://workspace/key/token": "Google Chat",
        "workflows://host.example.com/workflow/signature": "Microsoft Teams",
        f"wxteams://{'a' * 80}": "Webex",
        f"zulip://bot@organization/{'a' * 32}": "Zulip",
        "pagerduty://integration@api": "PagerDuty",
        "mmosts://chat.example.com/3ccdd113474722377935511fc85d3dd4": "Mattermost",
        "ntfys://topic": "ntfy",
    }.items():
        assert channel.check_target(target) == target
        assert channel.mask(target) == words


def test_an_inner_network_that_the_operator_closed_again(provider, ntfy, tell, settings):
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    tell(channels=("apprise",))
    send_due(linger_s=0)
    due_now()
    assert states()["apprise"] == "failed"
    assert not provider.requests
