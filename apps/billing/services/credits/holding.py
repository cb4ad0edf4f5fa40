"""Holding credits before work begins: all or nothing for each piece of work, never more than there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.errors import CapReached, InsufficientCredits, LedgerRefused
from apps.billing.models import MeterCap
from apps.billing.rules.capabilities import CREDITS_METER
from apps.billing.selectors.credits import available_of, larger_plans
from apps.billing.services.credits.writing import (
    LONGEST_REFERENCE,
    check_amount,
    check_key,
    columns,
    lock_workspaces,
    run,
)
from apps.core.arrays import integers, texts
from apps.core.errors import DomainError
from apps.core.manner import written

PAGE = "/settings/workspace/credits/"
CAPS_PAGE = "/settings/workspace/usage/"

# Both the holds of a workspace and its buckets are laid out one after the other along the same line; where the two
# overlap, the hold takes from the bucket. A workspace's cheapest holds come first, so that what fits is a beginning of
# the line and as many as possible are served.
HOLD = """
WITH asked AS (
    SELECT * FROM unnest(%(workspaces)s::bigint[], %(keys)s::text[], %(amounts)s::bigint[], %(references)s::text[])
        WITH ORDINALITY AS a (workspace_id, key, amount, reference, place)
), known AS (
    SELECT a.key, t.kind = 'hold' AND t.workspace_id = a.workspace_id AND t.amount = a.amount AS same
    FROM asked AS a JOIN billing_ledgertransaction AS t ON t.key = a.key
), wanted AS (
    SELECT a.*, (sum(a.amount) OVER (PARTITION BY a.workspace_id ORDER BY a.amount, a.place ROWS UNBOUNDED PRECEDING)
        )::bigint AS upto
    FROM asked AS a WHERE NOT EXISTS (SELECT FROM known WHERE known.key = a.key)
), bucket AS (
    SELECT b.id, b.workspace_id, b.available,
        (b.expires_at IS NULL OR b.expires_at > %(now)s) AS usable,
        (sum(b.available) OVER (
            PARTITION BY b.workspace_id, (b.expires_at IS NULL OR b.expires_at > %(now)s)
            ORDER BY b.priority, b.expires_at NULLS LAST, b.id ROWS UNBOUNDED PRECEDING))::bigint AS upto
    FROM billing_creditbucket AS b
    WHERE b.workspace_id = ANY(%(workspaces)s::bigint[]) AND b.available > 0
), capped AS (
    SELECT c.workspace_id, greatest(0, c.hard + coalesce((
        SELECT sum(t.change) FROM billing_ledgertransaction AS t
        WHERE t.workspace_id = c.workspace_id AND t.created_at >= date_trunc('month', %(now)s::timestamptz, 'UTC')
            AND t.kind IN ('hold', 'settle', 'release', 'refund')), 0))::bigint AS room
    FROM billing_metercap AS c
    WHERE c.workspace_id = ANY(%(workspaces)s::bigint[]) AND c.meter = 'credits' AND c.hard IS NOT NULL
), purse AS (
    SELECT b.workspace_id, sum(b.available)::bigint AS balance, least(
        coalesce(sum(b.available) FILTER (WHERE b.usable), 0)::bigint, max(c.room)) AS usable
    FROM bucket AS b LEFT JOIN capped AS c USING (workspace_id) GROUP BY b.workspace_id
), placed AS (
    SELECT w.*, coalesce(p.balance, 0) AS balance, coalesce(p.usable, 0) AS usable,
        w.upto <= coalesce(p.usable, 0) AS fits
    FROM wanted AS w LEFT JOIN purse AS p USING (workspace_id)
), added AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, reference, created_at)
    SELECT workspace_id, 'hold', key, amount, -amount, balance - upto, reference, %(now)s
    FROM placed WHERE fits ORDER BY workspace_id, upto
    RETURNING id, key
), entries AS (
    INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
    SELECT added.id, b.id, 'available', 'held',
        least(p.upto, b.upto) - greatest(p.upto - p.amount, b.upto - b.available)
    FROM placed AS p
    JOIN added USING (key)
    JOIN bucket AS b ON b.workspace_id = p.workspace_id AND b.usable
        AND b.upto > p.upto - p.amount AND b.upto - b.available < p.upto
    ORDER BY added.id, b.upto
)
SELECT 'taken', key, 0, 0 FROM known WHERE NOT same
UNION ALL
SELECT 'lacking', p.key, p.amount, p.usable - coalesce((
        SELECT max(o.upto) FROM placed AS o WHERE o.workspace_id = p.workspace_id AND o.fits), 0)
FROM placed AS p WHERE NOT p.fits
"""


class Need(NamedTuple):
    """Credits that a piece of work may cost at most. Its `key` names the work; `reference` tells people what it is."""

    workspace_id: int
    key: str
    amount: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a hold was refused: what it needed, and what was available when its turn came."""

    needed: int
    available: int


@dataclass(frozen=True, slots=True)
class Held:
    """What came of many needs: keys whose credits are held (also from an earlier call), and those that lacked some."""

    accepted: list[str] = field(default_factory=list)
    refused: dict[str, Lack] = field(default_factory=dict)


@transaction.atomic
def hold_many(needs: Iterable[Need]) -> Held:
    """Set credits aside for each need, all of its amount or none; nothing a workspace has is held twice.

    Buckets are taken by priority, then by the earliest expiry. Where a workspace has too few for all its needs, the
    cheapest come first. Two statements, however many needs. A key that holds credits already is accepted as it is;
    raises LedgerRefused when it stands for another workspace, amount or kind of transaction.
    """
    wanted = {need.key: need for need in needs}
    if not wanted:
        return Held()
    for need in wanted.values():
        check_key(need.key)
        check_amount(need.amount, need.key)
    rows = [(n.workspace_id, n.key, n.amount, n.reference[:LONGEST_REFERENCE]) for n in wanted.values()]
    workspaces, keys, amounts, references = columns(rows, 4)
    lock_workspaces(workspaces)
    found = run(
        HOLD,
        workspaces=integers(workspaces),
        keys=texts(keys),
        amounts=integers(amounts),
        references=texts(references),
    )
    taken = [key for what, key, _, _ in found if what == "taken"]
    if taken:
        raise LedgerRefused(
            gettext("The key {taken!r} stands for another transaction.").format(taken=taken[0]),
            extra={"keys": taken[:20]},
        )
    refused = {key: Lack(needed, available) for _, key, needed, available in found}
    return Held([key for key in wanted if key not in refused], refused)


def hold_credits(workspace: Workspace, amount: int, *, key: str, reference: str = "") -> None:
    """Hold credits for one piece of work that somebody asked for. Raises InsufficientCredits with what can be done."""
    held = hold_many([Need(workspace.pk, key, amount, reference)])
    if key in held.refused:
        raise insufficient(workspace, held.refused[key])


def insufficient(workspace: Workspace, lack: Lack) -> DomainError:
    """The refusal as people and programs read it: by the workspace's own cap, or for want of credits."""
    cap = MeterCap.objects.filter(workspace=workspace, meter=CREDITS_METER, hard__isnull=False).first()
    if cap is not None and available_of(workspace) >= lack.needed:
        return CapReached(
            gettext(
                "This costs {needed:,} credits. This workspace set itself a cap of {hard:,} a month, and "
                "{available:,} are left of it."
            ).format(
                needed=written(lack.needed),
                hard=written(cap.hard or 0),
                available=written(lack.available or 0),
            ),
            extra={"needed": lack.needed, "available": lack.available, "limit": cap.hard, "link": CAPS_PAGE},
        )
    options = larger_plans(workspace)
    words = gettext("This costs {needed:,} credits and {available:,} are available.").format(
        needed=written(lack.needed), available=written(lack.available)
    )
    if options:
        words += " " + gettext("The {plan} plan gives {credits:,} a month.").format(
            plan=options[0].name, credits=written(options[0].monthly_credits)
        )
    return InsufficientCredits(
        words,
        extra={
            "needed": lack.needed,
            "available": lack.available,
            "link": PAGE,
            "options": [
                {"plan": plan.code, "name": plan.name, "monthly_credits": plan.monthly_credits}
                for plan in options
            ],
        },
    )
