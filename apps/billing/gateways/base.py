"""What every gateway can do. A new one is a folder beside this file and a line in `registry.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from apps.billing.gateways.states import Listed, Notification, Opened, Preview, State
from apps.billing.models import Checkout, GatewayCustomer, Payment, PlanPrice, Refund, Subscription


class Gateway(Protocol):
    """One provider of payments. Methods that talk to it raise GatewayUnreachable (try again) or GatewayRefused (don't).

    They are given saved rows and save none: what they return is applied by `services.applying`.
    """

    code: str  # in addresses and rows: "stripe"
    name: str  # for people: "Stripe"
    renews: (
        bool  # whether it charges each period by itself; otherwise `services.renewals` asks for each payment
    )
    gives_invoices: bool  # whether its invoices are the official ones; otherwise we number our own
    has_portal: bool  # whether people change their card and see their papers on its own pages

    def is_ready(self) -> bool:
        """Whether the installation has its keys."""
        ...

    def currencies(self) -> Sequence[str]:
        """What it can be paid in."""
        ...

    def sync_catalogue(self) -> int:
        """Bring products, prices, packs and coupons over; returns how many were made or changed. Repeatable."""
        ...

    def open_checkout(
        self, checkout: Checkout, customer: GatewayCustomer | None, *, return_url: str, cancel_url: str
    ) -> Opened:
        """Make the page on which the checkout is paid. Repeating it with the same checkout gives the same page."""
        ...

    def close_checkout(self, checkout: Checkout) -> None:
        """Make sure that an open checkout can no longer be paid. Raises GatewayRefused when it was paid meanwhile."""
        ...

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification | None:
        """Verify a webhook; None when it is about nothing of ours. Raises SignatureWrong, or NotificationBroken."""
        ...

    def fetch(self, objects: Iterable[tuple[str, str]]) -> list[State]:
        """The present state of these objects and of what hangs on them, in an order in which they can be applied."""
        ...

    def preview(self, subscription: Subscription, price: PlanPrice, seats: int) -> Preview:
        """What changing to this price and these seats would cost now."""
        ...

    def change(
        self, subscription: Subscription, price: PlanPrice, seats: int, *, shown_at: datetime
    ) -> list[State]:
        """Change it, prorated as at `shown_at`; returns the new states."""
        ...

    def cancel(self, subscription: Subscription, *, at_period_end: bool) -> list[State]: ...

    def resume(self, subscription: Subscription) -> list[State]:
        """Take back a cancellation at the period's end."""
        ...

    def portal_url(self, customer: GatewayCustomer, *, return_url: str) -> str: ...

    def refund(self, payment: Payment, refund: Refund) -> list[State]:
        """Give money back; `refund.uuid` is the idempotency key. Returns the payment's new state."""
        ...

    def listed(self, since: datetime, until: datetime) -> Iterable[Listed]:
        """All payments and refunds of a time, from the gateway's own books."""
        ...
