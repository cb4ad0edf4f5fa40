"""Reads of the ledger: what a workspace has, and its statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from django.db.models import Case, F, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import TruncDay
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.choices import LedgerKind
from apps.billing.models import CreditBucket, LedgerTransaction, Plan
from apps.billing.selectors.plans import version_named

USED = Case(
    When(kind=LedgerKind.SETTLE, then=F("amount") - F("change")),
    When(kind=LedgerKind.REFUND, then=-F("amount")),
    default=0,
)


@dataclass(frozen=True)
class Credits:
    """What a workspace has at a moment. `buckets` are those that hold anything, in the order they are spent."""

    buckets: list[CreditBucket]

    @cached_property
    def available(self) -> int:
        """What can be held now."""
        return sum(bucket.available for bucket in self.buckets if not bucket.is_over)

    @cached_property
    def held(self) -> int:
        """What is set aside for work under way."""
        return sum(bucket.held for bucket in self.buckets)

    @cached_property
    def next_to_expire(self) -> CreditBucket | None:
        """The bucket with available credits that runs out first."""
        ending = [b for b in self.buckets if b.expires_at and b.available and not b.is_over]
        return min(ending, key=lambda bucket: (bucket.expires_at, bucket.pk), default=None)


@dataclass(frozen=True)
class StatementFilter:
    """Which transactions to show; empty values show everything."""

    kind: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class DayOfUse:
    """Credits spent on a day (UTC), refunds taken off."""

    day: date
    used: int


def credits_of(workspace: Workspace) -> Credits:
    filled = Q(available__gt=0) | Q(held__gt=0)
    buckets = CreditBucket.objects.filter(filled, workspace_id=workspace.pk)
    return Credits(list(buckets.order_by("priority", F("expires_at").asc(nulls_last=True), "id")))


def available_of(workspace: Workspace) -> int:
    """What can be held now."""
    usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    found = CreditBucket.objects.filter(usable, workspace_id=workspace.pk)
    return int(found.aggregate(total=Sum("available"))["total"] or 0)


def statement_of(workspace: Workspace, chosen: StatementFilter | None = None) -> QuerySet[LedgerTransaction]:
    """Everything that happened to a workspace's credits, newest first, each with the balance after it."""
    found = LedgerTransaction.objects.filter(workspace_id=workspace.pk).select_related("note").order_by("-id")
    if chosen is None:
        return found
    if chosen.kind:
        found = found.filter(kind=chosen.kind)
    if chosen.text:
        found = found.filter(Q(reference__icontains=chosen.text) | Q(note__text__icontains=chosen.text))
    if chosen.since:
        found = found.filter(created_at__gte=chosen.since)
    if chosen.until:
        found = found.filter(created_at__lt=chosen.until)
    return found


def use_by_day(workspace: Workspace, days: int = 30) -> list[DayOfUse]:
    """What was spent on each of the last days, today last."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    found = (
        LedgerTransaction.objects.filter(
            workspace_id=workspace.pk,
            kind__in=[LedgerKind.SETTLE, LedgerKind.REFUND],
            created_at__gte=since,
        )
        .values(day=TruncDay("created_at", tzinfo=UTC))
        .annotate(total=Sum(USED))
        .order_by()
    )
    used = {row["day"].date(): int(row["total"]) for row in found}
    return [
        DayOfUse(day, used.get(day, 0)) for day in (first + timedelta(days=number) for number in range(days))
    ]


def larger_plans(workspace: Workspace) -> list[Plan]:
    """Plans sold now that give more credits a month than the workspace's own, the smallest first."""
    own = Plan.objects.filter(version_named(workspace.plan_code, workspace.plan_version))
    larger = Plan.objects.filter(
        is_current=True, is_offered=True, monthly_credits__gt=Subquery(own.values("monthly_credits")[:1])
    )
    return list(larger.order_by("monthly_credits", "rank"))
