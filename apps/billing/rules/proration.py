"""What a change within a paid period costs, where the gateway does not work it out itself.

Time is counted in seconds, amounts are exact fractions until the end, and rounded once. A month is the calendar's: from
31 January to 28 February, then 31 March, as the first day of the subscription says.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from apps.billing.choices import Interval
from apps.billing.rules.money import rounded


def period_after(anchor: datetime, interval: str, count: int) -> datetime:
    """The moment `count` intervals after the anchor; a day that the month has not is its last day.

    Counted from the anchor each time: a subscription of 31 January renews on 28 February and then on 31 March.
    """
    months = count * (12 if interval == Interval.YEAR else 1)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(
        year=year, month=month + 1, day=min(anchor.day, calendar.monthrange(year, month + 1)[1])
    )


def price_of(amount: int, seat_amount: int | None, seats: int, included: int) -> int:
    """What an interval costs, minor units: the plan, and each seat beyond those it includes."""
    return amount + max(0, seats - included) * (seat_amount or 0)


def monthly_amount(amount: int, interval: str) -> int:
    """An interval's amount as that of a month, for the MRR; a year's twelfth is rounded to the nearest."""
    return round(Fraction(amount, 12)) if interval == Interval.YEAR else amount


@dataclass(frozen=True)
class Proration:
    """Minor units. `credit` is what is left of the old price, `charge` what the rest of the period costs at the new."""

    credit: int
    charge: int

    @property
    def due(self) -> int:
        """To be paid now; negative: more was paid than the rest of the period costs."""
        return self.charge - self.credit


def prorate(
    old_amount: int, new_amount: int, *, start: datetime, end: datetime, at: datetime, currency: str
) -> Proration:
    """A change at `at` from one price of a period to another of the same period.

    Before the period nothing of it is used, after it nothing is left.
    """
    if end <= start:
        raise ValueError(f"a period from {start} to {end} has no length")
    at = min(max(at, start), end)
    left = Fraction((end - at) // _MICROSECOND, (end - start) // _MICROSECOND)
    return Proration(rounded(old_amount * left, currency), rounded(new_amount * left, currency))


def prorate_to_other_interval(
    old_amount: int, new_amount: int, *, start: datetime, end: datetime, at: datetime, currency: str
) -> Proration:
    """A change to another interval, which begins anew at `at`: all of the new price, less what is left of the old."""
    return Proration(
        prorate(old_amount, 0, start=start, end=end, at=at, currency=currency).credit, new_amount
    )


_MICROSECOND = datetime.resolution
