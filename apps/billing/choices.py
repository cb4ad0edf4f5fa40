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
