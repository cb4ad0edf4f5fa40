"""Taking away what is kept for a time only."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.errors import WrongDays
from apps.accounts.models import RetentionRule, User
from apps.accounts.selectors.privacy import Period, periods
from apps.core.retention import kept_kinds
from apps.journal.services import record


@dataclass(frozen=True)
class Purged:
    """How much of one kind went, or would go."""

    period: Period
    rows: int


def purge(*, dry_run: bool = False) -> list[Purged]:
    """Take away everything whose time is over, in batches, with a journal entry of how much went."""
    result = []
    for period in periods():
        before = timezone.now() - period.length
        if dry_run:
            result.append(Purged(period, period.kept.due(before).count()))
            continue
        rows = period.kept.purge(before)
        if rows:
            with transaction.atomic():
                record(
                    actor=None,
                    workspace=None,
                    action="accounts.retention.carried_out",
                    changes={"kind": period.kept.kind, "days": period.days, "rows": rows},
                )
        result.append(Purged(period, rows))
    return result


@transaction.atomic
def set_days(kind: str, days: int, *, actor: User) -> RetentionRule:
    """Keep a kind for so many days. Raises WrongDays outside its bounds or for an unknown kind."""
    kept = kept_kinds().get(kind)
    if kept is None:
        raise WrongDays(
            gettext("{kind} is not kept for a time. Known: {join}.").format(
                kind=kind, join=", ".join(sorted(kept_kinds()))
            ),
            field="kind",
        )
    if not kept.least <= days <= kept.most:
        raise WrongDays(
            gettext("{words}: {least} to {most} days.").format(
                words=gettext(kept.words), least=kept.least, most=kept.most
            ),
            field="days",
        )
    before = RetentionRule.objects.filter(kind=kind).values_list("days", flat=True).first()
    rule, _ = RetentionRule.objects.update_or_create(kind=kind, defaults={"days": days})
    if before != days:
        changes = {"kind": kind, "days": [kept.days if before is None else before, days]}
        record(actor=actor, workspace=None, action="accounts.retention.changed", target=rule, changes=changes)
    return rule
