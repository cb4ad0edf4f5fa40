"""Fixed words of the billing room."""

from django.db.models import TextChoices


class Period(TextChoices):
    MINUTE = "minute", "Minute"
    DAY = "day", "Day"
    MONTH = "month", "Month"
    TOTAL = "total", "At any time"


class ReservationState(TextChoices):
    RESERVED = "reserved", "Reserved"
    SETTLED = "settled", "Settled"
    RELEASED = "released", "Released"


class BucketSource(TextChoices):
    TRIAL = "trial", "Trial"
    PLAN = "plan", "Plan"
    BONUS = "bonus", "Bonus"
    PURCHASED = "purchased", "Purchased"


# What is lost soonest is spent first; what was paid for apart, last.
PRIORITIES = {
    BucketSource.TRIAL: 10,
    BucketSource.PLAN: 20,
    BucketSource.BONUS: 30,
    BucketSource.PURCHASED: 40,
}


class Account(TextChoices):
    """The accounts of a bucket."""

    ISSUED = "issued", "Issued"
    AVAILABLE = "available", "Available"
    HELD = "held", "Held"
    SPENT = "spent", "Spent"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"


class LedgerKind(TextChoices):
    GRANT = "grant", "Granted"
    HOLD = "hold", "Reserved"
    SETTLE = "settle", "Used"
    RELEASE = "release", "Given back"
    REFUND = "refund", "Refunded"
    EXPIRE = "expire", "Expired"
    ADJUST = "adjust", "Adjusted"


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
    MONTH = "month", "Monthly"
    YEAR = "year", "Yearly"


class SubscriptionStatus(TextChoices):
    """The words of Stripe's API, used for every gateway."""

    INCOMPLETE = "incomplete", "Waiting for the first payment"
    TRIALING = "trialing", "On trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment overdue"
    UNPAID = "unpaid", "Unpaid"
    PAUSED = "paused", "Paused"
    CANCELED = "canceled", "Ended"
    INCOMPLETE_EXPIRED = "incomplete_expired", "Never paid"


# What gives the plan. An overdue payment does: the gateway tries again, and ends the subscription when it gives up.
GIVING = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
# What never comes back.
ENDED = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)


class ChangeKind(TextChoices):
    """What a change of a subscription was for the revenue."""

    NEW = "new", "New"
    EXPANSION = "expansion", "Larger"
    CONTRACTION = "contraction", "Smaller"
    CHURN = "churn", "Lost"
    RETURN = "return", "Came back"


class CheckoutPurpose(TextChoices):
    PLAN = "plan", "A plan"
    CREDITS = "credits", "Credits"


class CheckoutStatus(TextChoices):
    OPEN = "open", "Waiting for payment"
    COMPLETE = "complete", "Paid"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"


class PaymentStatus(TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Paid"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Cancelled"


class RefundStatus(TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Refunded"
    FAILED = "failed", "Failed"


class InvoiceKind(TextChoices):
    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"


class InvoiceStatus(TextChoices):
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    VOID = "void", "Void"
    UNCOLLECTIBLE = "uncollectible", "Written off"


class CouponDuration(TextChoices):
    ONCE = "once", "The first payment"
    REPEATING = "repeating", "Some months"
    FOREVER = "forever", "Every payment"
