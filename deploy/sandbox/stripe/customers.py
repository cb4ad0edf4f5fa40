"""Customers, their tax ids and their cards."""

from __future__ import annotations

import hashlib
from typing import Any

from deploy.sandbox.stripe.errors import CardError, StripeError
from deploy.sandbox.stripe.wire import list_of, metadata, number
from deploy.sandbox.stripe.world import Object, World

# Number of a test card: brand, and what happens when it is charged (nothing: it pays).
CARDS = {
    "4242424242424242": ("visa", ""),
    "5555555555554444": ("mastercard", ""),
    "378282246310005": ("amex", ""),
    "4000000000000002": ("visa", "generic_decline"),
    "4000000000009995": ("visa", "insufficient_funds"),
    "4000000000000069": ("visa", "expired_card"),
    "4000000000000341": ("visa", "later"),
}
REASONS = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "Your card has expired."),
    "later": ("card_declined", "Your card was declined."),
}


def create_customer(world: World, params: Object) -> Object:
    if clock := params.get("test_clock"):
        world.get("test_helpers.test_clock", clock, "test_clock")
    settings = params.get("invoice_settings") or {}
    made = world.add(
        "cus",
        "customer",
        {
            "id": params.get("id"),
            "address": params.get("address") or None,
            "balance": number(params, "balance", 0),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": params.get("description"),
            "discount": None,
            "email": params.get("email"),
            "invoice_prefix": world.new_id("")[1:9].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": settings.get("default_payment_method"),
                "footer": None,
                "rendering_options": None,
            },
            "metadata": metadata({}, params),
            "name": params.get("name"),
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": params.get("tax_exempt", "none"),
            "test_clock": clock,
            "_declines": False,
        },
    )
    made["created"] = world.now(made)
    for given in params.get("tax_id_data", []):
        create_tax_id(world, given, made["id"])
    world.emit("customer.created", made)
    return made


def update_customer(world: World, params: Object, identifier: str) -> Object:
    customer = world.get("customer", identifier)
    fields: Object = {
        name: params[name] or None for name in ("name", "email", "description", "address") if name in params
    }
    if "tax_exempt" in params:
        fields["tax_exempt"] = params["tax_exempt"]
    if "balance" in params:
        fields["balance"] = number(params, "balance", 0)
    if settings := params.get("invoice_settings"):
        if method := settings.get("default_payment_method"):
            world.get("payment_method", method, "invoice_settings[default_payment_method]")
        fields["invoice_settings"] = customer["invoice_settings"] | settings
    world.change(customer, "customer.updated", metadata=metadata(customer, params), **fields)
    return customer


def delete_customer(world: World, params: Object, identifier: str) -> Object:
    from deploy.sandbox.stripe.subscriptions import end

    customer = world.get("customer", identifier)
    for subscription in world.all("subscription", customer=identifier):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            end(world, subscription, "cancellation_requested")
    world.emit("customer.deleted", customer)
    customer["deleted"] = True
    return {"id": identifier, "object": "customer", "deleted": True}


def create_tax_id(world: World, params: Object, customer: str) -> Object:
    world.get("customer", customer)
    return world.add(
        "txi",
        "tax_id",
        {
            "country": (params.get("value") or "")[:2].upper(),
            "customer": customer,
            "type": params.get("type"),
            "value": params.get("value"),
            "verification": {"status": "unavailable", "verified_address": None, "verified_name": None},
        },
    )


def tax_ids(world: World, params: Object, customer: str) -> Object:
    return list_of(world, "tax_id", params | {"customer": customer}, f"/v1/customers/{customer}/tax_ids")


def delete_tax_id(world: World, params: Object, customer: str, identifier: str) -> Object:
    world.get("tax_id", identifier)["deleted"] = True
    return {"id": identifier, "object": "tax_id", "deleted": True}


def create_method(world: World, params: Object) -> Object:
    card = params.get("card") or {}
    return new_card(world, card.get("number", ""), name=(params.get("billing_details") or {}).get("name"))


def new_card(
    world: World, typed: str, *, name: str | None = None, year: int = 2034, month: int = 12
) -> Object:
    """A card by one of the numbers above. Raises CardError for another."""
    digits = "".join(letter for letter in typed if letter.isdigit())
    if digits not in CARDS:
        raise CardError("incorrect_number", "incorrect_number", "Your card number is incorrect.")
    brand, behaviour = CARDS[digits]
    return world.add(
        "pm",
        "payment_method",
        {
            "allow_redisplay": "limited",
            "billing_details": {"address": None, "email": None, "name": name, "phone": None, "tax_id": None},
            "card": {
                "brand": brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "pass",
                },
                "country": "US",
                "display_brand": brand,
                "exp_month": month,
                "exp_year": year,
                "fingerprint": hashlib.sha256(digits.encode()).hexdigest()[:16],
                "funding": "credit",
                "last4": digits[-4:],
                "networks": {"available": [brand], "preferred": None},
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "customer": None,
            "type": "card",
            "_behaviour": behaviour,
        },
    )


def attach(world: World, params: Object, identifier: str) -> Object:
    method = world.get("payment_method", identifier)
    customer = world.get("customer", params.get("customer"), "customer")
    method["customer"] = customer["id"]
    world.emit("payment_method.attached", method)
    return method


def detach(world: World, params: Object, identifier: str) -> Object:
    method = world.get("payment_method", identifier)
    for customer in world.all("customer", id=method["customer"]):
        settings = customer["invoice_settings"]
        if settings["default_payment_method"] == identifier:
            customer["invoice_settings"] = settings | {"default_payment_method": None}
    method["customer"] = None
    world.emit("payment_method.detached", method)
    return method


def use_card(world: World, customer: Object, method: Object) -> None:
    """Attach a card and make it the one that invoices are paid with."""
    method["customer"] = customer["id"]
    world.emit("payment_method.attached", method)
    settings = customer["invoice_settings"] | {"default_payment_method": method["id"]}
    world.change(customer, "customer.updated", invoice_settings=settings)


def methods_of(world: World, params: Object, customer: str) -> Object:
    return list_of(
        world, "payment_method", params | {"customer": customer}, f"/v1/customers/{customer}/payment_methods"
    )


def method_for(world: World, customer: Object, subscription: Object | None = None) -> Object | None:
    """The card that is charged: the subscription's own, else the customer's."""
    chosen = (subscription or {}).get("default_payment_method") or customer["invoice_settings"][
        "default_payment_method"
    ]
    return world.objects.get(chosen or "")


def check_card(world: World, customer: Object, method: Object, *, present: bool) -> None:
    """Raise CardError where the charge fails. `present`: the customer is on the page now."""
    behaviour = method["_behaviour"]
    if customer["_declines"]:
        behaviour = "generic_decline"
    elif behaviour == "later" and present:
        behaviour = ""
    if behaviour:
        code, message = REASONS[behaviour]
        raise CardError(code, "generic_decline" if behaviour == "later" else behaviour, message)


def decline(world: World, customer: str, declined: bool = True) -> None:
    world.get("customer", customer)["_declines"] = declined


def no_method(customer: Object) -> StripeError:
    return StripeError(
        "This customer has no attached payment source or default payment method.",
        code="resource_missing",
        param="customer",
    )


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/customers", create_customer),
    ("POST", "/v1/customers/{}", update_customer),
    ("DELETE", "/v1/customers/{}", delete_customer),
    ("GET", "/v1/customers/{}/payment_methods", methods_of),
    ("GET", "/v1/customers/{}/tax_ids", tax_ids),
    ("POST", "/v1/customers/{}/tax_ids", create_tax_id),
    ("DELETE", "/v1/customers/{}/tax_ids/{}", delete_tax_id),
    ("POST", "/v1/payment_methods", create_method),
    ("POST", "/v1/payment_methods/{}/attach", attach),
    ("POST", "/v1/payment_methods/{}/detach", detach),
]
