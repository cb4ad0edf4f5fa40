"""Stripe behind the interface that all gateways have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import stripe
from django.conf import settings

from apps.accounts.models import Workspace
from apps.billing.choices import CheckoutPurpose
from apps.billing.errors import GatewayRefused
from apps.billing.gateways.states import Listed, Notification, Opened, Preview, State
from apps.billing.gateways.stripe import catalogue, fetching, notifications, reading
from apps.billing.gateways.stripe.client import api, in_our_words, is_gone, is_ready
from apps.billing.models import (
    BillingProfile,
    Checkout,
    GatewayCustomer,
    Payment,
    PlanPrice,
    Refund,
    Subscription,
)

# Those whose minor units are Stripe's too; further ones need no more than a line.
CURRENCIES = ("USD", "EUR", "GBP", "IDR", "TRY", "JPY")
PAGE = 100


class StripeGateway:
    code = "stripe"
    name = "Stripe"
    renews = True
    gives_invoices = True
    has_portal = True

    def is_ready(self) -> bool:
        return is_ready()

    def currencies(self) -> Sequence[str]:
        return CURRENCIES

    def sync_catalogue(self) -> int:
        with in_our_words():
            return catalogue.sync()

    # Buying

    def open_checkout(
        self, checkout: Checkout, customer: GatewayCustomer | None, *, return_url: str, cancel_url: str
    ) -> Opened:
        order = str(checkout.uuid)
        ours = {"order": order, "workspace": str(checkout.workspace.uuid)}
        with in_our_words():
            fields: dict[str, Any] = {
                "client_reference_id": order,
                "customer": self._customer(checkout.workspace, customer),
                "success_url": return_url,
                "cancel_url": cancel_url,
                "expires_at": int(checkout.expires_at.timestamp()),
                "metadata": ours,
            }
            if checkout.purpose == CheckoutPurpose.PLAN:
                assert checkout.price is not None
                fields |= {
                    "mode": "subscription",
                    "line_items": [{"price": catalogue.price_id(checkout.price), "quantity": checkout.seats}],
                    "subscription_data": {"metadata": ours},
                }
            else:
                assert checkout.pack is not None
                fields |= {
                    "mode": "payment",
                    "line_items": [{"price": catalogue.pack_id(checkout.pack), "quantity": 1}],
                    "payment_intent_data": {"metadata": ours, "setup_future_usage": "off_session"},
                    "invoice_creation": {"enabled": True, "invoice_data": {"metadata": ours}},
                }
            if checkout.coupon:
                fields["discounts"] = [{"coupon": catalogue.coupon_id(checkout.coupon)}]
            if settings.STRIPE_AUTOMATIC_TAX:
                fields |= {
                    "automatic_tax": {"enabled": True},
                    "billing_address_collection": "required",
                    "customer_update": {"address": "auto", "name": "auto"},
                    "tax_id_collection": {"enabled": True},
                }
            session = api().checkout.sessions.create(fields, catalogue.once(f"checkout-{order}"))
        return Opened(
            external_id=session.id, url=session.url or "", expires_at=reading.at(session.expires_at)
        )

    def close_checkout(self, checkout: Checkout) -> None:
        if not checkout.external_id:
            return
        with in_our_words():
            try:
                api().checkout.sessions.expire(checkout.external_id)
            except stripe.InvalidRequestError as error:
                if is_gone(error):
                    return
                session = api().checkout.sessions.retrieve(checkout.external_id)
                if session.status == "complete":
                    raise GatewayRefused("It was paid a moment ago.") from error
                if session.status == "open":
                    raise

    def portal_url(self, customer: GatewayCustomer, *, return_url: str) -> str:
        with in_our_words():
            fields = {"customer": customer.external_id, "return_url": return_url}
            return str(api().billing_portal.sessions.create(fields).url)

    def _customer(self, workspace: Workspace, known: GatewayCustomer | None) -> str:
        """Stripe's customer of the workspace, with its billing profile. Made twice within a day it is the same one."""
        mark = str(workspace.uuid)
        if known is None:
            made = api().customers.create(
                {"metadata": {"workspace": mark}}, catalogue.once(f"customer-{mark}")
            )
        identifier = known.external_id if known else str(made.id)
        profile = BillingProfile.objects.filter(workspace=workspace).first()
        if profile is not None:
            api().customers.update(identifier, profile_fields(profile))
        return identifier

    # What Stripe tells

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification | None:
        return notifications.read(body, headers)

    def fetch(self, objects: Iterable[tuple[str, str]]) -> list[State]:
        return fetching.fetch(objects)

    # Changing a subscription

    def preview(self, subscription: Subscription, price: PlanPrice, seats: int) -> Preview:
        now = datetime.now(UTC).replace(microsecond=0)
        with in_our_words():
            held, details = self._change(subscription, price, seats, now)
            draft = api().invoices.create_preview(
                {"subscription": subscription.external_id, "subscription_details": details}
            )
            shown = draft.to_dict()
            wanted = api().prices.retrieve(details["items"][0]["price"], {"expand": ["tiers"]}).to_dict()
        lines = tuple(reading.line_state(line) for line in shown["lines"]["data"])
        ends = [line.period_end for line in lines if line.period_end]
        period_end = reading.moment(held["items"]["data"][0]["current_period_end"])
        return Preview(
            due_now=shown["total"] if shown["total"] < 0 else shown["amount_due"],
            next_amount=reading.discounted(reading.period_amount(wanted, seats), held),
            next_at=max(ends, default=period_end),
            currency=shown["currency"].upper(),
            lines=lines,
            asked_at=now,
        )

    def change(
        self, subscription: Subscription, price: PlanPrice, seats: int, *, shown_at: datetime
    ) -> list[State]:
        with in_our_words():
            _, details = self._change(subscription, price, seats, shown_at)
            mark = f"change-{subscription.uuid}-{price.lookup_key}-{seats}-{details['proration_date']}"
            api().subscriptions.update(
                subscription.external_id,
                details | {"payment_behavior": "error_if_incomplete"},
                catalogue.once(mark),
            )
        return self.fetch([("subscription", subscription.external_id)])

    def _change(
        self, subscription: Subscription, price: PlanPrice, seats: int, moment: datetime
    ) -> tuple[reading.Json, dict[str, Any]]:
        """The subscription as it is, and what would change it. What is due is paid at once, or nothing changes."""
        expand = {"expand": fetching.EXPAND["subscription"]}
        held = api().subscriptions.retrieve(subscription.external_id, expand).to_dict()
        item = held["items"]["data"][0]
        # Stripe takes no moment outside of the period
        at = max(int(moment.timestamp()), item["current_period_start"])
        return held, {
            "items": [{"id": item["id"], "price": catalogue.price_id(price), "quantity": seats}],
            "proration_behavior": "always_invoice",
            "proration_date": at,
        }

    def cancel(self, subscription: Subscription, *, at_period_end: bool) -> list[State]:
        identifier = subscription.external_id
        with in_our_words():
            if at_period_end:
                api().subscriptions.update(identifier, {"cancel_at_period_end": True})
            else:
                try:
                    api().subscriptions.cancel(identifier)
                except stripe.InvalidRequestError as error:
                    if not is_gone(error):  # cancelled already: its state says so
                        raise
        return self.fetch([("subscription", identifier)])

    def resume(self, subscription: Subscription) -> list[State]:
        with in_our_words():
            api().subscriptions.update(subscription.external_id, {"cancel_at_period_end": False})
        return self.fetch([("subscription", subscription.external_id)])

    # Money back, and the books

    def refund(self, payment: Payment, refund: Refund) -> list[State]:
        mark = str(refund.uuid)
        with in_our_words():
            api().refunds.create(
                {
                    "payment_intent": payment.external_id,
                    "amount": refund.amount,
                    "reason": "requested_by_customer",
                    "metadata": {"refund": mark},
                },
                catalogue.once(f"refund-{mark}"),
            )
        return self.fetch([("payment", payment.external_id)])

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        when = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        with in_our_words():
            intents = api().payment_intents.list({"created": when, "limit": PAGE})
            for intent in intents.auto_paging_iter():
                shown = intent.to_dict()
                if shown["status"] != "succeeded":
                    continue  # nothing moved
                yield Listed(
                    kind="payment",
                    external_id=shown["id"],
                    amount=shown["amount"],
                    currency=shown["currency"].upper(),
                    status="succeeded",
                    made_at=reading.at(shown["created"]),
                    customer=reading.id_of(shown.get("customer")),
                    order=(shown.get("metadata") or {}).get("order", ""),
                )
            for refund in api().refunds.list({"created": when, "limit": PAGE}).auto_paging_iter():
                state = reading.refund_state(refund.to_dict())
                yield Listed(
                    kind="refund",
                    external_id=state.external_id,
                    amount=state.amount,
                    currency=refund.currency.upper(),
                    status=state.status,
                    made_at=state.made_at,
                )


def profile_fields(profile: BillingProfile) -> dict[str, Any]:
    """The billing profile as Stripe keeps it."""
    fields: dict[str, Any] = {"name": profile.name, "email": profile.email}
    if profile.country:
        names = ("line1", "line2", "postal_code", "city", "state", "country")
        fields["address"] = {name: getattr(profile, name) for name in names}
    if profile.tax_id:
        fields["invoice_settings"] = {"custom_fields": [{"name": "Tax ID", "value": profile.tax_id}]}
    return fields
