"""Payments and invoices as files for accountants."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from apps.billing.models import Invoice, Payment
from apps.billing.rules.money import major
from apps.core.sheets import inert

CHUNK = 500
PAYMENT_COLUMNS = (
    *("made_at", "paid_at", "status", "purpose", "currency", "amount", "refunded", "method", "invoice"),
    *("gateway", "reference", "uuid"),
)
INVOICE_COLUMNS = (
    *("issued_at", "number", "kind", "status", "currency", "subtotal", "discount", "tax", "total"),
    *("paid_at", "uuid"),
)


def payments_csv(payments: QuerySet[Payment]) -> Iterator[str]:
    """One line a payment; amounts with a point and all decimals."""
    return _csv(
        PAYMENT_COLUMNS,
        (
            (
                row.made_at.isoformat(),
                row.paid_at.isoformat() if row.paid_at else "",
                row.status,
                row.purpose,
                row.currency,
                major(row.amount, row.currency),
                major(row.refunded, row.currency),
                inert(row.method),
                inert(row.invoice.number) if row.invoice else "",
                row.gateway,
                inert(row.external_id),
                row.uuid,
            )
            for row in payments.iterator(chunk_size=CHUNK)
        ),
    )


def invoices_csv(invoices: QuerySet[Invoice]) -> Iterator[str]:
    """One line an invoice; amounts with a point and all decimals."""
    return _csv(
        INVOICE_COLUMNS,
        (
            (
                row.issued_at.isoformat(),
                inert(row.number),
                row.kind,
                row.status,
                row.currency,
                *(major(one, row.currency) for one in (row.subtotal, row.discount, row.tax, row.total)),
                row.paid_at.isoformat() if row.paid_at else "",
                row.uuid,
            )
            for row in invoices.iterator(chunk_size=CHUNK)
        ),
    )


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
