"""Asking Stripe for the present state of objects and of what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import stripe
import structlog

from apps.billing.gateways.states import State
from apps.billing.gateways.stripe.client import api, in_our_words, is_gone
from apps.billing.gateways.stripe.reading import (
    Json,
    checkout_state,
    id_of,
    invoice_state,
    payment_state,
    subscription_of,
    subscription_state,
)
from apps.billing.models import Checkout

log = structlog.get_logger(__name__)
# An order in which states can be applied: who, what they have, what it cost, what was paid.
ORDER = ("checkout", "subscription", "invoice", "payment")
EXPAND = {
    "checkout": [],
    "subscription": ["items.data.price.tiers", "discounts.source.coupon"],
    "invoice": ["payments"],
    "payment": ["latest_charge.balance_transaction", "latest_charge.refunds"],
}


class Round:
    """One round of questions. Each object is asked for once, and leads to those it names."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Json | None] = {}
        self.invoice_of: dict[str, str] = {}  # payment intent to invoice

    def ask(self, kind: str, identifier: str) -> Json | None:
        """The object as it is now; None when Stripe has none."""
        key = (kind, identifier)
        if key in self.found:
            return self.found[key]
        self.found[key] = None  # what names itself over others is asked for once
        found = self.found[key] = self._retrieve(kind, identifier)
        if found is None:
            return None
        if kind == "checkout":
            self._follow(("subscription", found["subscription"]), ("invoice", found["invoice"]))
            self._follow(("payment", found["payment_intent"]))
        elif kind == "subscription":
            self._follow(("invoice", found["latest_invoice"]))
        elif kind == "invoice":
            self._follow_invoice(found)
        elif kind == "payment" and identifier not in self.invoice_of:
            paid = self._paid_by(identifier)
            if paid:
                self.invoice_of[identifier] = paid
                self._follow(("invoice", paid))
        return found

    def states(self) -> list[State]:
        made: list[State | None] = []
        for kind in ORDER:
            for (is_kind, identifier), found in self.found.items():
                if is_kind == kind and found is not None:
                    made.append(self._state(kind, identifier, found))
        return [state for state in made if state is not None]

    def _state(self, kind: str, identifier: str, found: Json) -> State | None:
        if kind == "checkout":
            return checkout_state(found)
        if kind == "subscription":
            return subscription_state(found)
        if kind == "invoice":
            return invoice_state(found)
        invoice = self.found.get(("invoice", self.invoice_of.get(identifier, "")))
        order = self._order(found, invoice)
        checkout = checkout_of(order)
        return payment_state(found, invoice, order, checkout.purpose if checkout else "")

    def _order(self, intent: Json, invoice: Json | None) -> str:
        """Our checkout that a payment is for: named by itself, or by the subscription that it began."""
        named = (intent.get("metadata") or {}).get("order", "")
        if invoice is None or named:
            return str(named)
        if invoice["billing_reason"] == "subscription_create":
            began = self.found.get(("subscription", subscription_of(invoice))) or {}
            return str((began.get("metadata") or {}).get("order", ""))
        return ""

    def _follow(self, *named: tuple[str, Any]) -> None:
        for kind, value in named:
            if identifier := id_of(value):
                self.ask(kind, identifier)

    def _follow_invoice(self, invoice: Json) -> None:
        for payment in (invoice.get("payments") or {}).get("data") or []:
            intent = id_of((payment.get("payment") or {}).get("payment_intent"))
            if intent:
                self.invoice_of[intent] = invoice["id"]
                self.ask("payment", intent)
        self._follow(("subscription", subscription_of(invoice)))
        order = (invoice.get("metadata") or {}).get("order")
        if order:
            checkout = checkout_of(order)
            self._follow(("checkout", checkout.external_id if checkout else ""))

    def _paid_by(self, intent: str) -> str:
        wanted = {"payment": {"type": "payment_intent", "payment_intent": intent}, "limit": 1}
        listed = api().invoice_payments.list(wanted).data
        return id_of(listed[0].to_dict()["invoice"]) if listed else ""

    def _retrieve(self, kind: str, identifier: str) -> Json | None:
        service = {
            "checkout": api().checkout.sessions,
            "subscription": api().subscriptions,
            "invoice": api().invoices,
            "payment": api().payment_intents,
        }[kind]
        try:
            found: Json = service.retrieve(identifier, {"expand": EXPAND[kind]}).to_dict()
        except stripe.InvalidRequestError as error:
            if not is_gone(error):
                raise
            log.warning("stripe_object_gone", kind=kind, id=identifier)
            return None
        return found


def checkout_of(order: str) -> Checkout | None:
    """Our checkout of this uuid."""
    try:
        return Checkout.objects.filter(gateway="stripe", uuid=UUID(order)).first() if order else None
    except ValueError:
        return None


def fetch(objects: Iterable[tuple[str, str]]) -> list[State]:
    """See Gateway.fetch. Kinds that this gateway does not know are passed over."""
    asked = Round()
    with in_our_words():
        for kind, identifier in objects:
            if kind in EXPAND:
                asked.ask(kind, identifier)
        return asked.states()
