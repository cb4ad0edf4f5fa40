"""The door that Stripe's webhooks come in by: what is let in, stored once, and answered."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import httpx
import pytest
from django.conf import settings
from django.test import Client

from apps.billing.gateways.stripe.notifications import objects_of
from apps.billing.models import GatewayEvent, Payment
from tests.billing.stripe.conftest import WEBHOOK, work_off_all

pytestmark = pytest.mark.django_db


def event(kind: str = "customer.subscription.updated", **more) -> dict:
    shown = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active"}
    return {
        "id": "evt_1",
        "type": kind,
        "created": 1_700_000_000,
        "livemode": False,
        "data": {"object": shown},
    } | more


def post(body: bytes, signature: str):
    return Client().post(
        WEBHOOK, data=body, content_type="application/json", headers={"Stripe-Signature": signature}
    )


def signed(body: bytes, secret: str, moment: int | None = None) -> str:
    """By the recipe of docs.stripe.com/webhooks#verify-manually, written anew here."""
    moment = int(time.time()) if moment is None else moment
    digest = hmac.new(secret.encode(), str(moment).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def test_a_signed_event_is_stored_once_with_the_ids_it_names(settings):
    body = json.dumps(event()).encode()
    for _ in range(3):
        assert post(body, signed(body, settings.STRIPE_WEBHOOK_SECRET)).status_code == 200
    stored = GatewayEvent.objects.get()
    assert (stored.gateway, stored.event_id, stored.subject) == ("stripe", "evt_1", "cus_1")
    assert stored.objects_named == [["subscription", "sub_1"]]


@pytest.mark.parametrize("what", ["none", "other secret", "changed", "too old", "garbage"])
def test_what_is_not_signed_rightly_is_refused(settings, what):
    body = json.dumps(event()).encode()
    secret = settings.STRIPE_WEBHOOK_SECRET
    signature = {
        "none": "",
        "other secret": signed(body, "whsec_other"),
        "changed": signed(body + b" ", secret),
        "too old": signed(body, secret, int(time.time()) - 301),
        "garbage": "t=1,v2=xyz",
    }[what]
    answer = post(body, signature)
    assert answer.status_code == 400
    assert not GatewayEvent.objects.exists()
    assert "STRIPE_WEBHOOK_SECRET" in answer.content.decode()


def test_a_signed_body_that_cannot_be_read_is_refused(settings):
    for text in (b"{}", b"[1]", b'{"id": "evt_1", "type": 5}', b"nothing"):
        assert post(text, signed(text, settings.STRIPE_WEBHOOK_SECRET)).status_code == 400
    assert not GatewayEvent.objects.exists()


def test_kinds_that_change_nothing_and_other_modes_are_answered_and_forgotten(settings):
    for other in (
        event("customer.created"),
        event("product.created"),
        event(livemode=True),
        event(account="acct_2"),
    ):
        body = json.dumps(other).encode()
        assert post(body, signed(body, settings.STRIPE_WEBHOOK_SECRET)).status_code == 200
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    ("kind", "shown", "named"),
    [
        ("checkout.session.completed", {"id": "cs_1"}, ("checkout", "cs_1")),
        ("invoice.paid", {"id": "in_1", "status": "paid"}, ("invoice", "in_1")),
        ("invoice.created", {"id": "in_1", "status": "draft"}, None),
        ("invoice.upcoming", {"status": "draft"}, None),
        ("invoice_payment.paid", {"id": "inpay_1", "invoice": "in_1"}, None),  # invoice.paid comes too
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, ("payment", "pi_1")),
        ("charge.failed", {"id": "ch_1", "payment_intent": None}, None),
        ("refund.updated", {"id": "re_1", "payment_intent": "pi_1"}, ("payment", "pi_1")),
        ("payment_intent.canceled", {"id": "pi_1"}, ("payment", "pi_1")),
        ("customer.subscription.deleted", {"id": "sub_1"}, ("subscription", "sub_1")),
    ],
)
def test_what_an_event_is_about(kind, shown, named):
    assert objects_of(kind, shown) == ((named,) if named else ())


def test_an_event_says_nothing_that_the_gateway_does_not(buy, deliver, stripe_double, buyer):
    """One that lies (another status, another amount) changes nothing: the object is asked for."""
    stripe_double.pay(buy("pro-month").external_id)
    told = stripe_double.take()
    for one in told:
        one["data"]["object"] |= {"status": "canceled", "amount": 1, "total": 1, "amount_due": 1}
    deliver(told)
    work_off_all()
    buyer.refresh_from_db()
    assert buyer.plan_code == "pro"


def test_while_stripe_is_down_events_wait(buy, deliver, stripe_double, buyer):
    stripe_double.pay(buy("pro-month").external_id)
    assert set(deliver()) == {200}
    stripe_double.outage(1)
    assert work_off_all() == 0
    waiting = GatewayEvent.objects.filter(done_at=None)
    assert waiting.exists()
    assert {one.tries for one in waiting} == {1}
    assert "Stripe did not answer" in waiting[0].trouble
    assert work_off_all() > 0
    buyer.refresh_from_db()
    assert buyer.plan_code == "pro"


def test_everything_about_a_customer_waits_for_one_lock(buy, settle, deliver, stripe_double, buyer):
    """Events that name no customer (refunds) are worked off with those that do."""
    stripe_double.pay(buy("pro-month").external_id)
    settle()
    payment = Payment.objects.get()
    httpx.post(
        f"{stripe_double.url}/v1/refunds",
        data={"payment_intent": payment.external_id, "amount": "100"},
        headers={"Authorization": f"Bearer {settings.STRIPE_KEY}"},
    )
    told = stripe_double.take()
    assert {one["type"] for one in told} == {"refund.created", "charge.refunded"}
    deliver(told)
    assert len(set(GatewayEvent.objects.values_list("subject", flat=True))) == 1
