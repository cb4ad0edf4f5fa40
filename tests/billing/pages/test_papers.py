"""Lists of payments and invoices, their files, and whom invoices are made out to."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from apps.billing.models import BillingProfile, Invoice, Payment, TaxRate
from apps.journal.models import Entry
from tests.factories import workspace_of

BASE = "/settings/workspace/billing/"
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


def pay(workspace, number, **more):
    values = {
        "purpose": "plan",
        "currency": "USD",
        "amount": 2900,
        "status": "succeeded",
        "method": "Visa 4242",
        "made_at": MARCH + timedelta(days=number),
    }
    return Payment.objects.create(
        workspace_id=workspace.pk,
        gateway="stripe",
        external_id=f"pi_{workspace.pk}_{number}",
        **values | more,
    )


def bill(workspace, number, **more):
    values = {
        "status": "paid",
        "currency": "USD",
        "subtotal": 2900,
        "tax": 551,
        "total": 3451,
        "issued_at": MARCH + timedelta(days=number),
    }
    return Invoice.objects.create(
        workspace_id=workspace.pk,
        gateway="stripe",
        external_id=f"in_{workspace.pk}_{number}",
        number=f"CW-000{number}",
        **values | more,
    )


@pytest.fixture
def papers(workspace, stranger):
    invoice = bill(workspace, 1)
    bill(workspace, 2, status="open")
    pay(workspace, 1, invoice=invoice)
    pay(workspace, 2, status="failed", method="=HYPERLINK(1)")
    pay(workspace, 3, currency="IDR", amount=45_000_000, refunded=5_000_000)
    other = workspace_of(stranger, "pro")
    bill(other, 9)
    pay(other, 9)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["3", "2", "1"]),
        ("?status=failed", ["2"]),
        ("?status=refunded", ["3"]),
        ("?q=CW-0001", ["1"]),
        ("?since=2026-03-12&until=2026-03-12", ["2"]),
        ("?q=nothing", []),
    ],
)
def test_payments_are_found(web, workspace, papers, query, expected):
    page = web.get(f"{BASE}payments/{query}")
    assert [row.external_id[-1] for row in page.context["list"].rows] == expected
    file = b"".join(web.get(f"{BASE}payments.csv{query}")).decode()
    assert [row["reference"][-1] for row in csv.DictReader(io.StringIO(file))] == expected


def test_amounts_are_written_as_their_currency_is(web, workspace, papers):
    text = web.get(f"{BASE}payments/").content.decode()
    assert "29.00" in text
    assert "450\u202f000" in text
    assert "−50\u202f000" in text
    rows = list(csv.DictReader(io.StringIO(b"".join(web.get(f"{BASE}payments.csv")).decode())))
    assert [row["amount"] for row in rows] == ["450000.00", "29.00", "29.00"]
    assert rows[1]["method"] == "'=HYPERLINK(1)"


def test_invoices_of_others_are_not_found(web, api, workspace, stranger, papers):
    assert [row.number for row in web.get(f"{BASE}invoices/?status=paid").context["rows"]] == ["CW-0001"]
    foreign = Invoice.objects.get(number="CW-0009")
    assert web.get(f"{BASE}invoices/{foreign.uuid}/pdf/").status_code == 404
    assert api.get(f"/api/v1/billing/invoices/{foreign.uuid}/").status_code == 404
    payment = Payment.objects.get(workspace_id=workspace_of(stranger).pk)
    assert api.get(f"/api/v1/billing/payments/{payment.uuid}/status/").status_code == 404


def test_papers_by_program(api, papers):
    rows = api.get("/api/v1/billing/payments/?status=succeeded").json()["results"]
    assert [(row["amount"], row["currency"], row["refunded"]) for row in rows] == [
        (45_000_000, "IDR", 5_000_000),
        (2900, "USD", 0),
    ]
    state = api.get(f"/api/v1/billing/payments/{rows[1]['uuid']}/status/").json()
    assert (state["status"], state["refunded"]) == ("succeeded", 0)
    invoice = api.get("/api/v1/billing/invoices/?number=CW-0001").json()["results"][0]
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (2900, 551, 3451)
    assert "lines" not in invoice
    assert api.get(f"/api/v1/billing/invoices/{invoice['uuid']}/").json()["lines"] == []


def test_whom_invoices_are_made_out_to(web, api, workspace):
    form = {"name": " Candle  GmbH ", "email": "", "country": "DE", "tax_id": "de811"}
    assert web.post(f"{BASE}profile/", form).status_code == 302
    profile = BillingProfile.objects.get()
    assert (profile.name, profile.country, profile.tax_id) == ("Candle GmbH", "DE", "DE811")
    assert web.post(f"{BASE}profile/", {"country": "Germany"}).status_code == 200
    assert web.post(f"{BASE}profile/", {"country": "D1"}).context["form"].errors["country"]
    assert web.post(f"{BASE}profile/", {"country": "UK"}).context["form"].errors["country"]
    found = api.get("/api/v1/billing/profile/")
    assert found.json()["name"] == "Candle GmbH"
    put = {"name": "Other", "country": "ID"}
    assert api.put("/api/v1/billing/profile/", put, format="json").status_code == 428
    answer = api.put("/api/v1/billing/profile/", put, format="json", headers={"If-Match": found["ETag"]})
    assert (answer.status_code, answer.json()["tax_id"]) == (200, "")
    refused = api.put(
        "/api/v1/billing/profile/", {"country": "UK"}, format="json", headers={"If-Match": answer["ETag"]}
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["country"])
    entry = Entry.objects.filter(action="billing.profile.changed").latest("id")
    assert entry.changes == {"fields": ["country", "name", "tax_id"]}
    type(workspace.owner).objects.update(language="tr")
    assert '<option value="ID" selected>Endonezya</option>' in web.get(f"{BASE}profile/").content.decode()
    assert "Endonezya" in web.get(BASE).content.decode()


def test_a_code_kept_from_before_stays_until_another_is_chosen(web, workspace):
    BillingProfile.objects.create(workspace=workspace, name="Desk", country="XK")
    assert web.post(f"{BASE}profile/", {"name": "Bench", "country": "XK"}).status_code == 302
    assert (BillingProfile.objects.get().name, BillingProfile.objects.get().country) == ("Bench", "XK")
    assert web.post(f"{BASE}profile/", {"name": "Bench", "country": "RS"}).status_code == 302
    assert web.post(f"{BASE}profile/", {"country": "XK"}).context["form"].errors["country"]


def test_codes_that_people_write_become_those_of_the_standard(workspace):
    mend = import_module("apps.billing.migrations.0012_country_codes").mend
    BillingProfile.objects.create(workspace=workspace, country="UK")
    TaxRate.objects.create(country="UK", name="VAT", percent=20)
    mend(apps, None)
    assert (BillingProfile.objects.get().country, TaxRate.objects.get().country) == ("GB", "GB")


def test_a_workspace_that_bought_nothing_is_told_so(web, workspace):
    for page in ("", "payments/", "invoices/", "profile/", "plan/", "credits/"):
        assert web.get(BASE + page).status_code == 200, page
