"""Time goes on: trials and periods end, failed payments are tried again, pages expire, each when it is due."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from deploy.sandbox.stripe import invoices, subscriptions
from deploy.sandbox.stripe.errors import StripeError
from deploy.sandbox.stripe.wire import needed, number
from deploy.sandbox.stripe.world import Object, World

DAY = 86400
Due = tuple[int, Callable[[], None]]


def catch_up(world: World, clock: Object | None = None) -> None:
    """Do what is due by now, for the customers of a test clock or (None) for those of the sandbox's own time."""
    if clock is None:
        target = int(time.time()) + world.skew
    else:
        target = clock["frozen_time"]
    try:
        while True:
            due = min(what_is_due(world, clock), key=lambda one: one[0], default=None)
            if due is None or due[0] > target:
                return
            world.moment = due[0]
            due[1]()
    finally:
        world.moment = None


def what_is_due(world: World, clock: Object | None) -> Iterator[Due]:
    name = clock["id"] if clock else None
    mine = {one["id"] for one in world.all("customer", test_clock=name)}
    for subscription in world.all("subscription"):
        if subscription["customer"] not in mine or subscription["status"] in subscriptions.OVER:
            continue
        if subscription["status"] == "incomplete":
            yield subscription["created"] + 23 * 3600, partial(give_up, world, subscription)
            continue
        trial_end = subscription["trial_end"]
        if subscription["status"] == "trialing" and trial_end and not subscription.get("_warned"):
            yield max(trial_end - 3 * DAY, subscription["created"]), partial(warn, world, subscription)
        period_end = subscription["items"]["data"][0]["current_period_end"]
        yield period_end, partial(subscriptions.renew, world, subscription)
    for invoice in world.all("invoice", status="open"):
        owner = invoices.subscription_of(world, invoice) if invoice["customer"] in mine else None
        if owner and owner["status"] not in subscriptions.OVER and invoice["next_payment_attempt"]:
            yield invoice["next_payment_attempt"], partial(retry, world, invoice)
    if clock is None:
        for session in world.all("checkout.session", status="open"):
            yield session["expires_at"], partial(expire, world, session)


def give_up(world: World, subscription: Object) -> None:
    """The first payment never came."""
    world.change(subscription, "customer.subscription.updated", status="incomplete_expired")


def warn(world: World, subscription: Object) -> None:
    subscription["_warned"] = True
    world.emit("customer.subscription.trial_will_end", subscription)


def retry(world: World, invoice: Object) -> None:
    """Try a failed payment again; after the last try the subscription is over."""
    invoices.pay(world, invoice, present=False)
    subscriptions.follow_payment(world, invoice)
    subscription = invoices.subscription_of(world, invoice)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] is None and subscription:
        subscriptions.end(world, subscription, "payment_failed")


def expire(world: World, session: Object) -> None:
    session |= {"status": "expired", "url": None}
    world.emit("checkout.session.expired", session)


def advance(world: World, seconds: int) -> None:
    """The sandbox's own time."""
    world.skew += seconds
    catch_up(world)


# Test clocks


def create_clock(world: World, params: Object) -> Object:
    made = world.add(
        "clock",
        "test_helpers.test_clock",
        {
            "deletes_after": int(time.time()) + 30 * DAY,
            "frozen_time": number(params, "frozen_time"),
            "name": params.get("name"),
            "status": "ready",
            "status_details": {},
        },
    )
    world.emit("test_helpers.test_clock.created", made)
    return made


def advance_clock(world: World, params: Object, identifier: str) -> Object:
    clock = world.get("test_helpers.test_clock", identifier)
    needed(params, "frozen_time")
    moment = number(params, "frozen_time") or 0
    if moment <= clock["frozen_time"]:
        raise StripeError("A test clock only goes forward.", param="frozen_time")
    clock["frozen_time"] = moment
    world.emit("test_helpers.test_clock.advancing", clock | {"status": "advancing"})
    catch_up(world, clock)
    world.emit("test_helpers.test_clock.ready", clock)
    return clock


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/test_helpers/test_clocks", create_clock),
    ("POST", "/v1/test_helpers/test_clocks/{}/advance", advance_clock),
]
