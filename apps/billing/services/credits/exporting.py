"""The statement as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.db.models import QuerySet

from apps.billing.models import LedgerTransaction

COLUMNS = ("created_at", "kind", "amount", "change", "balance", "used", "reference", "note", "uuid")
CHUNK = 500


def statement_csv(transactions: QuerySet[LedgerTransaction]) -> Iterator[str]:
    """One line a transaction, newest first, made as it is sent."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, row in enumerate(transactions.iterator(chunk_size=CHUNK), 1):
        note = row.note.text if hasattr(row, "note") else ""
        writer.writerow(
            [
                row.created_at.isoformat(),
                row.kind,
                row.amount,
                row.change,
                row.balance,
                row.used,
                _inert(row.reference),
                _inert(note),
                row.uuid,
            ]
        )
        if number % CHUNK == 0:
            yield _drained(buffer)
    yield _drained(buffer)


def _inert(text: str) -> str:
    """Text that a spreadsheet would run as a formula, made plain by a leading apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
