"""Invoices of our own: what stands on them, that no number is missing, and that nothing is changed afterwards."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pypdf import PdfReader

from apps.accounts.services.mail import send_due_mail
from apps.billing.models import BillingProfile, Invoice, InvoiceSeries, Payment, PlanLimit, TaxRate
from apps.billing.services.invoices import invoice_pdf, issue_invoice
from apps.billing.services.invoices.issuing import NEXT_NUMBER
from deploy.sandbox.midtrans import Server
from tests.billing.midtrans.conftest import buy, buy_credits, price
from tests.factories import UserFactory, workspace_of


def payment_of(workspace, number: int) -> Payment:
    """A payment of 100,000 rupiah, as if it had just arrived."""
    return Payment.objects.create(
        workspace_id=workspace.pk,
        gateway="midtrans",
        external_id=f"tx-{number}",
        purpose="credits",
        currency="IDR",
        amount=10_000_000,
        status="succeeded",
        made_at=timezone.now(),
        paid_at=timezone.now(),
    )


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.fixture
def indonesian(shop, settings):
    """A buyer in Indonesia, where 11 % are added."""
    settings.SELLER = {
        "name": "Candle PT",
        "address": "Jalan 1|Jakarta",
        "country": "ID",
        "tax_id": "01.2",
        "email": "s@x.id",
    }
    BillingProfile.objects.create(
        workspace=shop, name="PT Öhm", email="books@example.com", line1="Jalan Kaya 7", postal_code="12190",
        city="Jakarta", country="ID", tax_id="09.8",
    )  # fmt: skip
    TaxRate.objects.create(country="ID", name="PPN", percent=Decimal("11.000"))


def test_an_invoice_with_tax(midtrans: Server, shop, indonesian, told):
    PlanLimit.objects.update_or_create(
        plan=price().plan, meter="seats", defaults={"amount": 1, "period": "total"}
    )
    checkout = buy(shop, seats=3)
    # 450,000 and two further seats of 100,000: 650,000; 11 % are 71,500
    assert (checkout.amount, checkout.tax) == (72_150_000, 7_150_000)
    midtrans.pay(checkout.url)
    told()
    invoice = Invoice.objects.get()
    assert invoice.number == f"ID-{invoice.issued_at.year}-000001"
    assert (invoice.subtotal, invoice.discount, invoice.tax, invoice.total) == (
        65_000_000,
        0,
        7_150_000,
        72_150_000,
    )
    assert (invoice.tax_name, invoice.tax_percent) == ("PPN", Decimal("11.000"))
    assert list(invoice.lines.values_list("text", "quantity", "amount")) == [
        ("Pro, monthly", 1, 45_000_000),
        ("Further seats", 2, 20_000_000),
    ]
    text = text_of(invoice_pdf(invoice))
    for words in (
        invoice.number,
        "Candle PT",
        "PT Öhm",
        "12190 Jakarta",
        "Indonesia",
        "09.8",
        "200,000",
        "PPN 11 %",
        "71,500",
        "IDR 721,500",
    ):
        assert words in text


def test_it_is_mailed_once_with_the_pdf(midtrans: Server, shop, indonesian, told):
    midtrans.pay(buy_credits(shop).url)
    told()
    mail.outbox.clear()
    send_due_mail()
    send_due_mail()
    (message,) = [one for one in mail.outbox if one.subject.startswith("Invoice")]
    invoice = Invoice.objects.get()
    assert message.to == ["books@example.com"]
    ((name, content, kind),) = message.attachments
    assert (name, kind) == (f"{invoice.number}.pdf", "application/pdf")
    assert "1,000 credits" in text_of(content)
    assert invoice.mailed_at is not None
    invoice.refresh_from_db()
    assert invoice_pdf(invoice) == content


def test_refunds_are_credited_with_their_tax(midtrans: Server, shop, indonesian, told):
    """166,500 of which 16,500 are tax, given back in three parts: their tax adds up to all of it."""
    checkout = buy_credits(shop)
    midtrans.pay(checkout.url)
    midtrans.settle(str(checkout.uuid))
    told()
    for amount in (55_000, 55_000, 56_500):
        midtrans.books.refund(str(checkout.uuid), {"amount": amount})
        midtrans.tell(midtrans.books.find(str(checkout.uuid)))
        told()
    notes = list(Invoice.objects.filter(kind="credit_note").order_by("series_number"))
    # 55,000 × 16,500 / 166,500 = 5,450.45; of 110,000 it is 10,900.90; of all 16,500
    assert [(note.total, note.tax) for note in notes] == [
        (-5_500_000, -545_000),
        (-5_500_000, -545_100),
        (-5_650_000, -559_900),
    ]
    invoice = Invoice.objects.get(kind="invoice")
    assert {note.corrects for note in notes} == {invoice}
    year = notes[0].issued_at.year
    assert [note.number for note in notes] == [f"ID-CN-{year}-00000{place}" for place in (1, 2, 3)]
    assert "Corrects" in text_of(invoice_pdf(notes[0]))


def test_nothing_is_changed_afterwards(shop):
    invoice = issue_invoice(payment_of(shop, 1))
    line = invoice.lines.get()
    for wrong in (
        lambda: Invoice.objects.filter(pk=invoice.pk).update(total=1, subtotal=1),
        lambda: Invoice.objects.filter(pk=invoice.pk).update(buyer={}),
        lambda: Invoice.objects.filter(pk=invoice.pk)._raw_delete("default"),
        lambda: type(line).objects.filter(pk=line.pk).update(amount=1),
        lambda: line.delete(),
        lambda: InvoiceSeries.objects.update(last=7),
        lambda: InvoiceSeries.objects.update(last=0),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()
    Invoice.objects.filter(pk=invoice.pk).update(mailed_at=timezone.now())


def test_a_payment_has_one_invoice(shop):
    payment = payment_of(shop, 1)
    assert issue_invoice(payment) == issue_invoice(payment)
    assert InvoiceSeries.objects.get().last == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_and_aborted_no_number_is_missing():
    """Four connections take numbers at once, every third transaction comes to nothing, and one process is killed."""
    shop = workspace_of(UserFactory(), "free")
    payments = [payment_of(shop, number) for number in range(24)]

    class Aborted(Exception):
        pass

    def issue(number: int) -> None:
        try:
            with transaction.atomic():
                issue_invoice(payments[number])
                if number % 3 == 0:
                    raise Aborted
        except Aborted:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(issue, range(12)))
        with killed_while_it_held_a_number(InvoiceSeries.objects.get().code) as kill:
            later = [pool.submit(issue, number) for number in range(12, 24)]
            kill()
            for one in later:
                one.result(20)
    numbers = sorted(Invoice.objects.values_list("series_number", flat=True))
    assert numbers == list(range(1, 17))
    assert InvoiceSeries.objects.get().last == 16


class killed_while_it_held_a_number:  # noqa: N801  used like a function
    """A process of its own that took the next number and waits; `kill` ends it the hard way."""

    PROGRAM = (
        "import os, sys, psycopg\n"
        "held = psycopg.connect(sys.argv[1])\n"
        "print(held.execute(sys.argv[2], [sys.argv[3]]).fetchone()[1], flush=True)\n"
        "sys.stdin.read()\n"
    )

    def __init__(self, code: str) -> None:
        values = connection.settings_dict
        where = f"dbname={values['NAME']} user={values['USER']} host={values['HOST']} port={values['PORT']}"
        if values["PASSWORD"]:
            where += f" password={values['PASSWORD']}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, where, NEXT_NUMBER, code],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        assert self.process.stdout
        assert int(self.process.stdout.readline()) == 9
        return self.process.kill

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
