"""Chaining settled entries, workspace by workspace, without making any writer wait."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.journal.models import Checkpoint, Entry, Seal
from apps.journal.rules import checkpoint_hash, seal_hash
from apps.journal.services.settling import settled_after, settled_horizon

log = structlog.get_logger(__name__)

SEAL_LOCK = 0x4A4F5552  # advisory lock: one sealer at a time; writers take no lock at all
ROUND = 10_000


def seal_entries(*, up_to: int | None = None) -> list[Seal]:
    """Seal all settled entries (or those up to a transaction) that are not yet; returns the new seals.

    The heads go into the log: noted elsewhere, they prove later that the end of the record was not cut off.
    """
    made: list[Seal] = []
    while True:
        seals, entries = _seal_round(settled_horizon() if up_to is None else up_to)
        made += seals
        if entries < ROUND:
            return made


@transaction.atomic
def _seal_round(horizon: int) -> tuple[list[Seal], int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
    last = Checkpoint.objects.order_by("-number").first()
    batch = list(settled_after(last.end_xid if last else 0, last.end_id if last else 0, horizon)[:ROUND])
    if not batch:
        return [], 0
    now = timezone.now()
    seals = []
    by_chain = sorted(batch, key=lambda entry: (entry.workspace_id is not None, entry.workspace_id or 0))
    for workspace_id, entries in groupby(
        by_chain, key=attrgetter("workspace_id")
    ):  # a stable sort keeps their order
        before = Seal.objects.filter(workspace_id=workspace_id).order_by("-number").defer("manifest").first()
        number = before.number + 1 if before else 1
        previous = before.chain_hash if before else ""
        manifest = [manifest_line(entry) for entry in entries]
        seal = Seal(
            workspace_id=workspace_id,
            number=number,
            previous_hash=previous,
            manifest=manifest,
            chain_hash=seal_hash(previous, workspace_id, number, manifest),
            sealed_at=now,
        )
        seals.append(seal)
    Seal.objects.bulk_create(seals)
    heads = [[seal.workspace_id, seal.number, seal.chain_hash] for seal in seals]
    number = last.number + 1 if last else 1
    previous = last.chain_hash if last else ""
    end = (batch[-1].xid, batch[-1].pk)
    checkpoint = Checkpoint.objects.create(
        number=number,
        previous_hash=previous,
        heads=heads,
        end_xid=end[0],
        end_id=end[1],
        chain_hash=checkpoint_hash(previous, number, heads, end),
        made_at=now,
    )
    log.info("journal_sealed", checkpoint=number, head=checkpoint.chain_hash, entries=len(batch), heads=heads)
    return seals, len(batch)


def manifest_line(entry: Entry) -> list[object]:
    """What a seal keeps of an entry: enough to name it when it is gone."""
    return [
        entry.pk,
        str(entry.uuid),
        entry.action,
        entry.recorded_at.isoformat(),
        entry.xid,
        entry.content_hash,
    ]
