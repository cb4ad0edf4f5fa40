"""Checkout and portal sessions: made by the API, used by a customer on a page."""

from __future__ import annotations

from typing import Any

from deploy.sandbox.stripe import customers as cards
from deploy.sandbox.stripe import invoices, subscriptions
from deploy.sandbox.stripe.catalogue import amount_of, coupon_of_code, create_price
from deploy.sandbox.stripe.clock import expire
from deploy.sandbox.stripe.errors import CardError, StripeError
from deploy.sandbox.stripe.payments import charge
from deploy.sandbox.stripe.wire import flag, list_of, metadata, needed, number
from deploy.sandbox.stripe.world import Object, World

DAY = 86400


def create_session(world: World, params: Object) -> Object:
    mode = needed(params, "mode")
    if mode not in ("payment", "subscription"):
        raise StripeError("This sandbox knows the modes payment and subscription.", param="mode")
    if params.get("customer"):
        world.get("customer", params["customer"], "customer")
    lines = []
    for given in needed(params, "line_items"):
        price = given.get("price")
        if price is None:
            price = create_price(world, given.get("price_data") or {})["id"]
        found = world.get("price", price, "line_items[0][price]")
        if not found["active"]:
            raise StripeError("The price specified is inactive.", param="line_items[0][price]")
        if (found["recurring"] is not None) != (mode == "subscription"):
            raise StripeError(f"The price does not fit the mode `{mode}`.", param="line_items[0][price]")
        quantity = number(given, "quantity", 1) or 1
        amount = amount_of(found, quantity)
        lines.append(
            {
                "id": world.new_id("li"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": found["currency"],
                "description": world.objects[found["product"]]["name"],
                "price": found["id"],
                "quantity": quantity,
            }
        )
    now = world.now()
    subscription = params.get("subscription_data") or {}
    made = world.add(
        "cs_test",
        "checkout.session",
        {
            "allow_promotion_codes": flag(params, "allow_promotion_codes"),
            "amount_subtotal": 0,
            "amount_total": 0,
            "automatic_tax": {
                "enabled": flag(params.get("automatic_tax") or {}, "enabled"),
                "status": None,
            },
            "billing_address_collection": params.get("billing_address_collection"),
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "consent": None,
            "currency": lines[0]["currency"],
            "customer": params.get("customer"),
            "customer_creation": "always",
            "customer_details": None,
            "customer_email": params.get("customer_email"),
            "discounts": params.get("discounts") or [],
            "expires_at": number(params, "expires_at", now + DAY),
            "invoice": None,
            "locale": None,
            "metadata": metadata({}, params),
            "mode": mode,
            "payment_intent": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "setup_intent": None,
            "status": "open",
            "submit_type": None,
            "subscription": None,
            "success_url": params.get("success_url"),
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted",
            "url": None,
            "_line_items": world.as_list(lines, ""),
            "_subscription": subscription,
            "_intent": params.get("payment_intent_data") or {},
            "_invoices": flag(params.get("invoice_creation") or {}, "enabled"),
            "_invoice": (params.get("invoice_creation") or {}).get("invoice_data") or {},
            "_typed": "",
        },
    )
    made["url"] = f"{world.url}/c/pay/{made['id']}"
    reckon(world, made, None)
    return made


def reckon(world: World, session: Object, country: str | None) -> None:
    """What the page asks for: the same sum that the invoice will have."""
    lines = session["_line_items"]["data"]
    subtotal = sum(one["amount_subtotal"] for one in lines)
    if number(session["_subscription"], "trial_period_days"):
        subtotal = 0
    discount = 0
    for coupon in coupons_of(world, session):
        if coupon["percent_off"] is not None:
            off = invoices.rounded(subtotal * round(coupon["percent_off"] * 100), 10_000)
        else:
            off = coupon["amount_off"]
        discount += min(off, subtotal - discount)
    if country is None and session["customer"]:
        country = (world.objects[session["customer"]]["address"] or {}).get("country")
    percent = invoices.TAXED.get(country or "", 0.0) if session["automatic_tax"]["enabled"] else 0.0
    tax = invoices.rounded((subtotal - discount) * round(percent * 100), 10_000)
    session |= {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - discount + tax,
        "total_details": {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax},
    }


def coupons_of(world: World, session: Object) -> list[Object]:
    found = []
    for given in session["discounts"]:
        if named := given.get("coupon"):
            found.append(world.get("coupon", named, "discounts[0][coupon]"))
        elif named := given.get("promotion_code"):
            code = world.get("promotion_code", named, "discounts[0][promotion_code]")
            found.append(world.objects[code["promotion"]["coupon"]])
    if session["_typed"]:
        found.append(coupon_of_code(world, session["_typed"])[1])
    return found


def open_session(world: World, identifier: str) -> Object:
    session = world.get("checkout.session", identifier)
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.", code="checkout_session_not_open")
    return session


def complete(
    world: World,
    identifier: str,
    card: str,
    *,
    email: str = "",
    name: str = "",
    country: str = "",
    code: str = "",
) -> str:
    """What the button of the page does; returns the address to go on to. Raises CardError, and nothing was bought."""
    session = open_session(world, identifier)
    if code:
        coupon_of_code(world, code)
    session["_typed"] = code
    reckon(world, session, country or None)
    method = cards.new_card(world, card, name=name or None)
    is_new = not session["customer"]
    if is_new:
        made = cards.create_customer(
            world, {"email": email or session["customer_email"], "name": name or None}
        )
        session["customer"] = made["id"]
    customer = world.objects[session["customer"]]
    if country:
        customer["address"] = (customer["address"] or {}) | {"country": country}
    discounts = [*session["discounts"], *([{"_typed": code}] if code else [])]
    if session["mode"] == "payment":
        buy_once(world, session, customer, method, discounts)
    else:
        begin_subscription(world, session, customer, method, discounts)
    session |= {
        "customer_details": {
            "address": customer["address"],
            "email": customer["email"],
            "name": customer["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "payment_status": "paid" if session["amount_total"] else "no_payment_required",
        "status": "complete",
        "url": None,
    }
    world.emit("checkout.session.completed", session)
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def begin_subscription(
    world: World, session: Object, customer: Object, method: Object, discounts: list[Object]
) -> None:
    if session["amount_total"]:
        # a card that is refused leaves a failed charge behind and no subscription
        try:
            cards.check_card(world, customer, method, present=True)
        except CardError:
            charge(
                world,
                customer,
                method,
                session["amount_total"],
                session["currency"],
                present=True,
            )
            raise
    cards.use_card(world, customer, method)
    given: Object = {
        "customer": customer["id"],
        "items": [
            {"price": one["price"], "quantity": str(one["quantity"])}
            for one in session["_line_items"]["data"]
        ],
        "default_payment_method": method["id"],
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        "discounts": discounts,
    } | session["_subscription"]
    made = subscriptions.create(world, given, present=True)
    session |= {"subscription": made["id"], "invoice": made["latest_invoice"]}


def buy_once(
    world: World, session: Object, customer: Object, method: Object, discounts: list[Object]
) -> None:
    details = dict(session["_intent"].get("metadata") or {})
    amount = session["amount_total"]
    intent = None
    if amount:
        intent = charge(
            world,
            customer,
            method,
            amount,
            session["currency"],
            present=True,
            details=details,
            description=session["_line_items"]["data"][0]["description"],
        )
        if intent["status"] != "succeeded":
            error = intent["last_payment_error"]
            raise CardError(error["code"], error["decline_code"], error["message"])
        session["payment_intent"] = intent["id"]
    cards.use_card(world, customer, method)
    if not session["_invoices"]:
        return
    now = world.now(customer)
    lines = [
        invoices.line(
            one["description"],
            one["amount_subtotal"],
            (now, now),
            price=world.objects[one["price"]],
            quantity=one["quantity"],
        )
        for one in session["_line_items"]["data"]
    ]
    made_discounts = subscriptions.discounts_in(world, {"discounts": discounts}, customer["id"], None)
    invoice = invoices.draft(
        world,
        customer,
        session["currency"],
        lines,
        "manual",
        automatic_tax=session["automatic_tax"]["enabled"],
        details=dict(session["_invoice"].get("metadata") or {}),
        saved=True,
        discounts=made_discounts,
    )
    invoices.finalize(world, invoice)
    if intent is not None:
        invoices.attach_payment(world, invoice, intent)
    invoices.settle(world, invoice, intent)
    session["invoice"] = invoice["id"]


def expire_session(world: World, params: Object, identifier: str) -> Object:
    session = world.get("checkout.session", identifier)
    if session["status"] != "open":
        raise StripeError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}.",
        )
    expire(world, session)
    return session


def line_items(world: World, params: Object, identifier: str) -> Object:
    session = world.get("checkout.session", identifier)
    return list_of(world, "item", {}, "", list(session["_line_items"]["data"]))


def create_portal(world: World, params: Object) -> Object:
    customer = world.get("customer", needed(params, "customer"), "customer")
    made = world.add(
        "bps",
        "billing_portal.session",
        {
            "configuration": "bpc_sandbox",
            "customer": customer["id"],
            "flow": None,
            "locale": None,
            "on_behalf_of": None,
            "return_url": params.get("return_url"),
        },
    )
    made["url"] = f"{world.url}/p/session/{made['id']}"
    made.pop("metadata")
    return made


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/checkout/sessions", create_session),
    ("POST", "/v1/checkout/sessions/{}/expire", expire_session),
    ("GET", "/v1/checkout/sessions/{}/line_items", line_items),
    ("POST", "/v1/billing_portal/sessions", create_portal),
]
