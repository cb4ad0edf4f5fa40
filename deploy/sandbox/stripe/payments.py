"""Payment intents, charges, balance transactions and refunds."""

from __future__ import annotations

from typing import Any

from deploy.sandbox.stripe import customers as cards
from deploy.sandbox.stripe.errors import CardError, StripeError
from deploy.sandbox.stripe.wire import metadata, number
from deploy.sandbox.stripe.world import Object, World


def charge(
    world: World,
    customer: Object,
    method: Object,
    amount: int,
    currency: str,
    *,
    present: bool,
    description: str | None = None,
    details: Object | None = None,
    intent: Object | None = None,
) -> Object:
    """Charge the card through a payment intent (a new one, or that of an earlier try); returns the intent.

    Its status is succeeded, or requires_payment_method with `last_payment_error`.
    """
    if intent is None:
        intent = world.add(
            "pi",
            "payment_intent",
            {
                "amount": amount,
                "amount_capturable": 0,
                "amount_received": 0,
                "automatic_payment_methods": None,
                "canceled_at": None,
                "cancellation_reason": None,
                "capture_method": "automatic",
                "client_secret": None,
                "confirmation_method": "automatic",
                "currency": currency,
                "customer": customer["id"],
                "description": description,
                "last_payment_error": None,
                "latest_charge": None,
                "metadata": details or {},
                "next_action": None,
                "payment_method": method["id"],
                "payment_method_options": {},
                "payment_method_types": ["card"],
                "processing": None,
                "receipt_email": None,
                "setup_future_usage": "off_session",
                "statement_descriptor": None,
                "status": "requires_confirmation",
                "transfer_data": None,
                "transfer_group": None,
            },
            owner=customer,
        )
        intent["client_secret"] = f"{intent['id']}_secret_sandbox"
        world.emit("payment_intent.created", intent)
    failure: CardError | None = None
    try:
        cards.check_card(world, customer, method, present=present)
    except CardError as refused:
        failure = refused
    made = world.add(
        "ch",
        "charge",
        {
            "amount": amount,
            "amount_captured": 0 if failure else amount,
            "amount_refunded": 0,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "captured": failure is None,
            "currency": currency,
            "customer": customer["id"],
            "description": description,
            "disputed": False,
            "failure_code": failure.code if failure else None,
            "failure_message": str(failure) if failure else None,
            "metadata": dict(intent["metadata"]),
            "outcome": {
                "network_status": "declined_by_network" if failure else "approved_by_network",
                "reason": failure.decline_code if failure else None,
                "seller_message": "The bank declined." if failure else "Payment complete.",
                "type": "issuer_declined" if failure else "authorized",
            },
            "paid": failure is None,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"card": world.shown(method["card"]), "type": "card"},
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "status": "failed" if failure else "succeeded",
        },
        owner=customer,
    )
    if failure:
        intent |= {
            "last_payment_error": {
                "charge": made["id"],
                "code": failure.code,
                "decline_code": failure.decline_code,
                "message": str(failure),
                "type": "card_error",
            },
            "latest_charge": made["id"],
            "payment_method": None,
            "status": "requires_payment_method",
        }
        world.emit("charge.failed", made)
        world.emit("payment_intent.payment_failed", intent)
        return intent
    made["balance_transaction"] = balance(world, made, amount, currency, "charge")["id"]
    intent |= {
        "amount_received": amount,
        "last_payment_error": None,
        "latest_charge": made["id"],
        "payment_method": method["id"],
        "status": "succeeded",
    }
    world.emit("charge.succeeded", made)
    world.emit("payment_intent.succeeded", intent)
    return intent


def balance(world: World, source: Object, amount: int, currency: str, kind: str) -> Object:
    """What a charge or refund did to the account: 2.9 % and 30 minor units are kept of a charge."""
    fee = amount * 29 // 1000 + 30 if kind == "charge" else 0
    return world.add(
        "txn",
        "balance_transaction",
        {
            "amount": amount,
            "available_on": world.now(source),
            "currency": currency,
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [{"amount": fee, "currency": currency, "type": "stripe_fee"}] if fee else [],
            "net": amount - fee,
            "reporting_category": kind,
            "source": source["id"],
            "status": "available",
            "type": kind,
        },
        owner=source,
    )


def create_refund(world: World, params: Object) -> Object:
    if intent_id := params.get("payment_intent"):
        intent = world.get("payment_intent", intent_id, "payment_intent")
        charged = world.objects.get(intent["latest_charge"] or "")
        if charged is None or not charged["paid"]:
            raise StripeError(
                "This PaymentIntent does not have a successful charge to refund.", param="payment_intent"
            )
    else:
        charged = world.get("charge", params.get("charge"), "charge")
    left = charged["amount"] - charged["amount_refunded"]
    amount = number(params, "amount", left) or 0
    if left == 0:
        raise StripeError(
            f"Charge {charged['id']} has already been refunded.", code="charge_already_refunded"
        )
    if not 0 < amount <= left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    made = world.add(
        "re",
        "refund",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charged["id"],
            "currency": charged["currency"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": metadata({}, params),
            "payment_intent": charged["payment_intent"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        },
        owner=charged,
    )
    made["balance_transaction"] = balance(
        world, made | {"customer": charged["customer"]}, -amount, charged["currency"], "refund"
    )["id"]
    world.emit("refund.created", made)
    before = {"amount_refunded": charged["amount_refunded"], "refunded": charged["refunded"]}
    charged["amount_refunded"] += amount
    charged["refunded"] = charged["amount_refunded"] == charged["amount"]
    world.emit("charge.refunded", charged, before)
    return made


def cancel_intent(world: World, params: Object, identifier: str) -> Object:
    intent = world.get("payment_intent", identifier)
    if intent["status"] in ("succeeded", "canceled"):
        raise StripeError(
            f"This PaymentIntent's status is {intent['status']}.", code="payment_intent_unexpected_state"
        )
    intent |= {"status": "canceled", "canceled_at": world.now(intent)}
    world.emit("payment_intent.canceled", intent)
    return intent


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/refunds", create_refund),
    ("POST", "/v1/payment_intents/{}/cancel", cancel_intent),
]
