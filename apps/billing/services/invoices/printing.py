"""From the rows of an invoice to its paper."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext

from apps.billing.choices import InvoiceKind
from apps.billing.models import Invoice
from apps.billing.services.invoices.paper import Paper, PaperLine, Party, in_words_we_draw, paper_pdf
from apps.core.countries import country_named


def invoice_pdf(invoice: Invoice) -> bytes:
    """The PDF of an invoice of ours, in one language the same bytes each time.

    Raises ValueError for one that a gateway numbered.
    """
    if invoice.series_id is None:
        raise ValueError(f"invoice {invoice.number} is the gateway's, and its PDF too")
    with in_words_we_draw():
        return paper_pdf(paper_of(invoice))


def paper_of(invoice: Invoice) -> Paper:
    is_note = invoice.kind == InvoiceKind.CREDIT_NOTE
    sums = [(gettext("Subtotal"), invoice.subtotal)]
    if invoice.discount:
        sums.append((gettext("Discount"), -invoice.discount))
    if invoice.tax:
        percent = f" {invoice.tax_percent.normalize():f} %" if invoice.tax_percent is not None else ""
        sums.append((f"{invoice.tax_name}{percent}", invoice.tax))
    facts = []
    if invoice.corrects is not None:
        facts.append((gettext("Corrects"), invoice.corrects.number))
    if invoice.paid_at is not None:
        facts.append((gettext("Given back") if is_note else gettext("Paid"), _day(invoice.paid_at)))
    return Paper(
        title=gettext("Credit note") if is_note else gettext("Invoice"),
        number=invoice.number,
        issued_on=invoice.issued_at.astimezone(UTC).date(),
        currency=invoice.currency,
        seller=_seller(invoice.seller),
        buyer=_buyer(invoice.buyer),
        lines=tuple(
            PaperLine(
                description=line.text,
                amount=line.amount,
                quantity=line.quantity,
                unit_amount=line.amount // line.quantity if line.quantity > 1 else None,
                period=_period(line.period_start, line.period_end),
            )
            for line in invoice.lines.all()
        ),
        total=invoice.total,
        sums=tuple(sums),
        facts=tuple(facts),
    )


def _seller(kept: dict[str, str]) -> Party:
    lines = [line.strip() for line in kept.get("address", "").split("|") if line.strip()]
    lines.append(country_named(kept.get("country", "")))
    return Party(kept.get("name", ""), tuple(lines), kept.get("tax_id", ""), kept.get("email", ""))


def _buyer(kept: dict[str, str]) -> Party:
    town = " ".join(part for part in (kept.get("postal_code"), kept.get("city")) if part)
    lines = [
        kept.get("line1"),
        kept.get("line2"),
        town,
        kept.get("state"),
        country_named(kept.get("country", "")),
    ]
    return Party(
        kept.get("name", ""),
        tuple(line for line in lines if line),
        kept.get("tax_id", ""),
        kept.get("email", ""),
    )


def _period(start: datetime | None, end: datetime | None) -> str:
    if end is None:
        return ""
    return f"{_day(start)} – {_day(end)}" if start else gettext("until {day}").format(day=_day(end))


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
