"""Which key was used for what: each order's events name the key it was sent with, each call is counted to its key."""

from __future__ import annotations

import hashlib

import pytest
from django.urls import reverse

from apps.journal.models import Entry
from apps.trading.models import OrderEvent
from apps.trading.selectors import key_uses_of
from apps.trading.services.exchange import check_account, compare_account, rotate_keys, submit_orders
from tests.exchange import Fault

pytestmark = pytest.mark.django_db


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def used(account) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.ends_with, one.purpose): (one.calls, one.failed) for one in key_uses_of(account)}


def test_orders_and_calls_name_their_key(exchange, account, user, order) -> None:
    first = order(1)
    submit_orders(account.pk)
    exchange.open_account("second-4711", "fresh")
    rotate_keys(account, api_key="second-4711", secret="mistyped", actor=user)
    check_account(account.pk)  # refused, and the old key serves on
    account.refresh_from_db()
    assert account.key_digest == digest("key")
    rotate_keys(account, api_key="second-4711", secret="fresh", actor=user)
    check_account(account.pk)
    second = order(2)
    exchange.fault(Fault.lost_after())
    submit_orders(account.pk)  # the answer is lost, and what became of it is asked
    account.refresh_from_db()
    named = {
        wanted.pk: {
            (event.kind, event.data["key"])
            for event in OrderEvent.objects.filter(order=wanted).exclude(kind="placed")
        }
        for wanted in (first, second)
    }
    assert named == {
        first.pk: {("submitting", digest("key")), ("accepted", digest("key"))},
        second.pk: {
            ("submitting", digest("second-4711")),
            ("unknown", digest("second-4711")),
            ("accepted", digest("second-4711")),
        },
    }
    assert used(account) == {
        ("key", "check"): (1, 0),
        ("key", "submit"): (1, 0),
        ("4711", "check"): (2, 1),
        ("4711", "submit"): (1, 1),
        ("4711", "look_up"): (1, 0),
    }
    assert account.key_digest == digest("second-4711")


def test_the_page_says_it_and_shows_no_key(exchange, account, user, client) -> None:
    compare_account(account.pk)
    client.force_login(user)
    shown = client.get(reverse("trading:account-detail", args=[account.uuid])).content.decode()
    assert "Uses of the keys" in shown
    assert "Comparing with the books" in shown
    assert digest("key") in shown
    checked = Entry.objects.filter(action="trading.account.checked").latest("pk")
    assert checked.changes["key_ends_with"] == "key"
