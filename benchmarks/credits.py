"""Credits held for 10,000 workspaces at once: `hold_many` against the bare INSERT … SELECT of the same rows."""

from __future__ import annotations

import os

WORKSPACES = 10_000
ROUNDS = 5

# The rows that any record of a hold has: the transaction with its key, and one entry. The tables are those of the
# ledger with their indexes, without triggers and constraints.
BARE = """
WITH added AS (
    INSERT INTO bench_transaction (workspace_id, kind, key, amount, change, balance, reference, created_at)
    SELECT workspace_id, 'hold', key, amount, -amount, 0, reference, now()
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS a (workspace_id, key, amount, reference)
    RETURNING id, workspace_id, amount
)
INSERT INTO bench_entry (transaction_id, bucket_id, debit, credit, amount)
SELECT id, workspace_id, 'available', 'held', amount FROM added
"""


def measure_credits(workspaces: int = WORKSPACES, rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of holding 3 credits for each workspace, of settling them, and of the bare insert.

    Each way is one transaction that commits. Needs a migrated database of its own (`benchmarks.servers`).
    """
    from itertools import count

    from django.db import connection, transaction

    from apps.accounts.models import Membership, User, Workspace
    from apps.billing.choices import BucketSource
    from apps.billing.services.credits import Need, hold_many, settle_many
    from apps.billing.services.credits.granting import _grant
    from benchmarks.measure import medians

    owner = User.objects.create_user("credits@bench.example")
    with transaction.atomic():
        made = Workspace.objects.bulk_create(
            [Workspace(name=f"W{n}", slug=f"bench-{n}", kind="team", owner=owner) for n in range(workspaces)]
        )
        Membership.objects.bulk_create(Membership(workspace=each, user=owner, role="owner") for each in made)
        ids = [workspace.pk for workspace in made]
        _grant([(pk, f"bench:{pk}", 10**6) for pk in ids], source=BucketSource.PLAN)
    with connection.cursor() as cursor:
        for name in ("transaction", "entry"):
            cursor.execute(
                f"CREATE TABLE bench_{name} (LIKE billing_ledger{name} INCLUDING DEFAULTS INCLUDING IDENTITY"
                " INCLUDING INDEXES)"
            )
        cursor.execute("VACUUM ANALYZE")
    turn = count()
    last = 0

    def bare() -> None:
        number = next(turn)
        keys = [f"bare:{number}:{pk}" for pk in ids]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE, [ids, keys, [3] * len(ids), [f"signals.firing:{pk}" for pk in ids]])

    def hold() -> None:
        nonlocal last
        last = next(turn)
        hold_many([Need(pk, f"hold:{last}:{pk}", 3, f"signals.firing:{pk}") for pk in ids])

    def settle() -> None:
        settle_many([(f"hold:{last}:{pk}", 2) for pk in ids])

    return medians({"hold_many": hold, "settle_many": settle, "bare INSERT … SELECT": bare}, rounds)


def measure() -> None:
    """Print the times and the goal. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"Credits held for {WORKSPACES:,} workspaces at once")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database():
            took = measure_credits()
    for name, seconds in took.items():
        print(f"{name:22}  {1e3 * seconds:7.0f} ms")
    goal(
        "hold_many against the bare insert",
        took["hold_many"] / took["bare INSERT … SELECT"],
        3,
        " times its time",
    )


if __name__ == "__main__":
    measure()
