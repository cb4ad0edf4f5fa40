"""Whatever order, number and delay webhooks come with, what is held in the end is what Stripe holds."""

from __future__ import annotations

import itertools
import os
import random
import threading
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction

from apps.billing.gateways.stripe.client import api
from apps.billing.models import GatewayEvent, Invoice, Payment, Subscription, SubscriptionChange
from apps.billing.selectors.credits import available_of
from apps.billing.services import gateway_events
from tests.billing.stripe.chaos import Market
from tests.billing.stripe.conftest import work_off_all

KINDS = ["customer.subscription.created", "invoice.paid", "customer.subscription.deleted"]
MORE = ["checkout.session.completed", "payment_intent.succeeded"]


class Undo(Exception):
    """Ends a savepoint."""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kinds", [KINDS, pytest.param(KINDS + MORE, marks=pytest.mark.prove)], ids=["3 events", "5 events"]
)
def test_every_order_of_a_subscriptions_events_doubled(kinds, buy, deliver, stripe_double, buyer):
    """Bought and cancelled at once: the plan is gone, one payment and one invoice are left, in all 6 (120) orders."""
    stripe_double.pay(buy("pro-month").external_id)
    with stripe_double.world.lock:
        held = next(stripe_double.world.all("subscription"))
    api().subscriptions.cancel(held["id"])
    told = {event["type"]: event for event in stripe_double.take()}
    seen: set[Any] = set()
    for order in itertools.permutations(kinds):
        try:
            with transaction.atomic():
                for kind in order:
                    assert deliver([told[kind]]) == [200]
                    work_off_all()
                assert deliver([told[kind] for kind in reversed(order)]) == [200] * len(kinds)
                assert work_off_all() == 0, "a repeat is no work"
                assert GatewayEvent.objects.count() == len(kinds)
                seen.add(books(buyer))
                raise Undo
        except Undo:
            pass
    assert len(seen) == 1
    # the 50 credits are those that Free gives a month
    assert seen.pop() == ("free", (("canceled", 3, 2900),), ((2900, "succeeded"),), ((2900, "paid"),), 50)


def books(workspace) -> tuple[Any, ...]:
    workspace.refresh_from_db()
    return (
        workspace.plan_code,
        tuple(Subscription.objects.values_list("status", "seats", "monthly_amount").order_by("id")),
        tuple(Payment.objects.values_list("amount", "status").order_by("id")),
        tuple(Invoice.objects.values_list("total", "status").order_by("id")),
        available_of(workspace),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(int(os.environ.get("PROVE", 0)) * 20 + 1))
def test_shuffled_doubled_and_delayed(seed, stripe_double, prices, pack, deliver):
    """At each step some of what waits is delivered, in any order, some of it again, and some of it is worked off."""
    chance = random.Random(seed)
    market = Market(stripe_double, prices, pack, chance)
    market.join(3)
    waiting: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for _ in range(14):
        market.step()
        waiting += stripe_double.take()
        chance.shuffle(waiting)
        cut = chance.randint(0, len(waiting))
        now, waiting = waiting[:cut] + chance.sample(old, min(3, len(old))), waiting[cut:]
        assert set(deliver(now)) <= {200}
        old += now
        if chance.random() < 0.6:
            work_off_all()
    assert set(deliver(waiting)) <= {200}
    work_off_all()
    assert market.held() == market.truth()
    assert not GatewayEvent.objects.filter(done_at=None).exists()


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_thousand_webhooks_at_once(stripe_double, prices, pack, live_server, settings):
    """Over HTTP to a running server, in parallel, lost and repeated, while four workers work them off."""
    chance = random.Random(8)
    market = Market(stripe_double, prices, pack, chance)
    market.join(12)
    stripe_double.deliverer.repeats_s = (0.2, 0.5, 1, 2, 4)
    stripe_double.chaos(shuffle=True, double=True, delay_s=(0, 1.5), drop=0.1, seed=8)
    stripe_double.listen(f"{live_server.url}/billing/webhooks/stripe/")
    stopped = threading.Event()
    workers = [threading.Thread(target=work, args=(stopped, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    try:
        sent = 0
        while sent < 1000:
            market.step()
            with stripe_double.world.lock:
                sent = sum(1 for _ in stripe_double.world.all("event"))
        assert stripe_double.deliverer.wait_until_quiet(120)
    finally:
        stopped.set()
        for worker in workers:
            worker.join()
    work_off_all()
    assert market.held() == market.truth()
    rows = GatewayEvent.objects.values_list("received_at", "done_at")
    took = sorted((done - received).total_seconds() for received, done in rows)
    print(
        f"{len(took)} stored, median {took[len(took) // 2]:.2f} s, 99 of 100 {took[len(took) * 99 // 100]:.2f} s"
    )
    assert took[len(took) * 99 // 100] < 60
    changes = SubscriptionChange.objects.values_list(
        "subscription_uuid", "amount_before", "amount_after", "id"
    )
    for _, rows in itertools.groupby(
        sorted(changes, key=lambda row: (row[0], row[3])), key=lambda row: row[0]
    ):
        ends = 0
        for _, amount_before, amount_after, _ in rows:
            assert amount_before == ends, "each change begins where the one before ended"
            ends = amount_after


def work(stopped: threading.Event, number: int) -> None:
    """A worker: the subjects that wait, in an order of its own."""
    chance = random.Random(number)
    try:
        while not stopped.wait(0.01):
            close_old_connections()
            waiting = list(
                GatewayEvent.objects.filter(done_at=None)
                .order_by()
                .values_list("gateway", "subject")
                .distinct()
            )
            chance.shuffle(waiting)
            for code, subject in waiting:
                gateway_events.work_off(code, subject)
    finally:
        connection.close()
