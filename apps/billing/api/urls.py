from apps.billing.api.money import (
    CheckoutViewSet,
    CreditPackViewSet,
    InvoiceViewSet,
    PaymentViewSet,
    PriceViewSet,
    ProfileViewSet,
    SubscriptionViewSet,
)
from apps.billing.api.plans import CapViewSet, PlanViewSet, UsageViewSet
from apps.billing.api.viewsets import CreditsViewSet, LedgerViewSet

router_entries = [
    ("plans", PlanViewSet, "plans"),
    ("usage", UsageViewSet, "usage"),
    ("caps", CapViewSet, "caps"),
    ("credits/transactions", LedgerViewSet, "credit-transactions"),
    ("credits", CreditsViewSet, "credits"),
    ("billing/subscription", SubscriptionViewSet, "billing-subscription"),
    ("billing/prices", PriceViewSet, "billing-prices"),
    ("billing/credit-packs", CreditPackViewSet, "billing-credit-packs"),
    ("billing/checkouts", CheckoutViewSet, "billing-checkouts"),
    ("billing/payments", PaymentViewSet, "billing-payments"),
    ("billing/invoices", InvoiceViewSet, "billing-invoices"),
    ("billing", ProfileViewSet, "billing"),
]
