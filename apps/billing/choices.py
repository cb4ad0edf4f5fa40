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
