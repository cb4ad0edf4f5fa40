"""Fixed words of the billing room."""

from django.db.models import TextChoices

from apps.core.words import gettext_lazy


class Period(TextChoices):
    MINUTE = "minute", gettext_lazy("Minute")
    DAY = "day", gettext_lazy("Day")
    MONTH = "month", gettext_lazy("Month")
    TOTAL = "total", gettext_lazy("At any time")


class ReservationState(TextChoices):
    RESERVED = "reserved", gettext_lazy("Reserved")
    SETTLED = "settled", gettext_lazy("Settled")
    RELEASED = "released", gettext_lazy("Released")


class BucketSource(TextChoices):
    TRIAL = "trial", gettext_lazy("Trial")
    PLAN = "plan", gettext_lazy("Plan")
    BONUS = "bonus", gettext_lazy("Bonus")
    PURCHASED = "purchased", gettext_lazy("Purchased")


# What is lost soonest is spent first; what was paid for apart, last.
PRIORITIES = {
    BucketSource.TRIAL: 10,
    BucketSource.PLAN: 20,
    BucketSource.BONUS: 30,
    BucketSource.PURCHASED: 40,
}


class Account(TextChoices):
    """The accounts of a bucket."""

    ISSUED = "issued", gettext_lazy("Issued")
    AVAILABLE = "available", gettext_lazy("Available")
    HELD = "held", gettext_lazy("Held")
    SPENT = "spent", gettext_lazy("Spent")
    EXPIRED = "expired", gettext_lazy("Expired")
    WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")


class LedgerKind(TextChoices):
    GRANT = "grant", gettext_lazy("Granted")
    HOLD = "hold", gettext_lazy("Reserved")
    SETTLE = "settle", gettext_lazy("Used")
    RELEASE = "release", gettext_lazy("Given back")
    REFUND = "refund", gettext_lazy("Refunded")
    EXPIRE = "expire", gettext_lazy("Expired")
    ADJUST = "adjust", gettext_lazy("Adjusted")


# Which kinds may move credits from one account to another; migration 0006 has the same table for the database.
MOVES: dict[tuple[str, str], tuple[LedgerKind, ...]] = {
    ("issued", "available"): (LedgerKind.GRANT, LedgerKind.ADJUST),
    ("available", "held"): (LedgerKind.HOLD,),
    ("held", "spent"): (LedgerKind.SETTLE,),
    ("held", "available"): (LedgerKind.SETTLE, LedgerKind.RELEASE),
    ("spent", "available"): (LedgerKind.REFUND,),
    ("available", "expired"): (LedgerKind.EXPIRE,),
    ("available", "withdrawn"): (LedgerKind.ADJUST,),
}


class Interval(TextChoices):
    MONTH = "month", gettext_lazy("Monthly")
    YEAR = "year", gettext_lazy("Yearly")


class SubscriptionStatus(TextChoices):
    """The words of Stripe's API, used for every gateway."""

    INCOMPLETE = "incomplete", gettext_lazy("Waiting for the first payment")
    TRIALING = "trialing", gettext_lazy("On trial")
    ACTIVE = "active", gettext_lazy("Active")
    PAST_DUE = "past_due", gettext_lazy("Payment overdue")
    UNPAID = "unpaid", gettext_lazy("Unpaid")
    PAUSED = "paused", gettext_lazy("Paused")
    CANCELED = "canceled", gettext_lazy("Ended")
    INCOMPLETE_EXPIRED = "incomplete_expired", gettext_lazy("Never paid")


# What gives the plan. An overdue payment does: the gateway tries again, and ends the subscription when it gives up.
GIVING = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
# What never comes back.
ENDED = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)


# What a reference of the ledger ("signals.firing:UUID") is about, to people.
REFERENCES = {
    "firing": gettext_lazy("Firing {name}"),
    "payment": gettext_lazy("Payment {name}"),
    "plan": gettext_lazy("Plan {name}"),
    "refund": gettext_lazy("Refund {name}"),
    "subscription": gettext_lazy("Subscription {name}"),
}


class ChangeKind(TextChoices):
    """What a change of a subscription was for the revenue."""

    NEW = "new", gettext_lazy("New")
    EXPANSION = "expansion", gettext_lazy("Larger")
    CONTRACTION = "contraction", gettext_lazy("Smaller")
    CHURN = "churn", gettext_lazy("Lost")
    RETURN = "return", gettext_lazy("Came back")


class CheckoutPurpose(TextChoices):
    PLAN = "plan", gettext_lazy("A plan")
    CREDITS = "credits", gettext_lazy("Credits")


class CheckoutStatus(TextChoices):
    OPEN = "open", gettext_lazy("Waiting for payment")
    COMPLETE = "complete", gettext_lazy("Paid")
    FAILED = "failed", gettext_lazy("Failed")
    EXPIRED = "expired", gettext_lazy("Expired")


class PaymentStatus(TextChoices):
    PENDING = "pending", gettext_lazy("Pending")
    SUCCEEDED = "succeeded", gettext_lazy("Paid")
    FAILED = "failed", gettext_lazy("Failed")
    CANCELED = "canceled", gettext_lazy("Cancelled")


class RefundStatus(TextChoices):
    PENDING = "pending", gettext_lazy("Pending")
    SUCCEEDED = "succeeded", gettext_lazy("Refunded")
    FAILED = "failed", gettext_lazy("Failed")


class InvoiceKind(TextChoices):
    INVOICE = "invoice", gettext_lazy("Invoice")
    CREDIT_NOTE = "credit_note", gettext_lazy("Credit note")


class InvoiceStatus(TextChoices):
    OPEN = "open", gettext_lazy("Open")
    PAID = "paid", gettext_lazy("Paid")
    VOID = "void", gettext_lazy("Void")
    UNCOLLECTIBLE = "uncollectible", gettext_lazy("Written off")


class CouponDuration(TextChoices):
    ONCE = "once", gettext_lazy("The first payment")
    REPEATING = "repeating", gettext_lazy("Some months")
    FOREVER = "forever", gettext_lazy("Every payment")
