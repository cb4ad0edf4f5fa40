"""Invoices: lines, discounts, tax, numbers, payment."""

from __future__ import annotations

from typing import Any

from deploy.sandbox.stripe import customers as cards
from deploy.sandbox.stripe.errors import StripeError
from deploy.sandbox.stripe.payments import charge
from deploy.sandbox.stripe.wire import metadata, needed, number
from deploy.sandbox.stripe.world import ACCOUNT, Object, World

DAY = 86400
RETRY_DAYS = (3, 5, 7)  # after the first failure
# Automatic tax: percent by the country of the customer's address.
TAXED = {"DE": 19.0, "FR": 20.0, "GB": 20.0, "TR": 20.0, "ID": 11.0, "JP": 10.0}


def rounded(numerator: int, denominator: int) -> int:
    """Half away from zero."""
    sign = 1 if numerator >= 0 else -1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def line(
    text: str,
    amount: int,
    period: tuple[int, int],
    *,
    price: Object | None = None,
    quantity: int = 1,
    subscription: Object | None = None,
    item: Object | None = None,
    proration: bool = False,
) -> Object:
    parent = None
    if subscription is not None:
        parent = {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": proration,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": (item or {}).get("id"),
            },
        }
    return {
        "amount": amount,
        "currency": price["currency"] if price else None,
        "description": text,
        "discount_amounts": [],
        "discountable": not proration,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "object": "line_item",
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        }
        if price
        else None,
        "quantity": quantity,
        "subtotal": amount,
        "taxes": [],
    }


def draft(
    world: World,
    customer: Object,
    currency: str,
    lines: list[Object],
    reason: str,
    *,
    subscription: Object | None = None,
    automatic_tax: bool = False,
    details: Object | None = None,
    description: str | None = None,
    discounts: list[str] | None = None,
    saved: bool = True,
) -> Object:
    """An invoice with its totals, not yet final. Not `saved`: a preview that nobody finds again."""
    now = world.now(customer)
    parent = None
    if subscription is not None:
        parent = {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "subscription": subscription["id"],
                "metadata": dict(subscription["metadata"]),
            },
        }
    fields: Object = {
        "account_country": "US",
        "account_name": "Candlewright sandbox",
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": automatic_tax, "status": "complete" if automatic_tax else None},
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [
            {"type": one["type"], "value": one["value"]}
            for one in world.all("tax_id", customer=customer["id"])
        ],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": description,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "lines": {},
        "metadata": details or {},
        "next_payment_attempt": None,
        "number": None,
        "parent": parent,
        "period_start": min([one["period"]["start"] for one in lines], default=now),
        "period_end": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": customer["balance"],
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "total_discount_amounts": [],
        "total_taxes": [],
    }
    if saved:
        invoice = world.add("in", "invoice", fields, owner=customer)
    else:
        invoice = {
            "id": world.new_id("upcoming_in"),
            "object": "invoice",
            "created": now,
            "livemode": False,
        } | fields
    for member in lines:
        member |= {"id": world.new_id("il"), "invoice": invoice["id"], "currency": currency}
    invoice["lines"] = world.as_list(lines, f"/v1/invoices/{invoice['id']}/lines")
    named = list((subscription or {}).get("discounts") or discounts or [])
    totals(world, invoice, customer, named, count=saved)
    if saved:
        world.emit("invoice.created", invoice)
    return invoice


def totals(world: World, invoice: Object, customer: Object, discounts: list[str], *, count: bool) -> None:
    """Discount, tax, and what is due after the customer's balance."""
    lines = invoice["lines"]["data"]
    subtotal = sum(one["amount"] for one in lines)
    discountable = sum(one["amount"] for one in lines if one["discountable"])
    taken = 0
    for identifier in discounts:
        discount = world.objects[identifier]
        coupon = world.objects[discount["source"]["coupon"]]
        if discount["_left"] == 0 or (discount["end"] and discount["end"] <= invoice["created"]):
            continue
        if coupon["percent_off"] is not None:
            off = rounded(discountable * round(coupon["percent_off"] * 100), 10_000)
        else:
            off = min(coupon["amount_off"], max(discountable, 0))
        off = max(0, min(off, discountable - taken))
        if not off:
            continue
        taken += off
        invoice["discounts"].append(identifier)
        invoice["total_discount_amounts"].append({"amount": off, "discount": identifier})
        if count and discount["_left"] is not None:
            discount["_left"] -= 1
    taxable = subtotal - taken
    tax = 0
    if invoice["automatic_tax"]["enabled"] and customer["tax_exempt"] == "none":
        percent = TAXED.get((customer["address"] or {}).get("country") or "", 0.0)
        tax = rounded(taxable * round(percent * 100), 10_000)
        if tax:
            invoice["total_taxes"] = [
                {
                    "amount": tax,
                    "tax_behavior": "exclusive",
                    "tax_rate_details": {"tax_rate": None},
                    "taxability_reason": "standard_rated",
                    "taxable_amount": taxable,
                    "type": "tax_rate_details",
                }
            ]
    total = taxable + tax
    balance = invoice["starting_balance"]
    due = max(0, total + balance) if total > 0 else 0
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": taxable,
        "amount_due": due,
        "amount_remaining": due,
    }


def finalize(world: World, invoice: Object) -> None:
    """Give it its number; what the customer's balance pays is taken from it, what is below zero goes to it."""
    customer = world.objects[invoice["customer"]]
    now = world.now(invoice)
    serial = customer["next_invoice_sequence"]
    used = invoice["amount_due"] - invoice["total"]
    customer["next_invoice_sequence"] = serial + 1
    page = f"{world.url}/i/{ACCOUNT}/{invoice['id']}"
    invoice |= {
        "ending_balance": customer["balance"] + (invoice["total"] - invoice["amount_due"]),
        "effective_at": now,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "number": f"{customer['invoice_prefix']}-{serial:04d}",
        "status": "open",
        "status_transitions": invoice["status_transitions"] | {"finalized_at": now},
    }
    if used:
        world.change(customer, "customer.updated", balance=invoice["ending_balance"])
    world.emit("invoice.finalized", invoice)


def pay(world: World, invoice: Object, *, present: bool, method: Object | None = None) -> Object | None:
    """Try to collect what is due; returns the payment intent, None when nothing was due."""
    customer = world.objects[invoice["customer"]]
    subscription = subscription_of(world, invoice)
    if invoice["amount_due"] == 0:
        settle(world, invoice, None)
        return None
    method = method or cards.method_for(world, customer, subscription)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    intent = None
    if method is not None:
        earlier = next(world.all("invoice_payment", invoice=invoice["id"]), None)
        intent = charge(
            world,
            customer,
            method,
            invoice["amount_due"],
            invoice["currency"],
            present=present,
            description="Subscription update" if invoice["attempt_count"] > 1 else "Subscription creation",
            details=dict(invoice["metadata"]),
            intent=world.objects[earlier["payment"]["payment_intent"]] if earlier else None,
        )
        if earlier is None:
            attach_payment(world, invoice, intent)
        if intent["status"] == "succeeded":
            settle(world, invoice, intent)
            return intent
    retry = None
    if invoice["billing_reason"] == "subscription_cycle":
        first = invoice["status_transitions"]["finalized_at"]
        tries = invoice["attempt_count"] - 1
        retry = first + RETRY_DAYS[tries] * DAY if tries < len(RETRY_DAYS) else None
    world.change(customer, "customer.updated", delinquent=True)
    invoice["next_payment_attempt"] = retry
    world.emit("invoice.payment_failed", invoice)
    return intent


def attach_payment(world: World, invoice: Object, intent: Object) -> None:
    world.add(
        "inpay",
        "invoice_payment",
        {
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        },
        owner=invoice,
    )


def settle(world: World, invoice: Object, intent: Object | None) -> None:
    now = world.now(invoice)
    invoice |= {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": invoice["status_transitions"] | {"paid_at": now},
    }
    for payment in world.all("invoice_payment", invoice=invoice["id"]):
        payment |= {
            "amount_paid": invoice["amount_due"],
            "status": "paid",
            "status_transitions": payment["status_transitions"] | {"paid_at": now},
        }
        world.emit("invoice_payment.paid", payment)
    customer = world.objects[invoice["customer"]]
    if customer["delinquent"]:
        world.change(customer, "customer.updated", delinquent=False)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def subscription_of(world: World, invoice: Object) -> Object | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return world.objects.get(details.get("subscription") or "")


def pay_invoice(world: World, params: Object, identifier: str) -> Object:
    """POST /v1/invoices/ID/pay, and the button on the invoice's page."""
    from deploy.sandbox.stripe.subscriptions import follow_payment

    invoice = world.get("invoice", identifier)
    if invoice["status"] != "open":
        raise StripeError(f"Invoice is {invoice['status']}.", code="invoice_not_open")
    method = (
        world.get("payment_method", params["payment_method"], "payment_method")
        if "payment_method" in params
        else None
    )
    intent = pay(world, invoice, present=True, method=method)
    follow_payment(world, invoice)
    if invoice["status"] != "paid":
        error = (intent or {}).get("last_payment_error")
        if error is None:
            raise cards.no_method(invoice)
        raise StripeError(
            error["message"],
            status=402,
            kind="card_error",
            code=error["code"],
            decline_code=error["decline_code"],
        )
    return invoice


def void_invoice(world: World, params: Object, identifier: str) -> Object:
    invoice = world.get("invoice", identifier)
    invoice["status_transitions"] = invoice["status_transitions"] | {"voided_at": world.now(invoice)}
    world.change(invoice, "invoice.voided", status="void", next_payment_attempt=None)
    return invoice


def lines_of(world: World, params: Object, identifier: str) -> Object:
    return dict(world.get("invoice", identifier)["lines"])


def create_item(world: World, params: Object) -> Object:
    """A line for the customer's next invoice."""
    customer = world.get("customer", needed(params, "customer"), "customer")
    now = world.now(customer)
    made = world.add(
        "ii",
        "invoiceitem",
        {
            "amount": number(params, "amount", 0),
            "currency": needed(params, "currency"),
            "customer": customer["id"],
            "date": now,
            "description": params.get("description"),
            "discountable": True,
            "invoice": None,
            "metadata": metadata({}, params),
            "period": {"start": now, "end": now},
            "proration": False,
            "quantity": 1,
        },
        owner=customer,
    )
    world.emit("invoiceitem.created", made)
    return made


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/v1/invoices/{}/lines", lines_of),
    ("POST", "/v1/invoices/{}/pay", pay_invoice),
    ("POST", "/v1/invoices/{}/void", void_invoice),
    ("POST", "/v1/invoiceitems", create_item),
]
