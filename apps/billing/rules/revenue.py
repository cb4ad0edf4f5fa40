"""Monthly revenue out of the changes of subscriptions: what came, what went, and who stayed. No database here.

Each currency is counted by itself; nothing is converted. Months are in UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from apps.billing.choices import ChangeKind

Month = date  # its first day


@dataclass(frozen=True)
class Change:
    """A `SubscriptionChange`; amounts are minor units a month."""

    workspace_id: int
    at: datetime
    kind: str
    before: int
    after: int


@dataclass
class MonthOfRevenue:
    """Movements of a month. `start` and `end` are the MRR, `customers` those at its start."""

    month: Month
    start: int = 0
    customers: int = 0
    moved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ChangeKind.values, 0))
    came: int = 0
    lost: int = 0

    @property
    def end(self) -> int:
        return self.start + sum(self.moved.values())

    @property
    def churn(self) -> float | None:
        """Share of the customers at the start who left; None without any."""
        return self.lost / self.customers if self.customers else None

    @property
    def revenue_churn(self) -> float | None:
        """Share of the MRR at the start that was lost, by those who left and those who pay less."""
        gone = self.moved[ChangeKind.CHURN] + self.moved[ChangeKind.CONTRACTION]
        return -gone / self.start if self.start else None


@dataclass(frozen=True)
class Cohort:
    """Workspaces that first paid in a month: how many, and how many still paid at the end of that month, the next, …"""

    month: Month
    size: int
    stayed: tuple[int, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(count / self.size for count in self.stayed)


def months_of(changes: Iterable[Change], *, first: Month, last: Month) -> list[MonthOfRevenue]:
    """Every month from `first` to `last`, also those in which nothing happened."""
    months = {month: MonthOfRevenue(month) for month in _months(first, last)}
    before, customers = 0, 0
    for change in sorted(changes, key=lambda one: one.at):
        month = months.get(month_of(change.at))
        delta = change.after - change.before
        came = change.kind in (ChangeKind.NEW, ChangeKind.RETURN)
        left = change.kind == ChangeKind.CHURN
        if month is not None:
            month.moved[change.kind] += delta
            month.came += came
            month.lost += left
        elif month_of(change.at) < first:
            before += delta
            customers += came - left
    for month in months.values():
        month.start, month.customers = before, customers
        before, customers = month.end, customers + month.came - month.lost
    return list(months.values())


def cohorts_of(changes: Iterable[Change], *, last: Month) -> list[Cohort]:
    """By the month of the first payment; whoever came back counts as there again."""
    began: dict[int, Month] = {}
    paying: dict[int, dict[Month, bool]] = defaultdict(dict)
    for change in sorted(changes, key=lambda one: one.at):
        month = month_of(change.at)
        if change.after:
            began.setdefault(change.workspace_id, month)
        paying[change.workspace_id][month] = change.after > 0
    members: dict[Month, list[int]] = defaultdict(list)
    for workspace, month in began.items():
        if month <= last:
            members[month].append(workspace)
    return [
        Cohort(month, len(who), tuple(_stayed(who, paying, _months(month, last))))
        for month, who in sorted(members.items())
    ]


def _stayed(who: list[int], paying: dict[int, dict[Month, bool]], months: list[Month]) -> list[int]:
    counts = [0] * len(months)
    for workspace in who:
        is_paying = False
        for place, month in enumerate(months):
            is_paying = paying[workspace].get(month, is_paying)
            counts[place] += is_paying
    return counts


def month_of(moment: datetime | date) -> Month:
    return date(moment.year, moment.month, 1)


def months_before(month: Month, count: int) -> Month:
    total = month.year * 12 + month.month - 1 - count
    return date(total // 12, total % 12 + 1, 1)


def _months(first: Month, last: Month) -> list[Month]:
    count = (last.year - first.year) * 12 + last.month - first.month
    return [months_before(last, back) for back in range(count, -1, -1)]
