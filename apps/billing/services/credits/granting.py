"""Credits come in: with the plan each month, as a bonus, by purchase, or put right by staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.choices import PRIORITIES, BucketSource, LedgerKind, Period
from apps.billing.errors import LedgerRefused
from apps.billing.models import LedgerNote, LedgerTransaction
from apps.billing.rules import next_reset
from apps.billing.selectors.credits import available_of
from apps.billing.services.credits.writing import (
    LONGEST_REFERENCE,
    check_amount,
    check_key,
    columns,
    lock_workspaces,
    run,
)
from apps.core.manner import written
from apps.journal.services import record

BATCH = 2000
LONGEST_NOTE = 300

# One new bucket for each row whose key is not known yet.
GRANT = """
WITH asked AS (
    SELECT a.*, nextval(pg_get_serial_sequence('billing_creditbucket', 'id')) AS bucket_id
    FROM unnest(%(workspaces)s::bigint[], %(keys)s::text[], %(amounts)s::bigint[]) AS a (workspace_id, key, amount)
    WHERE NOT EXISTS (SELECT FROM billing_ledgertransaction AS t WHERE t.key = a.key)
), buckets AS (
    INSERT INTO billing_creditbucket (id, uuid, workspace_id, source, priority, expires_at, created_at)
    SELECT bucket_id, gen_random_uuid(), workspace_id, %(source)s, %(priority)s, %(expires)s, %(now)s FROM asked
), added AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, reference, actor_id, created_at)
    SELECT a.workspace_id, %(kind)s, a.key, a.amount, a.amount, a.amount + coalesce((
            SELECT sum(b.available) FROM billing_creditbucket AS b WHERE b.workspace_id = a.workspace_id), 0)::bigint,
        %(reference)s, %(actor)s, %(now)s
    FROM asked AS a ORDER BY a.bucket_id
    RETURNING id, key
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, a.bucket_id, 'issued', 'available', a.amount FROM asked AS a JOIN added USING (key)
)
SELECT id, key FROM added
"""

# Plan credits are counted by the month they expire with, so that a plan changed back and forth grants nothing twice.
# A trial of ours brings its own credits instead of the plan's: until it is over, those of the base plan go on.
DUE = """
SELECT w.id, p.monthly_credits, p.monthly_credits - coalesce(g.issued, 0)
FROM accounts_workspace AS w
JOIN billing_plan AS p ON
    CASE WHEN EXISTS (
        SELECT FROM billing_subscription AS s
        WHERE s.workspace_id = w.id AND s.gateway = '' AND s.status = 'trialing')
    THEN p.code = 'free' AND p.is_current
    ELSE p.code = w.plan_code
        AND CASE WHEN w.plan_version IS NULL THEN p.is_current ELSE p.version = w.plan_version END
    END
LEFT JOIN (
    SELECT workspace_id, sum(issued)::bigint AS issued FROM billing_creditbucket
    WHERE source = 'plan' AND expires_at = %(month_ends)s GROUP BY workspace_id
) AS g ON g.workspace_id = w.id
WHERE w.closes_at IS NULL AND p.monthly_credits > coalesce(g.issued, 0) {narrowed}
ORDER BY w.id LIMIT %(batch)s
"""

WITHDRAW = """
WITH bucket AS (
    SELECT id, workspace_id, available, (sum(available) OVER (
        ORDER BY source <> %(first)s, priority, expires_at NULLS LAST, id ROWS UNBOUNDED PRECEDING))::bigint AS upto
    FROM billing_creditbucket
    WHERE workspace_id = %(workspace)s AND available > 0 AND (expires_at IS NULL OR expires_at > %(now)s)
), added AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, reference, actor_id, created_at)
    SELECT %(workspace)s, 'adjust', %(key)s, %(amount)s, -%(amount)s::bigint, (
        SELECT sum(available) FROM billing_creditbucket WHERE workspace_id = %(workspace)s)::bigint - %(amount)s,
        %(reference)s, %(actor)s, %(now)s
    RETURNING id
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, b.id, 'available', 'withdrawn', least(b.available, %(amount)s - (b.upto - b.available))
    FROM added, bucket AS b WHERE b.upto - b.available < %(amount)s
)
SELECT id FROM added
"""


@transaction.atomic
def grant_credits(
    workspace: Workspace,
    amount: int,
    *,
    key: str,
    source: BucketSource,
    actor: User | None,
    expires_at: datetime | None = None,
    reference: str = "",
    note: str = "",
) -> bool:
    """Give a workspace credits in a bucket of their own. Returns whether this call did it: a key grants once.

    `note` is shown on the statement; it should name nobody.
    """
    check_key(key)
    check_amount(amount, key)
    if expires_at is not None and expires_at <= timezone.now():
        raise ValueError(f"credits that expired at {expires_at:%Y-%m-%d %H:%M} cannot be granted")
    lock_workspaces([workspace.pk])
    added = _grant(
        [(workspace.pk, key, amount)],
        source=source,
        expires=expires_at,
        reference=reference[:LONGEST_REFERENCE],
        actor=actor,
    )
    if not added:
        return False
    _note(workspace, added[0][0], note)
    record(
        actor=actor,
        workspace=workspace,
        action="billing.credits.granted",
        target=workspace,
        changes={"credits": amount, "source": source, "expires_at": expires_at, "reference": reference},
    )
    return True


@transaction.atomic
def adjust_credits(workspace: Workspace, amount: int, *, reason: str, actor: User) -> None:
    """Staff put a balance right: a positive amount is added and never expires, a negative one is taken away.

    The reason stands on the workspace's statement and in the journal. Raises LedgerRefused without an amount or a
    reason, and when there are fewer to take away.
    """
    reason = " ".join(reason.split())
    if not amount:
        raise LedgerRefused(
            gettext("Give an amount: positive adds, negative takes away."), field="amount", status=422
        )
    if not 3 <= len(reason) <= LONGEST_NOTE:
        raise LedgerRefused(
            gettext(
                "Give a reason of 3 to {longest_note} characters; the workspace reads it on its statement."
            ).format(longest_note=LONGEST_NOTE),
            field="reason",
            status=422,
        )
    check_amount(abs(amount), "adjustment")
    key = f"adjust:{uuid4()}"
    lock_workspaces([workspace.pk])
    before = available_of(workspace)
    if amount > 0:
        added = _grant(
            [(workspace.pk, key, amount)], source=BucketSource.BONUS, kind=LedgerKind.ADJUST, actor=actor
        )
        entry = added[0][0]
    elif before < -amount:
        raise LedgerRefused(
            gettext("Only {before:,} credits are available to take away.").format(before=written(before)),
            field="amount",
            status=422,
        )
    else:
        entry = _withdraw(workspace, -amount, key=key, actor=actor)
    _note(workspace, entry, reason)
    record(
        actor=actor,
        workspace=workspace,
        action="billing.credits.adjusted",
        target=workspace,
        changes={"credits": amount, "available": [before, before + amount]},
        personal={"reason": reason},
        subject=workspace.owner,
    )


@transaction.atomic
def take_back_credits(workspace: Workspace, amount: int, *, key: str, reference: str = "") -> int:
    """Take back credits whose price was given back: bought ones first, at most what is available; a key does so once.

    Returns how many were taken now. What was spent meanwhile is not owed: the statement shows the smaller amount.
    """
    check_key(key)
    check_amount(amount, key)
    lock_workspaces([workspace.pk])
    taken = min(amount, available_of(workspace))
    if not taken or LedgerTransaction.objects.filter(key=key).exists():
        return 0
    _withdraw(workspace, taken, key=key, first=BucketSource.PURCHASED, reference=reference)
    record(
        actor=None,
        workspace=workspace,
        action="billing.credits.taken_back",
        target=workspace,
        changes={"credits": -taken, "asked": amount, "reference": reference},
    )
    return taken


def grant_plan_credits(*, only: Workspace | None = None, now: datetime | None = None) -> int:
    """Bring every workspace (or one) to the credits its plan gives for this month; what was granted counts.

    They expire when the month ends, in UTC. Returns how many credits were granted. Run as often as one likes.
    """
    now = now or timezone.now()
    month = f"{now:%Y-%m}"
    first = next_reset(Period.MONTH, now.date())
    assert first is not None
    month_ends = datetime(first.year, first.month, first.day, tzinfo=UTC)
    narrowed = {"ids": [only.pk]} if only else {}
    total = 0
    while due := _due(month_ends, **narrowed):
        with transaction.atomic():
            lock_workspaces([workspace_id for workspace_id, _, _ in due])
            still = _due(month_ends, ids=[workspace_id for workspace_id, _, _ in due])
            rows = [
                (workspace_id, f"plan:{workspace_id}:{month}:{of}", amount)
                for workspace_id, of, amount in still
            ]
            added = {
                key
                for _, key in _grant(
                    rows, source=BucketSource.PLAN, expires=month_ends, reference=f"plan:{month}", now=now
                )
            }
            granted = sum(amount for _, key, amount in rows if key in added)
            if not granted:
                break
            total += granted
            record(
                actor=None,
                workspace=only,
                action="billing.credits.granted_by_plan",
                changes={"month": month, "workspaces": len(added), "credits": granted},
            )
    return total


def _due(month_ends: datetime, ids: list[int] | None = None) -> list[tuple[int, int, int]]:
    narrowed = "AND w.id = ANY(%(ids)s)" if ids is not None else ""
    return run(DUE.format(narrowed=narrowed), month_ends=month_ends, batch=BATCH, ids=ids)  # type: ignore[return-value]


def _grant(
    rows: Sequence[tuple[int, str, int]],
    *,
    source: BucketSource,
    kind: LedgerKind = LedgerKind.GRANT,
    expires: datetime | None = None,
    reference: str = "",
    actor: User | None = None,
    now: datetime | None = None,
) -> list[tuple[int, str]]:
    """Rows of workspace, key and amount; returns transaction and key of those that are new. The caller has the lock."""
    workspaces, keys, amounts = columns(rows, 3)
    return run(  # type: ignore[return-value]
        GRANT,
        workspaces=workspaces,
        keys=keys,
        amounts=amounts,
        source=str(source),
        priority=PRIORITIES[source],
        kind=str(kind),
        expires=expires,
        reference=reference,
        actor=actor.pk if actor else None,
        now=now or timezone.now(),
    )


def _withdraw(
    workspace: Workspace,
    amount: int,
    *,
    key: str,
    actor: User | None = None,
    first: str = "",
    reference: str = "",
) -> int:
    """Take available credits away, those of the origin `first` before others. The caller has the lock."""
    rows = run(
        WITHDRAW,
        workspace=workspace.pk,
        key=key,
        amount=amount,
        actor=actor.pk if actor else None,
        first=first,
        reference=reference,
    )
    return int(rows[0][0])


def _note(workspace: Workspace, transaction_id: int, text: str) -> None:
    if text:
        LedgerNote.objects.create(
            transaction=LedgerTransaction(pk=transaction_id), workspace=workspace, text=text[:LONGEST_NOTE]
        )
