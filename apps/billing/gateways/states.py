"""What gateways say, in our words. Plain data: an adapter makes it, `services.applying` takes it over.

A state is what the gateway holds at the moment it was asked, never what an event carried: whatever order events come
in, the last state asked for is right. Amounts are integers of minor units, currencies ISO 4217 in capital letters,
moments aware.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class CheckoutState:
    """An order. `order` is our `Checkout.uuid`, which every gateway is given and tells back."""

    order: str
    external_id: str
    status: str  # CheckoutStatus
    customer: str = ""
    completed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SubscriptionState:
    """A subscription. `price` is a `PlanPrice.lookup_key`; `workspace` our uuid, from what we told the gateway."""

    external_id: str
    customer: str
    workspace: str
    price: str
    seats: int
    status: str  # SubscriptionStatus
    started_at: datetime
    period_start: datetime | None
    period_end: datetime | None
    currency: str
    monthly_amount: int  # of a month, discounts taken off
    order: str = ""
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RefundState:
    external_id: str
    amount: int
    status: str  # RefundStatus
    made_at: datetime
    reason: str = ""
    asked: str = ""  # `Refund.uuid`, where it was we who asked for it


@dataclass(frozen=True, kw_only=True)
class PaymentState:
    """Money paid, or not. It is for a subscription's invoice or for the order it names, never for neither."""

    external_id: str
    customer: str
    purpose: str  # CheckoutPurpose
    currency: str
    amount: int
    status: str  # PaymentStatus
    made_at: datetime
    paid_at: datetime | None = None
    refunds: tuple[RefundState, ...] = ()
    fee: int = 0
    method: str = ""
    failure: str = ""
    order: str = ""
    subscription: str = ""
    invoice: str = ""
    card: str = ""  # the gateway's fingerprint of the card, for trials


@dataclass(frozen=True, kw_only=True)
class InvoiceLineState:
    text: str
    amount: int
    quantity: int = 1
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceState:
    """An invoice that the gateway made and numbered. total = subtotal − discount + tax."""

    external_id: str
    customer: str
    number: str
    status: str  # InvoiceStatus
    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    issued_at: datetime
    paid_at: datetime | None = None
    subscription: str = ""
    hosted_url: str = ""
    pdf_url: str = ""
    buyer: dict[str, str] = field(default_factory=dict)
    lines: tuple[InvoiceLineState, ...] = ()


State = CheckoutState | SubscriptionState | PaymentState | InvoiceState


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A webhook whose signature is right: which of the gateway's objects to ask for."""

    event_id: str
    kind: str
    subject: str  # the customer, or else the order: what is worked off together
    objects: tuple[tuple[str, str], ...]  # kind and id, for `Gateway.fetch`
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A checkout at the gateway: where people pay."""

    external_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a change of a subscription costs, before anybody confirms it."""

    due_now: int  # charged at once, proration included; negative: kept as credit for later invoices
    next_amount: int
    next_at: datetime | None
    currency: str
    lines: tuple[InvoiceLineState, ...]
    asked_at: datetime  # handed back with the change, so that it costs what was shown
    tax: int = 0  # part of `due_now`


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A payment or refund in the gateway's own list, for the reconciliation."""

    kind: str  # payment or refund
    external_id: str
    amount: int
    currency: str
    status: str
    made_at: datetime
    customer: str = ""
    order: str = ""
