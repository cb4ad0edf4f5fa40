"""Exports that prove themselves: every entry with the text that was hashed, and the seals that name it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core.sheets import inert
from apps.journal.models import Entry, Seal
from apps.journal.rules import HASHED_FIELDS, canonical, record_text

FORMAT = "candlewright-journal/2"
COLUMNS = (
    "recorded_at", "actor", "via", "via_detail", "ip", "device", "action", "target_type", "target_uuid", "target",
    "changes", "request_id", "uuid", "seal", "content_hash", "record", "personal",
)  # fmt: skip
CHUNK = 500


def export_csv(entries: QuerySet[Entry], workspace_id: int) -> Iterator[str]:
    """One line an entry, oldest first. `record` is the very text whose SHA-256 is `content_hash`."""
    seals = _SealNumbers(workspace_id)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, entry in enumerate(_oldest_first(entries), 1):
        writer.writerow(
            [
                entry.recorded_at.isoformat(),
                inert(entry.actor_label or "the system"),
                entry.via,
                inert(entry.via_detail),
                entry.ip or "",
                inert(entry.device),
                entry.action,
                entry.target_type,
                entry.target_uuid or "",
                inert(entry.target_name),
                canonical(entry.all_changes),
                inert(entry.request_id),
                entry.uuid,
                seals.of(entry) or "",
                entry.content_hash,
                _record(entry),
                canonical(_parts(entry)),
            ]
        )
        if number % CHUNK == 0:
            yield _drained(buffer)
    yield _drained(buffer)


def export_json(entries: QuerySet[Entry], workspace_id: int, about: dict[str, Any]) -> Iterator[str]:
    """One JSON document: what it is `about`, the entries, oldest first, and every seal from the first to the last."""
    seals = _SealNumbers(workspace_id)
    head = {"format": FORMAT, "exported_at": timezone.now().isoformat(), **about}
    yield json.dumps(head, ensure_ascii=False, default=str)[:-1] + ', "entries": ['
    used: set[int] = set()
    lines: list[str] = []
    between = ""
    for entry in _oldest_first(entries):
        number = seals.of(entry)
        if number:
            used.add(number)
        personal = canonical(_parts(entry))
        lines.append(
            f'{between}\n{{"seal": {number or "null"}, "content_hash": "{entry.content_hash}", '
            f'"record": {_record(entry)}, "personal": {personal}}}'
        )
        between = ","
        if len(lines) == CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines) + '\n], "seals": ['
    between = ""
    if used:
        chain = Seal.objects.filter(workspace_id=workspace_id, number__range=(min(used), max(used)))
        for seal in chain.order_by("number").iterator(chunk_size=20):
            body = {
                "workspace_id": seal.workspace_id,
                "number": seal.number,
                "previous_hash": seal.previous_hash,
                "chain_hash": seal.chain_hash,
                "sealed_at": seal.sealed_at.isoformat(),
                "manifest": seal.manifest,
            }
            yield between + "\n" + json.dumps(body, ensure_ascii=False)
            between = ","
    yield "\n]}\n"


class _SealNumbers:
    """Which seal names an entry. Seals come in the order of the entries, so each is read once, when it is reached."""

    def __init__(self, workspace_id: int) -> None:
        seals = Seal.objects.filter(workspace_id=workspace_id).order_by("number")
        self._seals = seals.values_list("number", "manifest").iterator(chunk_size=20)
        self._numbers: dict[int, int] = {}

    def of(self, entry: Entry) -> int | None:
        while entry.pk not in self._numbers:
            seal = next(self._seals, None)
            if seal is None:
                return None
            self._numbers = {line[0]: seal[0] for line in seal[1]}
        return self._numbers[entry.pk]


def _oldest_first(entries: QuerySet[Entry]) -> Iterator[Entry]:
    return entries.order_by("xid", "id").iterator(chunk_size=CHUNK)


def _record(entry: Entry) -> str:
    return record_text({name: getattr(entry, name) for name in HASHED_FIELDS})


def _parts(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"part": part.part, "person_id": part.person_id, "salt": part.salt, "data": part.data}
        for part in entry.parts.all()
    ]


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
