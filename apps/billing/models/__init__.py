"""Tables of the billing room, one file per subject."""

from apps.billing.models.caps import CapNotice, MeterCap
from apps.billing.models.credits import (
    CreditBucket,
    LedgerCheck,
    LedgerEntry,
    LedgerNote,
    LedgerTransaction,
    WorkspaceCredits,
)
from apps.billing.models.invoices import BillingProfile, Invoice, InvoiceLine, InvoiceSeries, TaxRate
from apps.billing.models.payments import (
    Checkout,
    Coupon,
    CouponUse,
    CreditPack,
    GatewayCustomer,
    GatewayEvent,
    GatewayObject,
    Payment,
    Refund,
)
from apps.billing.models.plans import (
    RESERVED_PLUS_USED,
    MeterUsage,
    Plan,
    PlanLimit,
    PlanPrice,
    Reservation,
    WorkspacePlan,
)
from apps.billing.models.reconciliation import Difference, Reconciliation
from apps.billing.models.subscriptions import Subscription, SubscriptionChange, TrialUse
from apps.billing.models.usage import UsageDay

__all__ = [
    "RESERVED_PLUS_USED",
    "BillingProfile",
    "CapNotice",
    "Checkout",
    "Coupon",
    "CouponUse",
    "CreditBucket",
    "CreditPack",
    "Difference",
    "GatewayCustomer",
    "GatewayEvent",
    "GatewayObject",
    "Invoice",
    "InvoiceLine",
    "InvoiceSeries",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerNote",
    "LedgerTransaction",
    "MeterCap",
    "MeterUsage",
    "Payment",
    "Plan",
    "PlanLimit",
    "PlanPrice",
    "Reconciliation",
    "Refund",
    "Reservation",
    "Subscription",
    "SubscriptionChange",
    "TaxRate",
    "TrialUse",
    "UsageDay",
    "WorkspaceCredits",
    "WorkspacePlan",
]
