"""Subscriptions: begin, change with proration, preview, cancel, resume, end."""

from __future__ import annotations

import copy
from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from deploy.sandbox.stripe import customers as cards
from deploy.sandbox.stripe import invoices
from deploy.sandbox.stripe.catalogue import amount_of, coupon_of_code, usable_coupon
from deploy.sandbox.stripe.errors import StripeError
from deploy.sandbox.stripe.wire import flag, metadata, needed, number
from deploy.sandbox.stripe.world import Object, World

DAY = 86400
OVER = ("canceled", "incomplete_expired")


def later(moment: int, interval: str, count: int, anchor: int) -> int:
    """So many intervals on, on the day of the month that the anchor names (or the month's last)."""
    if interval in ("day", "week"):
        return moment + count * DAY * (7 if interval == "week" else 1)
    start, day = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(anchor, UTC).day
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    return int(start.replace(year=year, month=month, day=min(day, monthrange(year, month)[1])).timestamp())


def new_discount(
    world: World, coupon: Object, customer: str, subscription: str | None, code: str | None = None
) -> str:
    now = world.now(world.objects[customer])
    end = None
    if coupon["duration"] == "repeating":
        end = later(now, "month", coupon["duration_in_months"] or 1, now)
    coupon["times_redeemed"] += 1
    if code:
        world.objects[code]["times_redeemed"] += 1
    made = world.add(
        "di",
        "discount",
        {
            "checkout_session": None,
            "customer": customer,
            "end": end,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": code,
            "source": {"type": "coupon", "coupon": coupon["id"]},
            "start": now,
            "subscription": subscription,
            "subscription_item": None,
            "_left": 1 if coupon["duration"] == "once" else None,
        },
    )
    return str(made["id"])


def discounts_in(world: World, params: Object, customer: str, subscription: str | None) -> list[str]:
    """The discounts that a request names by coupon, promotion code or id."""
    made = []
    for given in params.get("discounts") or []:
        if kept := given.get("discount"):
            made.append(world.get("discount", kept, "discounts[0][discount]")["id"])
        elif named := given.get("promotion_code"):
            code = world.get("promotion_code", named, "discounts[0][promotion_code]")
            coupon = usable_coupon(world, code["promotion"]["coupon"])
            made.append(new_discount(world, coupon, customer, subscription, code["id"]))
        elif typed := given.get("_typed"):
            code, coupon = coupon_of_code(world, typed)
            made.append(new_discount(world, coupon, customer, subscription, code["id"]))
        elif named := given.get("coupon"):
            made.append(new_discount(world, usable_coupon(world, named), customer, subscription))
    return made


def new_item(world: World, subscription: str, given: Object, start: int, end: int) -> Object:
    price = world.get("price", needed(given, "price"), "items[0][price]")
    if price["recurring"] is None:
        raise StripeError("The price is not recurring.", param="items[0][price]")
    return world.add(
        "si",
        "subscription_item",
        {
            "billing_thresholds": None,
            "created": start,
            "current_period_end": end,
            "current_period_start": start,
            "discounts": [],
            "metadata": metadata({}, given),
            "price": world.shown(price),
            "quantity": number(given, "quantity", 1),
            "subscription": subscription,
            "tax_rates": [],
        },
    )


def create(world: World, params: Object, *, present: bool = False) -> Object:
    """POST /v1/subscriptions. The first invoice is collected at once; a trial begins with one of zero."""
    customer = world.get("customer", needed(params, "customer"), "customer")
    now = world.now(customer)
    given = needed(params, "items")
    price = world.get("price", given[0].get("price"), "items[0][price]")
    recurring = price["recurring"] or {}
    days = number(params, "trial_period_days")
    trial_end = now + days * DAY if days else number(params, "trial_end")
    start, anchor = now, trial_end or now
    end = trial_end or later(now, recurring.get("interval", "month"), recurring.get("interval_count", 1), now)
    identifier = world.new_id("sub")
    items = [new_item(world, identifier, one, start, end) for one in given]
    discounts = discounts_in(world, params, customer["id"], identifier)
    customer["currency"] = customer["currency"] or price["currency"]
    made = world.add(
        "sub",
        "subscription",
        {
            "id": identifier,
            "application": None,
            "automatic_tax": {
                "enabled": flag(params.get("automatic_tax") or {}, "enabled"),
                "disabled_reason": None,
                "liability": {"type": "self"},
            },
            "billing_cycle_anchor": anchor,
            "billing_mode": {"type": "flexible"},
            "cancel_at": None,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically",
            "currency": price["currency"],
            "customer": customer["id"],
            "days_until_due": None,
            "default_payment_method": params.get("default_payment_method"),
            "default_source": None,
            "default_tax_rates": [],
            "description": params.get("description"),
            "discounts": discounts,
            "ended_at": None,
            "items": world.as_list(items, f"/v1/subscription_items?subscription={identifier}"),
            "latest_invoice": None,
            "metadata": metadata({}, params),
            "next_pending_invoice_item_invoice": None,
            "on_behalf_of": None,
            "pause_collection": None,
            "pending_setup_intent": None,
            "pending_update": None,
            "schedule": None,
            "start_date": now,
            "status": "trialing" if trial_end else "incomplete",
            "test_clock": customer["test_clock"],
            "transfer_data": None,
            "trial_end": trial_end,
            "trial_settings": {
                "end_behavior": {"missing_payment_method": "create_invoice"}
                | ((params.get("trial_settings") or {}).get("end_behavior") or {})
            },
            "trial_start": now if trial_end else None,
            "_pending": [],
        },
        owner=customer,
    )
    world.emit("customer.subscription.created", made)
    invoice = bill(world, made, "subscription_create")
    invoices.finalize(world, invoice)
    invoices.pay(world, invoice, present=present)
    follow_payment(world, invoice)
    return made


def bill(world: World, subscription: Object, reason: str, lines: list[Object] | None = None) -> Object:
    """A draft: the lines that wait, and (unless `lines` are given) those of the period that now runs."""
    customer = world.objects[subscription["customer"]]
    if lines is None:
        lines = [*subscription["_pending"], *period_lines(world, subscription)]
        subscription["_pending"] = []
    invoice = invoices.draft(
        world,
        customer,
        subscription["currency"],
        lines,
        reason,
        subscription=subscription,
        automatic_tax=subscription["automatic_tax"]["enabled"],
    )
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def period_lines(world: World, subscription: Object) -> list[Object]:
    free = subscription["status"] == "trialing"
    made = []
    for item in subscription["items"]["data"]:
        price = world.objects[item["price"]["id"]]
        name = world.objects[price["product"]]["name"]
        amount = 0 if free else amount_of(price, item["quantity"])
        text = f"Trial period for {name}" if free else f"{item['quantity']} × {name}"
        period = (item["current_period_start"], item["current_period_end"])
        made.append(
            invoices.line(
                text,
                amount,
                period,
                price=price,
                quantity=item["quantity"],
                subscription=subscription,
                item=item,
            )
        )
    return made


def follow_payment(world: World, invoice: Object) -> None:
    """The subscription's status after its invoice was paid, or was not."""
    subscription = invoices.subscription_of(world, invoice)
    if subscription is None or subscription["status"] in OVER:
        return
    status = subscription["status"]
    if invoice["status"] == "paid":
        still = [
            one
            for one in world.all("invoice", customer=invoice["customer"], status="open")
            if invoices.subscription_of(world, one) is subscription
        ]
        if status != "trialing" and not still:
            world.change(subscription, "customer.subscription.updated", status="active")
    elif status in ("active", "trialing"):
        world.change(subscription, "customer.subscription.updated", status="past_due")


# Changes


def wanted_items(world: World, subscription: Object, given: list[Object]) -> list[tuple[Object, Object, int]]:
    """Each item with the price and the quantity it shall have."""
    by_id = {item["id"]: item for item in subscription["items"]["data"]}
    changed = []
    for one in given:
        if one.get("id") not in by_id:
            raise StripeError(f"No such subscription item: {one.get('id')}", param="items[0][id]")
        item = by_id[one["id"]]
        price = world.get("price", one.get("price", item["price"]["id"]), "items[0][price]")
        if price["currency"] != subscription["currency"]:
            raise StripeError("The currency of a subscription cannot change.", param="items[0][price]")
        changed.append((item, price, number(one, "quantity", item["quantity"]) or 0))
    return changed


def change_lines(
    world: World, subscription: Object, changed: list[tuple[Object, Object, int]], at: int
) -> tuple[list[Object], bool]:
    """The proration of a change at a moment; and whether a new billing cycle begins with it."""
    lines: list[Object] = []
    restarts = False
    for item, price, quantity in changed:
        old = world.objects[item["price"]["id"]]
        restarts = restarts or old["recurring"] != price["recurring"]
        if subscription["status"] == "trialing":
            continue
        start, end = item["current_period_start"], item["current_period_end"]
        left, whole = max(0, end - at), end - start
        names = [world.objects[one["product"]]["name"] for one in (old, price)]
        credit = -invoices.rounded(amount_of(old, item["quantity"]) * left, whole)
        lines.append(
            invoices.line(
                f"Unused time on {item['quantity']} × {names[0]}",
                credit,
                (at, end),
                price=old,
                quantity=item["quantity"],
                subscription=subscription,
                item=item,
                proration=True,
            )
        )
        period = (at, end)
        amount = amount_of(price, quantity)
        if restarts:
            interval = price["recurring"]
            period = (at, later(at, interval["interval"], interval["interval_count"], at))
        else:
            amount = invoices.rounded(amount * left, whole)
        lines.append(
            invoices.line(
                f"{'' if restarts else 'Remaining time on '}{quantity} × {names[1]}",
                amount,
                period,
                price=price,
                quantity=quantity,
                subscription=subscription,
                item=item,
                proration=not restarts,
            )
        )
    return lines, restarts


def apply_items(world: World, changed: list[tuple[Object, Object, int]], at: int, restarts: bool) -> None:
    for item, price, quantity in changed:
        item |= {"price": world.shown(price), "quantity": quantity}
        if restarts:
            interval = price["recurring"]
            item |= {
                "current_period_start": at,
                "current_period_end": later(at, interval["interval"], interval["interval_count"], at),
            }


def update(world: World, params: Object, identifier: str) -> Object:
    subscription = world.get("subscription", identifier)
    if subscription["status"] in OVER:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="resource_missing",
        )
    customer = world.objects[subscription["customer"]]
    before = copy.deepcopy(world.shown(subscription))
    fields: Object = {"metadata": metadata(subscription, params)}
    if "default_payment_method" in params:
        fields["default_payment_method"] = params["default_payment_method"] or None
    if "discounts" in params:
        fields["discounts"] = discounts_in(world, params, customer["id"], identifier)
    end = subscription["items"]["data"][0]["current_period_end"]
    if "cancel_at_period_end" in params:
        ends = flag(params, "cancel_at_period_end")
        details = params.get("cancellation_details") or {}
        fields |= {
            "cancel_at_period_end": ends,
            "cancel_at": end if ends else None,
            "canceled_at": world.now(subscription) if ends else None,
            "cancellation_details": {
                "comment": details.get("comment"),
                "feedback": details.get("feedback"),
                "reason": "cancellation_requested" if ends else None,
            },
        }
    invoice = None
    if "items" in params:
        at = number(params, "proration_date") or world.now(subscription)
        changed = wanted_items(world, subscription, params["items"])
        lines, restarts = change_lines(world, subscription, changed, at)
        how = params.get("proration_behavior", "create_prorations")
        if how == "none":
            lines = [one for one in lines if restarts and one["amount"] > 0]
        now_due = (how == "always_invoice" or restarts) and lines
        if now_due and params.get("payment_behavior") == "error_if_incomplete" and sum_of(lines) > 0:
            method = cards.method_for(world, customer, subscription)
            if method is None:
                raise cards.no_method(customer)
            cards.check_card(world, customer, method, present=False)
        apply_items(world, changed, at, restarts)
        if restarts:
            fields["billing_cycle_anchor"] = at
        if now_due:
            invoice = bill(world, subscription, "subscription_update", [*subscription["_pending"], *lines])
            subscription["_pending"] = []
        else:
            subscription["_pending"].extend(lines)
    subscription.update(fields)
    after = world.shown(subscription)
    if previous := {name: was for name, was in before.items() if after[name] != was}:
        world.emit("customer.subscription.updated", subscription, previous)
    if invoice is not None:
        invoices.finalize(world, invoice)
        invoices.pay(world, invoice, present=False)
        follow_payment(world, invoice)
    return subscription


def sum_of(lines: list[Object]) -> int:
    return sum(one["amount"] for one in lines)


def preview(world: World, params: Object) -> Object:
    """POST /v1/invoices/create_preview: what a change would put on the next invoice. Nothing is kept."""
    details = params.get("subscription_details") or {}
    subscription = world.get("subscription", needed(params, "subscription"), "subscription")
    customer = world.objects[subscription["customer"]]
    at = number(details, "proration_date") or world.now(subscription)
    changed = wanted_items(world, subscription, details.get("items") or [])
    lines, restarts = change_lines(world, subscription, changed, at)
    tried = copy.deepcopy(subscription)
    tried_items = {item["id"]: item for item in tried["items"]["data"]}
    apply_items(
        world, [(tried_items[item["id"]], price, count) for item, price, count in changed], at, restarts
    )
    how = details.get("proration_behavior", "create_prorations")
    if how == "none":
        lines = []
    if not (how == "always_invoice" or restarts) or not changed:
        roll(world, tried)
        if tried["status"] == "trialing":
            tried["status"] = "active"
        lines = [*copy.deepcopy(subscription["_pending"]), *lines, *period_lines(world, tried)]
    return invoices.draft(
        world,
        customer,
        subscription["currency"],
        lines,
        "upcoming",
        subscription=subscription,
        automatic_tax=subscription["automatic_tax"]["enabled"],
        saved=False,
    )


# Renewals and the end


def roll(world: World, subscription: Object) -> None:
    """The next period begins where this one ends."""
    for item in subscription["items"]["data"]:
        recurring = item["price"]["recurring"]
        start = item["current_period_end"]
        item |= {
            "current_period_start": start,
            "current_period_end": later(
                start,
                recurring["interval"],
                recurring["interval_count"],
                subscription["billing_cycle_anchor"],
            ),
        }


def renew(world: World, subscription: Object) -> None:
    """The period (or the trial) is over: the next one begins and is invoiced, unless it was to end now."""
    if subscription["cancel_at_period_end"]:
        end(world, subscription, "cancellation_requested")
        return
    before = world.shown(subscription)
    customer = world.objects[subscription["customer"]]
    if subscription["status"] == "trialing":
        method = cards.method_for(world, customer, subscription)
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if method is None and behavior == "cancel":
            end(world, subscription, "cancellation_requested")
            return
        subscription["status"] = "active"
    roll(world, subscription)
    invoice = bill(world, subscription, "subscription_cycle")
    after = world.shown(subscription)
    previous = {name: was for name, was in before.items() if after[name] != was}
    world.emit("customer.subscription.updated", subscription, previous)
    invoices.finalize(world, invoice)
    invoices.pay(world, invoice, present=False)
    follow_payment(world, invoice)


def end(world: World, subscription: Object, reason: str) -> None:
    now = world.now(subscription)
    subscription |= {
        "status": "canceled",
        "ended_at": now,
        "canceled_at": subscription["canceled_at"] or now,
        "cancellation_details": subscription["cancellation_details"] | {"reason": reason},
        "_pending": [],
    }
    world.emit("customer.subscription.deleted", subscription)


def cancel(world: World, params: Object, identifier: str) -> Object:
    """DELETE /v1/subscriptions/ID: it ends now, without money back."""
    subscription = world.get("subscription", identifier)
    if subscription["status"] in OVER:
        raise StripeError(
            f"No such subscription: '{identifier}'", status=404, code="resource_missing", param="id"
        )
    given = params.get("cancellation_details") or {}
    subscription["cancellation_details"] = subscription["cancellation_details"] | given
    end(world, subscription, "cancellation_requested")
    return subscription


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/subscriptions", create),
    ("POST", "/v1/subscriptions/{}", update),
    ("DELETE", "/v1/subscriptions/{}", cancel),
    ("POST", "/v1/invoices/create_preview", preview),
]
