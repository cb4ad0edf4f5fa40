"""Reads of the trial ledger: how many variants of a formula were tried, its ancestors' included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import Count, Max, Q, QuerySet, Variance

from apps.accounts.models import Workspace
from apps.backtests.models import Trial
from apps.formulas.models import Formula

DEEPEST = 50  # forks of forks: nobody goes deeper, and a loop must not turn for ever


@dataclass(frozen=True)
class TrialSummary:
    """`count` distinct variants; `sharpe_variance` is the sample variance of their Sharpe ratios per period.

    None stands for a variance that is not known yet: it takes two variants that have a Sharpe ratio.
    """

    count: int
    sharpe_variance: float | None


def lineage_of_text(workspace: Workspace, formula_hash: str) -> UUID:
    """The lineage of a text that was run without being kept as a formula."""
    return uuid5(workspace.uuid, formula_hash)


def trials_of(lineage: UUID) -> TrialSummary:
    """What was tried of a lineage: its own variants, and its ancestors' up to the moment it was forked from them."""
    distinct = (
        trial_rows(lineage)
        .order_by()
        .values("formula_hash", "data_hash", "parameters_hash")
        .annotate(value=Max("sharpe"))
    )
    found = distinct.aggregate(count=Count("*"), variance=Variance("value", sample=True))
    return TrialSummary(found["count"], found["variance"])


def trial_rows(lineage: UUID) -> QuerySet[Trial]:
    """The ledger's rows that count for a lineage, oldest first."""
    wanted = Q(lineage=lineage)
    for ancestor, until in _ancestors(lineage):
        wanted |= Q(lineage=ancestor, created_at__lte=until)
    return Trial.objects.filter(wanted).order_by("id")


def _ancestors(lineage: UUID) -> list[tuple[UUID, datetime]]:
    """The formulas a lineage was forked from, nearest first, each with the earliest fork on the way to it."""
    found: list[tuple[UUID, datetime]] = []
    until: datetime | None = None
    current = lineage
    for _ in range(DEEPEST):
        row = Formula.objects.filter(uuid=current).values_list("parent_uuid", "created_at").first()
        if row is None or row[0] is None:
            break
        current = row[0]
        until = min(until, row[1]) if until else row[1]
        found.append((current, until))
    return found
