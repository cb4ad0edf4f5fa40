"""Pro and Enterprise with prices of the tests' own, sold through the double of Stripe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User, Workspace
from apps.billing.models import Checkout, CreditPack, GatewayEvent, Plan, PlanLimit, PlanPrice
from apps.billing.services import gateway_events
from apps.billing.services.checkouts import buy_credits, buy_plan
from deploy.sandbox.stripe import StripeDouble

WEBHOOK = "/billing/webhooks/stripe/"
BACK = "http://127.0.0.1:8000/back?checkout={checkout}"
PRICES = [
    # plan, interval, amount, further seat, included seats
    ("pro", "month", 2900, 900, 3),
    ("pro", "year", 29000, 9000, 3),
    ("enterprise", "month", 19900, 1900, 10),
]


@pytest.fixture
def prices(db: None) -> dict[str, PlanPrice]:
    """By plan and interval: "pro-month"."""
    made = {}
    for code, interval, amount, seat, included in PRICES:
        plan = Plan.objects.get(code=code, is_current=True)
        PlanLimit.objects.update_or_create(
            plan=plan, meter="seats", defaults={"amount": included, "period": "total"}
        )
        made[f"{code}-{interval}"] = PlanPrice.objects.update_or_create(
            plan=plan,
            currency="USD",
            interval=interval,
            defaults={"amount": amount, "seat_amount": seat, "is_active": True},
        )[0]
    return made


@pytest.fixture
def pack(db: None) -> CreditPack:
    return CreditPack.objects.update_or_create(
        code="thousand", currency="USD", defaults={"credits": 1000, "amount": 1000, "is_active": True}
    )[0]


@pytest.fixture
def buyer(user: User) -> Workspace:
    """A workspace without a plan that costs anything."""
    from tests.factories import workspace_of

    return workspace_of(user, "free")


@pytest.fixture
def buy(
    stripe_double: StripeDouble, buyer: Workspace, user: User, prices: dict[str, PlanPrice]
) -> Callable[..., Checkout]:
    """Open a checkout for a plan (by its name in `prices`) or a pack, unpaid."""

    def begin(what: str | CreditPack, **more: Any) -> Checkout:
        common: dict[str, Any] = {
            "gateway_code": "stripe",
            "actor": user,
            "return_url": BACK,
            "cancel_url": BACK,
        }
        if isinstance(what, CreditPack):
            return buy_credits(buyer, what, **common)
        return buy_plan(buyer, prices[what], **common, **more)

    return begin


@pytest.fixture
def deliver(stripe_double: StripeDouble, db: None) -> Callable[..., list[int]]:
    """Post events (those that wait, unless given) as Stripe does; returns the answers' statuses. Nothing is worked off."""
    client = Client()

    def post(events: Iterable[dict[str, Any]] | None = None) -> list[int]:
        statuses = []
        for event in stripe_double.take() if events is None else events:
            body, headers = stripe_double.sign(event)
            answer = client.post(
                WEBHOOK,
                data=body,
                content_type="application/json",
                headers={"Stripe-Signature": headers["Stripe-Signature"]},
            )
            statuses.append(answer.status_code)
        return statuses

    return post


@pytest.fixture
def settle(deliver: Callable[..., list[int]]) -> Callable[..., int]:
    """Deliver what waits and work all of it off, as a worker does; returns how many events ended."""

    def run(events: Iterable[dict[str, Any]] | None = None) -> int:
        deliver(events)
        return work_off_all()

    return run


def work_off_all() -> int:
    waiting = GatewayEvent.objects.filter(done_at=None).order_by("id")
    subjects = dict.fromkeys(waiting.values_list("gateway", "subject"))
    return sum(gateway_events.work_off(code, subject) for code, subject in subjects)
