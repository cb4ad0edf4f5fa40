"""Stripe's webhooks: verified, and read for which objects they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import stripe
from django.conf import settings

from apps.billing.errors import NotificationBroken, SignatureWrong
from apps.billing.gateways.states import Notification
from apps.billing.gateways.stripe.reading import at, id_of
from apps.billing.models import GatewayCustomer, Payment

TOLERANCE_S = 300
Named = tuple[tuple[str, str], ...]


def read(body: bytes, headers: Mapping[str, str]) -> Notification | None:
    """None for kinds of events that change nothing here, and for those of the other mode (test or live)."""
    try:
        stripe.WebhookSignature.verify_header(
            body, headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET, TOLERANCE_S
        )
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise SignatureWrong(
            "The signature does not match, or is older than five minutes. "
            "Compare STRIPE_WEBHOOK_SECRET with the webhook's page at Stripe, and the clock of this machine."
        ) from error
    try:
        event = json.loads(body)
        shown = event["data"]["object"]
        named = objects_of(event["type"], shown)
        if not named or event["livemode"] != ("_live_" in settings.STRIPE_KEY) or event.get("account"):
            return None
        return Notification(
            event_id=event["id"],
            kind=event["type"],
            subject=id_of(shown.get("customer")) or customer_of(named[0][1]) or named[0][1],
            objects=named,
            made_at=at(event["created"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotificationBroken(
            "The event has no id, type, time or object where Stripe puts them."
        ) from error


def customer_of(payment: str) -> str:
    """Whose payment it is: a refund names no customer, and must wait for what else happens to them."""
    workspaces = Payment.objects.filter(gateway="stripe", external_id=payment).values("workspace_id")
    customer = GatewayCustomer.objects.filter(gateway="stripe", workspace_id__in=workspaces).first()
    return customer.external_id if customer else ""


def objects_of(kind: str, shown: Any) -> Named:
    """What to ask for. The event's own picture of the object gives ids and nothing else."""
    if kind.startswith("checkout.session."):
        return (("checkout", shown["id"]),)
    if kind.startswith("customer.subscription."):
        return (("subscription", shown["id"]),)
    if kind.startswith("invoice."):
        return (("invoice", shown["id"]),) if shown.get("id") and shown["status"] != "draft" else ()
    if kind.startswith("payment_intent."):
        return (("payment", shown["id"]),)
    if kind.startswith(("charge.", "refund.")):
        intent = id_of(shown.get("payment_intent"))
        return (("payment", intent),) if intent else ()
    return ()
