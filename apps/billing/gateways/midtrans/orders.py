"""Which subscription a workspace's paid orders make.

Midtrans knows orders, no subscriptions. Ours is a pure function of the orders that were paid, the cancellation that the
workspace asked for, and the time: computed anew whenever anything is told, it cannot depend on what was told first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.billing.choices import SubscriptionStatus
from apps.billing.rules.proration import period_after

GRACE = timedelta(
    days=7
)  # after the end of the paid time, until which a renewal goes on as if it came in time


@dataclass(frozen=True)
class PaidOrder:
    """`prolongs`: it pays for a further period; otherwise it changes the present one (a larger plan, more seats)."""

    paid_at: datetime
    number: int  # of our row; decides between two of the same moment
    price: str
    interval: str
    seats: int
    prolongs: bool


@dataclass(frozen=True)
class Span:
    """A paid period, and what holds in it."""

    start: datetime
    end: datetime
    price: str
    interval: str
    seats: int


@dataclass(frozen=True)
class Course:
    """Where a subscription stands: the period of now, until when it is paid for, and whether it ended."""

    status: str
    now: Span
    started_at: datetime
    paid_until: datetime
    ended_at: datetime | None

    @property
    def is_paid_ahead(self) -> bool:
        """Whether the next period is paid for already."""
        return self.paid_until > self.now.end


def spans_of(orders: Iterable[PaidOrder]) -> list[Span]:
    """The paid periods, in their order.

    A prolonging order adds an interval to what was paid for, also when it came during the grace time; one that came
    later begins anew. A change keeps the period's end, or with another interval begins a new period at once.
    """
    spans: list[Span] = []
    anchor: datetime | None = None  # periods are counted from it, so that the day of the month comes back
    count = 0
    for order in sorted(orders, key=lambda order: (order.paid_at, order.number)):
        last = spans[-1] if spans else None
        if last and not order.prolongs and order.interval == last.interval and order.paid_at < last.end:
            spans[-1] = replace(last, price=order.price, seats=order.seats)
            continue
        if last and order.prolongs and order.paid_at <= last.end + GRACE:
            start = last.end
            if anchor is None or order.interval != last.interval:
                anchor, count = start, 0
        else:
            start = anchor = order.paid_at
            count = 0
            if last and start < last.end:
                spans[-1] = replace(last, end=start)
        count += 1
        end = period_after(anchor, order.interval, count)
        spans.append(Span(start, end, order.price, order.interval, order.seats))
    return spans


def course_of(
    orders: Iterable[PaidOrder],
    *,
    now: datetime,
    ends_with_period: bool = False,
    ended_at: datetime | None = None,
) -> Course | None:
    """The subscription at `now`; None without a paid order.

    `ended_at` is when it was ended at once; an order that was paid later takes no notice of it.
    """
    paid = list(orders)
    spans = spans_of(paid)
    if not spans:
        return None
    until = spans[-1].end
    current = next((span for span in reversed(spans) if span.start <= now), spans[0])
    last = until if ends_with_period else until + GRACE
    if ended_at is not None and max(order.paid_at for order in paid) <= ended_at:
        status, over = SubscriptionStatus.CANCELED, ended_at
    elif now >= last:
        status, over = SubscriptionStatus.CANCELED, last
    else:
        status, over = (SubscriptionStatus.ACTIVE if now < until else SubscriptionStatus.PAST_DUE), None
    return Course(status, current, spans[0].start, until, over)
