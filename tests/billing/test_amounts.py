"""Amounts of money in the admin: typed in whole units, kept in minor ones, shown as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.contrib import admin
from django.test import Client
from djstripe.models import Refund as StripeRefund

from apps.billing.amounts import minor_units
from apps.billing.models import CreditPack, Invoice, Payment
from tests.billing.furnish import furnish_billing
from tests.factories import UserFactory, with_second_factor, workspace_of


@pytest.mark.parametrize(
    ("typed", "currency", "kept"),
    [
        ("19.99", "USD", 1999),
        ("0.1", "USD", 10),
        ("2900", "JPY", 2900),  # has no hundredths
        ("1.234", "KWD", 1234),  # has thousandths
        ("450000", "IDR", 45_000_000),  # has hundredths on paper
    ],
)
def test_what_is_typed_is_kept_in_minor_units(typed, currency, kept):
    assert minor_units(Decimal(typed), currency) == kept


@pytest.mark.parametrize(
    ("typed", "currency", "places"),
    [("19.999", "USD", 2), ("0.5", "JPY", 0), ("1.2345", "KWD", 3), ("450000.5", "IDR", 0)],
)
def test_what_cannot_be_paid_is_refused_and_never_rounded(typed, currency, places):
    with pytest.raises(forms.ValidationError, match=rf"At most {places} decimals\."):
        minor_units(Decimal(typed), currency)


@pytest.fixture
def staff(db: None) -> Client:
    person = UserFactory(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(person)
    return with_second_factor(client, person)


def test_invoices_payments_and_their_fees_are_shown_as_people_write_them(staff: Client):
    owner = UserFactory()
    bought = furnish_billing(workspace_of(owner), actor=owner)
    Invoice.objects.update(subtotal=23_456, discount=1_050, tax=3_259, total=25_665)
    Payment.objects.update(amount=25_665, fee=4_525)
    invoice = staff.get(f"/admin/billing/invoice/{bought.invoice.pk}/change/").content.decode()
    for amount in (
        "USD\u00a0234.56",
        "USD\u00a010.50",
        "USD\u00a032.59",
        "USD\u00a0256.65",
        "USD\u00a05.00",
    ):  # the last of its line
        assert amount in invoice, amount
    payment = staff.get(f"/admin/billing/payment/{bought.payment.pk}/change/").content.decode()
    for amount in ("USD\u00a0256.65", "USD\u00a045.25", "USD\u00a01.00"):  # the last one was given back
        assert amount in payment, amount
    assert "4525" not in payment


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"amount": 290, "currency": "jpy"}, "JPY 290"),
        ({"unit_amount": 45_000, "currency": "idr"}, "IDR 450"),
        ({"total": 0, "amount": 12, "currency": "usd"}, "USD 0.00"),  # of an invoice: what is to be paid
        ({"currency": "usd"}, None),
    ],
)
def test_what_stripe_holds_is_shown_in_its_own_currency(data, shown):
    assert admin.site._registry[StripeRefund].stripe_amount(StripeRefund(stripe_data=data)) == shown


def test_a_pack_is_priced_in_whole_units_of_its_currency(staff: Client):
    sent = {"code": "tiny", "credits": "10", "currency": "USD", "amount": "0.999"}
    refused = staff.post("/admin/billing/creditpack/add/", sent)
    assert "At most 2 decimals." in refused.content.decode()
    assert not CreditPack.objects.filter(code="tiny").exists()
    staff.post("/admin/billing/creditpack/add/", sent | {"amount": "0.99"})
    assert CreditPack.objects.get(code="tiny").amount == 99
