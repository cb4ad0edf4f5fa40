"""A workspace that pays in rupiah, and the way from Midtrans to our books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User, Workspace
from apps.billing.models import Checkout, CreditPack, GatewayEvent, Plan, PlanPrice
from apps.billing.services import checkouts
from apps.billing.services.gateway_events import work_off
from deploy.sandbox.midtrans import Server
from tests.factories import UserFactory, workspace_of
from tests.payments import midtrans, midtrans_server

__all__ = ["midtrans", "midtrans_server"]

PRICES = {
    "pro": 45_000_000,
    "enterprise": 300_000_000,
}  # hundredths of a rupiah: 450,000 and 3,000,000 a month


@pytest.fixture
def buyer(db: None) -> User:
    return UserFactory(email="buyer@example.com")


@pytest.fixture
def shop(buyer: User) -> Workspace:
    return workspace_of(buyer, "free")


def price(code: str = "pro", interval: str = "month") -> PlanPrice:
    """450,000 or 3,000,000 rupiah a month, ten times as much a year."""
    amount = PRICES[code] * (10 if interval == "year" else 1)
    plan = Plan.objects.get(code=code, is_current=True)
    found, _ = PlanPrice.objects.update_or_create(
        plan=plan,
        currency="IDR",
        interval=interval,
        defaults={"amount": amount, "seat_amount": 10_000_000, "is_active": True},
    )
    return found


def buy(shop: Workspace, code: str = "pro", **more: Any) -> Checkout:
    return checkouts.buy_plan(
        shop,
        price(code),
        gateway_code="midtrans",
        actor=shop.owner,
        return_url="http://testserver/back/{checkout}/",
        cancel_url="http://testserver/off/",
        **more,
    )


def buy_credits(shop: Workspace) -> Checkout:
    pack, _ = CreditPack.objects.update_or_create(
        code="thousand", currency="IDR", defaults={"credits": 1000, "amount": 15_000_000, "is_active": True}
    )
    return checkouts.buy_credits(
        shop, pack, gateway_code="midtrans", actor=shop.owner, return_url="http://x/", cancel_url="http://x/"
    )


def send(body: dict[str, Any]) -> int:
    """Post a notification as Midtrans does; the status of our answer."""
    answer = Client().post("/billing/webhooks/midtrans/", body, content_type="application/json")
    return int(answer.status_code)


def work() -> None:
    """What the worker does."""
    for subject in GatewayEvent.objects.filter(done_at=None).values_list("subject", flat=True).distinct():
        work_off("midtrans", subject)


@pytest.fixture
def told(midtrans: Server) -> Callable[[], None]:
    """Deliver everything that Midtrans has to say, and work it off."""

    def deliver() -> None:
        for body in midtrans.notifier.take():
            assert send(body) == 200
        work()

    return deliver
