"""Revenue for staff: what comes in a month, by plan, how it moved, and who stayed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, Sum

from apps.billing.choices import SubscriptionStatus
from apps.billing.models import Subscription, SubscriptionChange
from apps.billing.rules.money import major
from apps.billing.rules.revenue import (
    Change,
    Cohort,
    MonthOfRevenue,
    cohorts_of,
    month_of,
    months_before,
    months_of,
)

PAYING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
MONTHS = 12


@dataclass(frozen=True)
class PlanRevenue:
    plan: str
    customers: int
    mrr: int  # minor units


@dataclass(frozen=True)
class Revenue:
    """One currency's. `overdue` is the part of the MRR whose payment is late."""

    currency: str
    mrr: int
    customers: int
    overdue: int
    plans: list[PlanRevenue]
    months: list[MonthOfRevenue]
    cohorts: list[Cohort]

    @property
    def arpa(self) -> int:
        """Average MRR of a customer, minor units."""
        return self.mrr // self.customers if self.customers else 0


def revenue_of(currency: str, *, now: datetime) -> Revenue:
    paying = Subscription.objects.filter(status__in=PAYING, currency=currency).exclude(gateway="").order_by()
    by_plan = paying.values_list("plan__code").annotate(customers=Count("pk"), mrr=Sum("monthly_amount"))
    plans = sorted((PlanRevenue(*row) for row in by_plan), key=lambda one: (-one.mrr, one.plan))
    overdue = paying.filter(status=SubscriptionStatus.PAST_DUE).aggregate(sum=Sum("monthly_amount"))["sum"]
    rows = SubscriptionChange.objects.filter(currency=currency).order_by("at", "id")
    changes = [
        Change(*row)
        for row in rows.values_list("workspace_id", "at", "kind", "amount_before", "amount_after")
    ]
    last = month_of(now.astimezone(UTC))
    return Revenue(
        currency=currency,
        mrr=sum(one.mrr for one in plans),
        customers=sum(one.customers for one in plans),
        overdue=overdue or 0,
        plans=plans,
        months=months_of(changes, first=months_before(last, MONTHS - 1), last=last),
        cohorts=cohorts_of(changes, last=last)[-MONTHS:],
    )


def currencies_sold() -> list[str]:
    """Currencies that anything was ever sold in, the most used first."""
    rows = SubscriptionChange.objects.values_list("currency").annotate(count=Count("pk")).order_by("-count")
    return [currency for currency, _ in rows]


def revenue_csv(found: Revenue) -> Iterator[str]:
    """One line a month; amounts with a point and all decimals."""

    def line(*cells: object) -> str:
        target = io.StringIO()
        csv.writer(target).writerow(cells)
        return target.getvalue()

    kinds = list(found.months[0].moved) if found.months else []
    yield line("month", "currency", "mrr_start", *kinds, "mrr_end", "customers_start", "came", "lost")
    for one in found.months:
        amounts = [major(one.moved[kind], found.currency) for kind in kinds]
        yield line(
            f"{one.month:%Y-%m}",
            found.currency,
            major(one.start, found.currency),
            *amounts,
            major(one.end, found.currency),
            one.customers,
            one.came,
            one.lost,
        )


def month_words(month: date) -> str:
    return f"{month:%Y-%m}"
