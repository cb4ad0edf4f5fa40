"""dj-stripe keeps no key, no webhook secret and no person's name: every table is searched for them."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import pre_save
from django.test import override_settings
from djstripe import models

from apps.billing.gateways.stripe.guards import SecretKept, without_people
from apps.billing.gateways.stripe.mirror import mirror, mirror_since
from apps.billing.models import BillingProfile, GatewayEvent, Payment
from config.stripe import stand_in

pytestmark = pytest.mark.django_db


def tables_with(text: str) -> list[str]:
    """Tables of the whole database in which a row holds the text, in whatever column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS one WHERE one::text ILIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_a_copy_of_everything_holds_no_key_no_secret_and_nobodys_name(
    buy, settle, stripe_double, buyer, settings
):
    BillingProfile.objects.create(
        workspace=buyer,
        name="Zebulon Quartermain",
        email="zebulon@example.org",
        line1="Moorgate 7",
        country="GB",
    )
    stripe_double.pay(buy("pro-month").external_id, name="Zebulon Quartermain", email="zebulon@example.org")
    settle()
    payment = Payment.objects.get()
    named = {(kind, key) for event in GatewayEvent.objects.all() for kind, key in event.objects_named}
    assert mirror(sorted(named)) >= 3
    assert mirror_since(payment.made_at.replace(year=2020)) >= 3
    for model in (
        models.Customer, models.Product, models.Price, models.Subscription, models.Invoice, models.PaymentIntent,
        models.Charge, models.PaymentMethod, models.BalanceTransaction, models.APIKey, models.Account,
    ):  # fmt: skip
        assert model.objects.exists(), f"{model.__name__} was not copied, so nothing is proved of it"
    assert models.Invoice.objects.get().stripe_data["total"] == 2900
    BillingProfile.objects.all().delete()  # the one place where they belong
    assert tables_with(settings.STRIPE_KEY) == []
    assert tables_with(settings.STRIPE_WEBHOOK_SECRET) == []
    people = ("Quartermain", "zebulon", "Moorgate")
    assert {text: tables_with(text) for text in people} == {text: ["billing_invoice"] for text in people}, (
        "an invoice is a paper of ours and says whom it was made out to; nothing else does"
    )
    assert tables_with(stand_in(settings.STRIPE_KEY)) == ["djstripe_apikey"]


def test_a_key_and_a_webhooks_secret_are_refused(settings):
    for secret in (settings.STRIPE_KEY, "sk_live_" + "a" * 30):
        with pytest.raises(SecretKept, match="environment"):
            models.APIKey.objects.get_or_create_by_api_key(secret)
    with pytest.raises(SecretKept, match="STRIPE_WEBHOOK_SECRET"):
        models.WebhookEndpoint.objects.create(
            id="we_1", secret="whsec_1234", url="https://a.example", enabled_events=["*"], livemode=False
        )


def test_a_stand_in_has_the_keys_form_and_no_part_of_it(settings):
    name = stand_in(settings.STRIPE_KEY)
    assert name.startswith("sk_test_")
    assert settings.STRIPE_KEY.removeprefix("sk_test_") not in name
    assert stand_in("") == ""
    assert stand_in("rk_live_" + "b" * 24).startswith("rk_live_")


def test_all_that_dj_stripe_has_is_guarded():
    """Each of its models passes the guard: one is tried whose data names somebody at every depth."""
    data = {
        "object": "invoice",
        "customer_name": "Zebulon",
        "lines": {"data": [{"description": "3 × Pro"}]},
        "customer": {"object": "customer", "name": "Zebulon", "description": "Zebulon's", "id": "cus_1"},
    }
    clean = without_people(data, is_person=False)
    assert "Zebulon" not in repr(clean)
    assert clean["lines"]["data"][0]["description"] == "3 × Pro"
    assert clean["customer"]["id"] == "cus_1"
    with override_settings(STRIPE_SECRET_KEY="sk_test_" + "0" * 64):
        for model in apps.get_app_config("djstripe").get_models():
            if hasattr(model, "stripe_data") and model is not models.APIKey:
                row = model(stripe_data={"customer_email": "zebulon@example.org"})
                pre_save.send(sender=model, instance=row)
                assert row.stripe_data == {"customer_email": None}, model
