"""Stripe's objects in our words. Plain functions of what the API answered (dicts), in API version 2026-05-27.dahlia.

Since "basil" periods stand on a subscription's items, an invoice names its subscription in `parent`, and a payment
intent no longer names its invoice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.billing.choices import CheckoutPurpose, CheckoutStatus, InvoiceStatus, PaymentStatus, RefundStatus
from apps.billing.gateways.states import (
    CheckoutState,
    InvoiceLineState,
    InvoiceState,
    PaymentState,
    RefundState,
    SubscriptionState,
)

Json = dict[str, Any]
MONTHS = {"month": 1, "year": 12}
REFUNDS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
}
WALLETS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


def moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def id_of(value: Any) -> str:
    """The id of a member that is an id, or the object itself where it was expanded; empty for none."""
    return str(value.get("id", "")) if isinstance(value, dict) else str(value or "")


def subscription_of(invoice: Json) -> str:
    """The id of the subscription an invoice is for; empty for none."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return id_of(details.get("subscription"))


def checkout_state(session: Json) -> CheckoutState | None:
    """None for a session that is none of ours."""
    if not session.get("client_reference_id"):
        return None
    status = {
        "complete": CheckoutStatus.COMPLETE,
        "expired": CheckoutStatus.EXPIRED,
    }.get(session["status"], CheckoutStatus.OPEN)
    if status == CheckoutStatus.COMPLETE and session["payment_status"] == "unpaid":
        status = CheckoutStatus.OPEN  # a slow way of paying: the money is on its way
    paid = status == CheckoutStatus.COMPLETE
    return CheckoutState(
        order=session["client_reference_id"],
        external_id=session["id"],
        status=status,
        customer=id_of(session.get("customer")),
        completed_at=datetime.now(UTC) if paid else None,
    )


def subscription_state(subscription: Json) -> SubscriptionState | None:
    """Of a subscription with `items.data.price.tiers` and `discounts.source.coupon` expanded; None for one not ours."""
    item = subscription["items"]["data"][0]
    price = item["price"]
    key = (price.get("metadata") or {}).get("price") or price.get("lookup_key")
    workspace = (subscription.get("metadata") or {}).get("workspace", "")
    if not key or not workspace:
        return None
    return SubscriptionState(
        external_id=subscription["id"],
        customer=id_of(subscription["customer"]),
        workspace=workspace,
        order=(subscription.get("metadata") or {}).get("order", ""),
        price=key,
        seats=item["quantity"],
        status=subscription["status"],
        started_at=at(subscription["start_date"]),
        period_start=moment(item["current_period_start"]),
        period_end=moment(item["current_period_end"]),
        currency=subscription["currency"].upper(),
        monthly_amount=monthly_amount(subscription),
        trial_end=moment(subscription.get("trial_end")),
        # the portal may say when, instead of "at the period's end"
        cancel_at_period_end=bool(
            subscription["cancel_at_period_end"]
            or (subscription.get("cancel_at") and subscription["status"] != "canceled")
        ),
        ended_at=moment(subscription.get("ended_at")),
    )


def period_amount(price: Json, quantity: int) -> int:
    """Minor units of one period: a graduated price with its tiers, or a plain one."""
    tiers = price.get("tiers")
    if not tiers:
        return int(price["unit_amount"] or 0) * quantity
    total = below = 0
    for tier in tiers:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if top > below:
            total += (tier["unit_amount"] or 0) * (top - below) + (tier["flat_amount"] or 0)
            below = top
    return total


def discounted(amount: int, subscription: Json) -> int:
    """Less the discounts that stay; one that is for a single payment takes nothing off what comes in each month."""
    for discount in subscription.get("discounts") or []:
        coupon = (discount.get("source") or {}).get("coupon") if isinstance(discount, dict) else None
        if not isinstance(coupon, dict) or coupon["duration"] == "once":
            continue
        if discount.get("end") and at(discount["end"]) <= datetime.now(UTC):
            continue
        if coupon.get("percent_off") is not None:
            hundredths = round(coupon["percent_off"] * 100)
            amount -= (amount * hundredths + 5_000) // 10_000
        else:
            amount -= min(amount, coupon["amount_off"])
    return amount


def monthly_amount(subscription: Json) -> int:
    item = subscription["items"]["data"][0]
    recurring = item["price"]["recurring"]
    amount = discounted(period_amount(item["price"], item["quantity"]), subscription)
    months = MONTHS[recurring["interval"]] * recurring["interval_count"]
    return (2 * amount + months) // (2 * months)


def invoice_state(invoice: Json) -> InvoiceState | None:
    """None for a draft, which has no number yet."""
    if invoice["status"] not in InvoiceStatus.values:
        return None
    taxes = sum(one["amount"] for one in invoice.get("total_taxes") or [])
    discount = sum(one["amount"] for one in invoice.get("total_discount_amounts") or [])
    inclusive = sum(
        one["amount"] for one in invoice.get("total_taxes") or [] if one["tax_behavior"] == "inclusive"
    )
    moments = invoice["status_transitions"]
    buyer = {
        "name": invoice.get("customer_name") or "",
        "email": invoice.get("customer_email") or "",
        **{name: value or "" for name, value in (invoice.get("customer_address") or {}).items()},
    }
    if numbers := invoice.get("customer_tax_ids"):
        buyer["tax_id"] = numbers[0]["value"]
    return InvoiceState(
        external_id=invoice["id"],
        customer=id_of(invoice["customer"]),
        number=invoice["number"] or "",
        status=invoice["status"],
        currency=invoice["currency"].upper(),
        subtotal=invoice["subtotal"] - inclusive,
        discount=discount,
        tax=taxes,
        total=invoice["total"],
        issued_at=at(moments["finalized_at"] or invoice["created"]),
        paid_at=moment(moments["paid_at"]),
        subscription=subscription_of(invoice),
        hosted_url=invoice.get("hosted_invoice_url") or "",
        pdf_url=invoice.get("invoice_pdf") or "",
        buyer={name: value for name, value in buyer.items() if value},
        lines=tuple(line_state(line) for line in invoice["lines"]["data"]),
    )


def line_state(line: Json) -> InvoiceLineState:
    return InvoiceLineState(
        text=line.get("description") or "",
        amount=line["amount"],
        quantity=line.get("quantity") or 1,
        period_start=moment(line["period"]["start"]),
        period_end=moment(line["period"]["end"]),
    )


def payment_state(intent: Json, invoice: Json | None, order: str, purpose: str) -> PaymentState | None:
    """Of a payment intent with `latest_charge.balance_transaction` and `latest_charge.refunds` expanded.

    `invoice` is what it pays, `order` our checkout and `purpose` the checkout's, where it is for one. None when it is
    for nothing of ours.
    """
    subscription = subscription_of(invoice) if invoice else ""
    if not subscription and not order:
        return None
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else None
    error = intent.get("last_payment_error") or {}
    status = PaymentStatus.PENDING
    if intent["status"] == "succeeded":
        status = PaymentStatus.SUCCEEDED
    elif intent["status"] == "canceled":
        status = PaymentStatus.CANCELED
    elif intent["status"] == "requires_payment_method" and error:
        status = PaymentStatus.FAILED
    balance = (charge or {}).get("balance_transaction")
    details = ((charge or {}).get("payment_method_details") or {}) if charge else {}
    card = details.get("card") or {}
    return PaymentState(
        external_id=intent["id"],
        customer=id_of(intent.get("customer")),
        purpose=purpose or CheckoutPurpose.PLAN,
        currency=intent["currency"].upper(),
        amount=intent["amount"],
        status=status,
        made_at=at(intent["created"]),
        paid_at=at(charge["created"]) if charge and status == PaymentStatus.SUCCEEDED else None,
        refunds=tuple(map(refund_state, ((charge or {}).get("refunds") or {}).get("data") or [])),
        fee=balance["fee"] if isinstance(balance, dict) else 0,
        method=method_of(details),
        failure=str(error.get("message") or "") if status == PaymentStatus.FAILED else "",
        order=order,
        subscription=subscription,
        invoice=invoice["id"] if invoice else "",
        card=card.get("fingerprint") or "",
    )


def method_of(details: Json) -> str:
    """As people know it: Visa 4242."""
    kind = details.get("type") or ""
    inner = details.get(kind) or {}
    brand = inner.get("brand") or kind.replace("_", " ")
    return f"{WALLETS.get(brand, brand.title())} {inner.get('last4') or ''}".strip()


def refund_state(refund: Json) -> RefundState:
    return RefundState(
        external_id=refund["id"],
        amount=refund["amount"],
        status=REFUNDS.get(refund["status"], RefundStatus.PENDING),
        made_at=at(refund["created"]),
        reason=(refund.get("reason") or "").replace("_", " "),
        asked=(refund.get("metadata") or {}).get("refund", ""),
    )
