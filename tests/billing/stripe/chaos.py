"""Workspaces that buy, change, cancel and fail to pay at random; what Stripe then holds of each, and what we hold."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import User, Workspace
from apps.billing.errors import BillingRefused
from apps.billing.models import Checkout, CreditBucket, CreditPack, Invoice, Payment, PlanPrice, Subscription
from apps.billing.services.checkouts import buy_credits, buy_plan
from deploy.sandbox.stripe import StripeDouble, clock, payments, subscriptions
from deploy.sandbox.stripe.errors import CardError
from tests.factories import UserFactory, workspace_of

BACK = "http://127.0.0.1:8000/back?checkout={checkout}"
ALIVE = ("active", "past_due", "trialing", "unpaid")


@dataclass
class Market:
    """`step()` does one thing at Stripe; `truth` and `held` are compared when everything was delivered."""

    double: StripeDouble
    prices: dict[str, PlanPrice]
    pack: CreditPack
    random: random.Random
    people: list[tuple[User, Workspace]] = field(default_factory=list)

    def join(self, count: int) -> None:
        for _ in range(count):
            user = UserFactory()
            self.people.append((user, workspace_of(user, "free")))

    def step(self) -> None:
        user, workspace = self.random.choice(self.people)
        with self.double.world.lock:
            held = self.subscription_at_stripe(workspace)
        if self.random.random() < 0.08:
            self.double.advance(days=self.random.choice([1, 4, 31]))
        elif self.random.random() < 0.25:
            self.buy_pack(user, workspace)
        elif held is None:
            self.buy_plan(user, workspace)
        else:
            self.change(held)

    def common(self, user: User) -> dict[str, Any]:
        return {"gateway_code": "stripe", "actor": user, "return_url": BACK, "cancel_url": BACK}

    def buy_pack(self, user: User, workspace: Workspace) -> None:
        self.pay(buy_credits(workspace, self.pack, **self.common(user)))

    def buy_plan(self, user: User, workspace: Workspace) -> None:
        if Subscription.objects.filter(workspace=workspace).exclude(status__in=["canceled"]).exists():
            return  # its end was not delivered yet: our page would offer no checkout
        price = self.prices[self.random.choice(["pro-month", "enterprise-month"])]
        try:
            checkout = buy_plan(workspace, price, **self.common(user))
        except BillingRefused:
            return  # paid a moment ago, and not told of yet
        card = self.random.choice(["4242424242424242", "4242424242424242", "4000000000000341"])
        self.pay(checkout, card=card)

    def pay(self, checkout: Checkout, **typed: str) -> None:
        try:
            self.double.pay(checkout.external_id, **typed)
        except CardError:
            pass  # the page says so, and the person goes away

    def change(self, held: dict[str, Any]) -> None:
        """As the portal does, or staff on Stripe's own pages."""
        world = self.double.world
        with world.lock:
            what = self.random.choice(["plan", "seats", "cancel", "resume", "end", "refund", "card"])
            item = held["items"]["data"][0]
            if what in ("plan", "seats"):
                known = [one["id"] for one in world.all("price", active=True) if one["recurring"]]
                price = self.random.choice(known) if what == "plan" else item["price"]["id"]
                count = str(self.random.randint(10, 14))
                change = {
                    "items": [{"id": item["id"], "price": price, "quantity": count}],
                    "proration_behavior": self.random.choice(["always_invoice", "create_prorations"]),
                }
                subscriptions.update(world, change, held["id"])
            elif what in ("cancel", "resume"):
                ends = "true" if what == "cancel" else "false"
                subscriptions.update(world, {"cancel_at_period_end": ends}, held["id"])
            elif what == "end":
                subscriptions.cancel(world, {}, held["id"])
            elif what == "card":
                customer = world.objects[held["customer"]]
                customer["_declines"] = not customer["_declines"]
            else:
                charges = [
                    one
                    for one in world.all("charge", customer=held["customer"], paid=True)
                    if not one["metadata"] and one["amount"] > one["amount_refunded"]
                ]
                if charges:
                    amount = str(self.random.randint(1, 500))
                    payments.create_refund(world, {"charge": charges[-1]["id"], "amount": amount})

    def advance(self, days: float) -> None:
        with self.double.world.lock:
            clock.advance(self.double.world, round(days * 86400))

    # What there is

    def customers(self, workspace: Workspace) -> list[dict[str, Any]]:
        mark = str(workspace.uuid)
        return [one for one in self.double.world.all("customer") if one["metadata"].get("workspace") == mark]

    def subscription_at_stripe(self, workspace: Workspace) -> dict[str, Any] | None:
        for customer in self.customers(workspace):
            for found in self.double.world.all("subscription", customer=customer["id"]):
                if found["status"] in ALIVE:
                    return found
        return None

    def truth(self) -> dict[str, Any]:
        """Read from the double's objects directly, not through the adapter."""
        world = self.double.world
        result: dict[str, Any] = {}
        for _, workspace in self.people:
            alive = self.subscription_at_stripe(workspace)
            plan = "free"
            described = None
            if alive:
                item = alive["items"]["data"][0]
                key = world.objects[item["price"]["id"]]["lookup_key"]
                plan = key.split("-")[0] if alive["status"] in ("active", "past_due", "trialing") else "free"
                described = (
                    alive["id"],
                    alive["status"],
                    key,
                    item["quantity"],
                    alive["cancel_at_period_end"],
                    item["current_period_end"],
                )
            ids = [one["id"] for one in self.customers(workspace)]
            invoiced = {one["payment"]["payment_intent"] for one in world.all("invoice_payment")}
            intents = [
                one
                for one in world.all("payment_intent")
                # one that failed on a plan's payment page became nothing
                if one["customer"] in ids and (one["id"] in invoiced or "order" in one["metadata"])
            ]
            ended = [
                one["id"]
                for one in world.all("subscription")
                if one["customer"] in ids and one["status"] == "canceled"
            ]
            result[str(workspace.uuid)] = {
                "plan": plan,
                "alive": described,
                "ended": sorted(ended),
                "payments": sorted(
                    (one["id"], one["amount"], self.refunded(one), one["status"] == "succeeded")
                    for one in intents
                ),
                "invoices": sorted(
                    (one["id"], one["number"], one["total"], one["status"])
                    for one in world.all("invoice")
                    if one["customer"] in ids
                ),
                "credits": 1000
                * sum("order" in one["metadata"] and one["status"] == "succeeded" for one in intents),
            }
        return result

    def refunded(self, intent: dict[str, Any]) -> int:
        charged = self.double.world.objects.get(intent["latest_charge"] or "")
        return int(charged["amount_refunded"]) if charged else 0

    def held(self) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for _, workspace in self.people:
            workspace.refresh_from_db()
            mine = Subscription.objects.filter(workspace=workspace)
            alive = mine.exclude(status__in=["canceled", "incomplete_expired", "incomplete"]).first()
            described = None
            if alive:
                described = (
                    alive.external_id,
                    alive.status,
                    alive.price.lookup_key,
                    alive.seats,
                    alive.cancel_at_period_end,
                    int(alive.period_end.timestamp()),
                )
            ended = mine.filter(status="canceled").values_list("external_id", flat=True)
            bought = CreditBucket.objects.filter(workspace_id=workspace.pk, source="purchased")
            result[str(workspace.uuid)] = {
                "plan": workspace.plan_code,
                "alive": described,
                "ended": sorted(ended),
                "payments": sorted(
                    (one.external_id, one.amount, one.refunded, one.status == "succeeded")
                    for one in Payment.objects.filter(workspace_id=workspace.pk)
                ),
                "invoices": sorted(
                    Invoice.objects.filter(workspace_id=workspace.pk).values_list(
                        "external_id", "number", "total", "status"
                    )
                ),
                "credits": sum(bought.values_list("issued", flat=True)),
            }
        return result
