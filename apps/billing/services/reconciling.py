"""Each day: do the gateways, our payments, the credits and the invoices say the same?

What differs is listed with its age. Nothing is put right here: it is a fault somewhere, and somebody should look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext

from apps.billing.choices import CheckoutPurpose, InvoiceKind, LedgerKind, PaymentStatus, RefundStatus
from apps.billing.errors import GatewayRefused, GatewayUnreachable
from apps.billing.gateways.base import Gateway
from apps.billing.gateways.registry import ready_gateways
from apps.billing.gateways.states import Listed
from apps.billing.models import Difference, Invoice, LedgerTransaction, Payment, Reconciliation, Refund
from apps.billing.rules.money import money
from apps.core.manner import written

log = structlog.get_logger(__name__)

WINDOW = timedelta(days=35)  # so that what is put right late is seen to agree again
SETTLING = timedelta(hours=1)  # what is under way now is compared tomorrow
OURS = ""  # differences among our own books belong to no gateway


@dataclass(frozen=True)
class Found:
    """A difference: what it is, about what, and what each side says of it."""

    kind: str
    reference: str
    ours: str = ""
    theirs: str = ""
    workspace_id: int | None = None


def reconcile_all(now: datetime | None = None) -> list[Reconciliation]:
    """Compare every gateway that is set up, and our own books among themselves."""
    now = now or timezone.now()
    since, until = now - WINDOW, now - SETTLING
    done = [_compare_gateway(one, since, until, now) for one in ready_gateways()]
    ours = list(_books(since, until))
    return [*done, _keep(OURS, ours, _count(since, until), since, until, now)]


def _compare_gateway(provider: Gateway, since: datetime, until: datetime, now: datetime) -> Reconciliation:
    try:
        listed = list(provider.listed(since, until))
    except (GatewayUnreachable, GatewayRefused) as error:
        log.error("reconciliation_not_finished", gateway=provider.code, why=error.message)
        return Reconciliation.objects.create(
            gateway=provider.code,
            since=since,
            until=until,
            ran_at=now,
            compared=0,
            found=0,
            trouble=error.message,
        )
    found = list(_against_list(provider.code, listed, since, until))
    return _keep(provider.code, found, len(listed), since, until, now)


def _against_list(code: str, listed: list[Listed], since: datetime, until: datetime) -> Iterator[Found]:
    """What the gateway lists against what we hold, both ways."""
    theirs = {one.external_id: one for one in listed if one.kind == "payment"}
    mine = {
        payment.external_id: payment
        for payment in Payment.objects.filter(gateway=code, external_id__in=theirs)
    }
    for key, one in theirs.items():
        payment = mine.get(key)
        told = f"{money(one.amount, one.currency)} {one.status}"
        if payment is None:
            if one.status == PaymentStatus.SUCCEEDED:
                yield Found("payment_missing", key, "", told)
            continue
        held = f"{money(payment.amount, payment.currency)} {payment.status}"
        if (payment.amount, payment.currency) != (one.amount, one.currency):
            yield Found("payment_amount_differs", key, held, told, payment.workspace_id)
        elif payment.status != one.status and not (payment.refunded and one.status == PaymentStatus.CANCELED):
            yield Found("payment_status_differs", key, held, told, payment.workspace_id)
    unknown = Payment.objects.filter(
        gateway=code, status=PaymentStatus.SUCCEEDED, made_at__gte=since, made_at__lt=until
    ).exclude(external_id__in=theirs)
    for payment in unknown:
        told = f"{money(payment.amount, payment.currency)} {payment.status}"
        yield Found("payment_unknown_to_gateway", payment.external_id, told, "", payment.workspace_id)
    yield from _refunds_against_list(code, listed, since, until, set(theirs))


def _refunds_against_list(
    code: str, listed: list[Listed], since: datetime, until: datetime, payments: set[str]
) -> Iterator[Found]:
    theirs = {one.external_id: one for one in listed if one.kind == "refund"}
    # a gateway without ids of its own for refunds names them within their payment
    mine = {}
    for refund in (
        Refund.objects.filter(payment__gateway=code).exclude(external_id="").select_related("payment")
    ):
        for name in (refund.external_id, f"{refund.payment.external_id}:{refund.external_id}"):
            mine[name] = refund
    for key, one in theirs.items():
        kept = mine.get(key)
        told = f"{money(one.amount, one.currency)} {one.status}"
        if kept is None:
            yield Found("refund_missing", key, "", told)
        elif (kept.amount, kept.status) != (one.amount, one.status):
            held = f"{money(kept.amount, one.currency)} {kept.status}"
            yield Found("refund_differs", key, held, told, kept.payment.workspace_id)
    known = {id(mine[key]) for key in theirs if key in mine}
    for refund in {id(one): one for one in mine.values()}.values():
        payment = refund.payment
        is_listed = id(refund) in known or refund.external_id == "cancel"
        if refund.status == RefundStatus.SUCCEEDED and since <= refund.made_at < until and not is_listed:
            held = f"{money(refund.amount, payment.currency)} {refund.status}"
            yield Found("refund_unknown_to_gateway", refund.external_id, held, "", payment.workspace_id)


def _books(since: datetime, until: datetime) -> Iterator[Found]:
    """Our payments against the credits, the invoices and their numbers."""
    paid = Payment.objects.filter(
        status=PaymentStatus.SUCCEEDED, created_at__gte=since, created_at__lt=until
    ).select_related("checkout__pack", "invoice")
    payments = list(paid)
    yield from _credits(payments, since, until)
    yield from _invoices(payments)
    yield from _waiting(since, until)
    yield from _gaps()


def _credits(payments: list[Payment], since: datetime, until: datetime) -> Iterator[Found]:
    """Each bought pack is in the ledger, and each purchase in the ledger was paid."""
    bought = [one for one in payments if one.purpose == CheckoutPurpose.CREDITS]
    keys = {f"purchase:{one.uuid}": one for one in bought}
    granted = dict(LedgerTransaction.objects.filter(key__in=keys).values_list("key", "amount"))
    for key, payment in keys.items():
        due = payment.checkout.pack.credits if payment.checkout and payment.checkout.pack else None
        has = granted.get(key)
        if due is not None and has != due:
            held = gettext("{has:,} credits").format(has=written(has)) if has is not None else "no credits"
            yield Found(
                "credits_differ",
                str(payment.uuid),
                held,
                gettext("{due:,} credits").format(due=written(due)),
                payment.workspace_id,
            )
    unpaid = LedgerTransaction.objects.filter(
        kind=LedgerKind.GRANT, key__startswith="purchase:", created_at__gte=since, created_at__lt=until
    ).exclude(key__in=keys)
    for entry in unpaid:
        uuid = entry.key.removeprefix("purchase:")
        if not Payment.objects.filter(uuid=uuid, status=PaymentStatus.SUCCEEDED).exists():
            yield Found(
                "credits_unpaid",
                uuid,
                gettext("{amount:,} credits").format(amount=written(entry.amount)),
                "no payment",
                entry.workspace_id,
            )


def _invoices(payments: Iterable[Payment]) -> Iterator[Found]:
    """Each payment has an invoice of its amount; what was given back of it stands on credit notes."""
    for payment in payments:
        invoice = payment.invoice
        paid = money(payment.amount, payment.currency)
        if invoice is None:
            yield Found("invoice_missing", str(payment.uuid), "no invoice", paid, payment.workspace_id)
            continue
        if (invoice.total, invoice.currency) != (payment.amount, payment.currency):
            billed = money(invoice.total, invoice.currency)
            yield Found("invoice_differs", invoice.number, billed, paid, payment.workspace_id)
        if invoice.series_id is None:
            continue
        notes = Invoice.objects.filter(corrects=invoice, kind=InvoiceKind.CREDIT_NOTE)
        credited = -(notes.aggregate(sum=Sum("total"))["sum"] or 0)
        if credited != payment.refunded:
            yield Found(
                "credit_note_differs",
                invoice.number,
                money(credited, payment.currency),
                money(payment.refunded, payment.currency),
                payment.workspace_id,
            )


def _waiting(since: datetime, until: datetime) -> Iterator[Found]:
    """Refunds that were asked for and never answered."""
    waiting = Refund.objects.filter(status=RefundStatus.PENDING, created_at__gte=since, created_at__lt=until)
    for refund in waiting.select_related("payment"):
        told = money(refund.amount, refund.payment.currency)
        yield Found("refund_waits", str(refund.uuid), told, "", refund.payment.workspace_id)


def _gaps() -> Iterator[Found]:
    """Numbers that a series counted and no invoice has: there can be none, and somebody who counts asks for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.code, n FROM billing_invoiceseries AS s, generate_series(1, s.last) AS n
            WHERE NOT EXISTS (SELECT FROM billing_invoice AS i WHERE i.series_id = s.id AND i.series_number = n)
            """
        )
        for code, number in cursor.fetchall():
            yield Found("invoice_number_missing", f"{code}-{number:06d}")


def _count(since: datetime, until: datetime) -> int:
    return Payment.objects.filter(created_at__gte=since, created_at__lt=until).count()


@transaction.atomic
def _keep(
    code: str, found: list[Found], compared: int, since: datetime, until: datetime, now: datetime
) -> Reconciliation:
    """New differences are opened, those seen again keep their age, those not seen again are closed."""
    still = []
    for one in found:
        difference, _ = Difference.objects.update_or_create(
            gateway=code,
            kind=one.kind,
            reference=one.reference[:160],
            closed_at=None,
            defaults={
                "workspace_id": one.workspace_id,
                "ours": one.ours[:120],
                "theirs": one.theirs[:120],
                "last_seen": now,
            },
            create_defaults={
                "workspace_id": one.workspace_id,
                "ours": one.ours[:120],
                "theirs": one.theirs[:120],
                "first_seen": now,
                "last_seen": now,
            },
        )
        still.append(difference.pk)
    Difference.objects.filter(gateway=code, closed_at=None).exclude(pk__in=still).update(closed_at=now)
    if found:
        log.error(
            "books_differ", gateway=code or "ours", count=len(found), kinds=sorted({f.kind for f in found})
        )
    return Reconciliation.objects.create(
        gateway=code, since=since, until=until, ran_at=now, compared=compared, found=len(found)
    )
