"""Writing, sealing and verifying the journal."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, models, transaction
from django.utils import timezone

from apps.journal.models import Entry, Seal
from apps.journal.rules import HASHED_FIELDS, chain_hash, content_hash

# Entries younger than this stay unsealed: a transaction that took its id early may still commit.
SEAL_DELAY = timedelta(seconds=30)
SEAL_LOCK = 0x4A4F5552  # advisory lock: one sealer at a time


def record(
    *,
    actor: models.Model | None,
    workspace: models.Model | None,
    action: str,
    target: models.Model | None = None,
    changes: dict[str, Any] | None = None,
) -> Entry:
    """Write what happened, in the transaction of the change itself.

    `action` is "app.object.past_tense"; `changes` maps field to value or [before, after] and must be JSON-able.
    Raises TransactionManagementError outside a transaction: an entry must stand or fall with its change.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"journal entry {action!r} outside a transaction")
    context = structlog.contextvars.get_contextvars()
    values: dict[str, Any] = {
        "uuid": uuid.uuid4(),
        "workspace_id": workspace.pk if workspace else None,
        "actor_id": actor.pk if actor else None,
        "actor_label": str(actor) if actor else "",
        "action": action,
        "target_type": target._meta.label_lower if target else "",
        "target_id": target.pk if target else None,
        "target_label": str(target)[:200] if target else "",
        # through JSON and back, so that what is hashed is what PostgreSQL will give back
        "changes": json.loads(json.dumps(changes or {}, default=str)),
        "request_id": str(context.get("request_id", ""))[:64],
        "ip": context.get("ip") or None,
        "recorded_at": timezone.now(),
    }
    return Entry.objects.create(**values, content_hash=content_hash(values))


@transaction.atomic
def seal_entries(*, older_than: timedelta = SEAL_DELAY) -> Seal | None:
    """Chain all entries older than `older_than` after the last seal into a new one; None when there are none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
    last = Seal.objects.order_by("-last_entry_id").first()
    settled = timezone.now() - older_than
    batch = list(
        Entry.objects.filter(id__gt=last.last_entry_id if last else 0, recorded_at__lt=settled)
        .order_by("id")
        .values_list("id", "content_hash")[:10_000]
    )
    if not batch:
        return None
    return Seal.objects.create(
        previous=last,
        first_entry_id=batch[0][0],
        last_entry_id=batch[-1][0],
        entries=len(batch),
        chain_hash=chain_hash(last.chain_hash if last else "", (row[1] for row in batch)),
        sealed_at=timezone.now(),
    )


@dataclass(frozen=True)
class Verification:
    """The outcome of `verify_journal`: what was read, and each fault in words."""

    entries: int
    seals: int
    faults: list[str]


def verify_journal() -> Verification:
    """Recompute every hash and every seal; name each entry or seal that does not agree."""
    faults: list[str] = []
    entries = 0
    for entry in Entry.objects.order_by("id").iterator(chunk_size=2000):
        entries += 1
        if content_hash({name: getattr(entry, name) for name in HASHED_FIELDS}) != entry.content_hash:
            faults.append(f"entry {entry.pk} ({entry.action}) was edited")
    previous = ""
    seals = 0
    for seal in Seal.objects.order_by("last_entry_id").iterator():
        seals += 1
        batch = list(
            Entry.objects.filter(id__range=(seal.first_entry_id, seal.last_entry_id))
            .order_by("id")
            .values_list("content_hash", flat=True)
        )
        if len(batch) != seal.entries:
            verb = "removed from" if len(batch) < seal.entries else "inserted into"
            faults.append(f"{abs(len(batch) - seal.entries)} entries were {verb} seal {seal.pk} ({seal})")
        elif chain_hash(previous, batch) != seal.chain_hash:
            faults.append(f"seal {seal.pk} ({seal}) does not match its entries")
        previous = seal.chain_hash
    return Verification(entries, seals, faults)
