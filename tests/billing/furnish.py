"""A workspace that bought credits: a checkout, its payment with a refund, and an invoice, as a gateway would tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.accounts.models import User, Workspace
from apps.billing.choices import CheckoutPurpose
from apps.billing.gateways.states import (
    CheckoutState,
    InvoiceLineState,
    InvoiceState,
    PaymentState,
    RefundState,
)
from apps.billing.models import Checkout, CreditPack, GatewayCustomer, Invoice, Payment, PlanPrice
from apps.billing.services.applying import apply_states
from apps.billing.services.checkouts import buy_plan, look_up
from deploy.sandbox.stripe import StripeDouble

BOUGHT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Bought:
    checkout: Checkout
    payment: Payment
    invoice: Invoice


def furnish_billing(workspace: Workspace, *, actor: User, number: int = 1) -> Bought:
    """One purchase of 500 credits for 5.00 USD by Stripe, a fifth of it given back; `number` tells two apart."""
    name = f"{workspace.pk}_{number}"
    known = GatewayCustomer.objects.filter(workspace=workspace, gateway="stripe").first()
    customer = known.external_id if known else f"cus_{workspace.pk}"
    pack = CreditPack.objects.get(code="small", currency="USD")
    checkout = Checkout.objects.create(
        workspace=workspace, gateway="stripe", purpose=CheckoutPurpose.CREDITS, pack=pack, currency="USD",
        amount=pack.amount, expires_at=BOUGHT + timedelta(days=1), started_by=actor,
    )  # fmt: skip
    apply_states(
        "stripe",
        [
            CheckoutState(
                order=str(checkout.uuid), external_id=f"cs_{name}", status="complete",
                customer=customer, completed_at=BOUGHT,
            ),
            InvoiceState(
                external_id=f"in_{name}", customer=customer, number=f"CW-{name}", status="paid",
                currency="USD", subtotal=500, discount=0, tax=0, total=500, issued_at=BOUGHT, paid_at=BOUGHT,
                pdf_url="https://pay.stripe.example/invoice.pdf",
                lines=(InvoiceLineState(text="500 credits", amount=500),),
            ),
            PaymentState(
                external_id=f"pi_{name}", customer=customer, purpose="credits", currency="USD",
                amount=500, status="succeeded", made_at=BOUGHT, paid_at=BOUGHT, method="Visa 4242",
                order=str(checkout.uuid), invoice=f"in_{name}",
                refunds=(
                    RefundState(external_id=f"re_{name}", amount=100, status="succeeded", made_at=BOUGHT),
                ),
            ),
        ],
    )  # fmt: skip
    checkout.refresh_from_db()
    return Bought(
        checkout,
        Payment.objects.get(gateway="stripe", external_id=f"pi_{name}"),
        Invoice.objects.get(gateway="stripe", external_id=f"in_{name}"),
    )


def subscribe(workspace: Workspace, double: StripeDouble, plan: str = "pro", *, actor: User) -> None:
    """Buy a plan for a month at the double of Stripe, and pay."""
    back = "http://127.0.0.1:8000/settings/workspace/billing/checkouts/{checkout}/"
    price = PlanPrice.objects.get(plan__code=plan, plan__is_current=True, currency="USD", interval="month")
    checkout = buy_plan(
        workspace, price, gateway_code="stripe", actor=actor, return_url=back, cancel_url=back
    )
    double.pay(checkout.external_id)
    look_up(checkout)
    workspace.refresh_from_db()
