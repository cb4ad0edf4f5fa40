"""Notifications sent for real, to servers on loopback."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.choices import Mode
from apps.notifications.models import Delivery, Notice
from apps.notifications.rules.events import Event, register_event
from apps.notifications.services import NewNotice, add_webhook, queue_notices, take_ends
from tests.notifications.loopback import Loopback

EVERY_CHANNEL = register_event(
    Event(
        "tests.bell.rung", "A bell rings", modes={"inbox": Mode.NOW, "email": Mode.NOW, "webhook": Mode.NOW}
    )
)
NOBODYS_CHOICE = register_event(Event("tests.door.opened", "A door opens"))
ALARMING = register_event(
    Event("tests.house.burns", "The house burns", modes={"inbox": Mode.NOW, "email": Mode.NOW}, required=True)
)


@pytest.fixture(autouse=True)
def live(settings) -> None:
    """Everything goes out; loopback may be reached; circuits and pauses of other tests are forgotten."""
    settings.NOTIFICATIONS_LIVE = True
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    forget_circuits()


def forget_circuits() -> None:
    """Every provider is tried again, at any pace."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    prefix = django_settings.CACHES["default"].get("KEY_PREFIX", "candlewright")
    for key in client.scan_iter(f"{prefix}:circuit:*"):
        client.delete(key)
    for key in client.scan_iter(f"{prefix}:pace:*"):
        client.delete(key)
    client.close()


@pytest.fixture
def provider() -> Iterator[Loopback]:
    """A server on loopback that answers 200 until the test says otherwise."""
    with Loopback() as server:
        yield server


@pytest.fixture
def tell(user: User) -> Callable[..., Notice]:
    """Queue a notice for the user."""

    def queue(event: str = EVERY_CHANNEL.name, **values) -> Notice:
        key = values.pop("key", str(uuid.uuid4()))
        data = values.pop("data", {"title": "Buy BTCUSDT", "text": "at 45,000", "url": "/signals/"})
        queue_notices([NewNotice(values.pop("person_id", user.pk), event, key, data, **values)])
        return Notice.objects.get(key=key)

    return queue


@pytest.fixture
def endpoint(user: User, provider: Loopback):
    """A webhook of the user at the provider, and its secret."""
    return add_webhook(user, url=f"{provider.url}/hook", actor=user)


def due_now() -> None:
    """Let every pause be over."""
    Delivery.objects.filter(status="waiting").update(send_after=timezone.now() - timedelta(seconds=1))


def states() -> dict[str, str]:
    """Each delivery's channel with its state, of tests with one delivery a channel."""
    return dict(Delivery.objects.values_list("channel", "status"))


def charges() -> list[tuple[str, int]]:
    """What is to be settled now: charge keys with their costs."""
    return [(end.charge_key, end.cost) for end in take_ends()[1] if end.cost is not None]
