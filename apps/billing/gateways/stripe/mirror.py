"""A copy of what Stripe holds, kept by dj-stripe for staff to look at. Nothing of the product reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import stripe
from django.conf import settings
from djstripe import models

from apps.billing.gateways.stripe.client import api, in_our_words, is_gone, prepare_mirror
from apps.billing.gateways.stripe.reading import id_of

PAGE = 100


def mirror(objects: Iterable[tuple[str, str]]) -> int:
    """Copy these objects and those they name, as they are now; returns how many. Checkouts are not copied."""
    copied = 0
    with in_our_words():
        prepare_mirror()
        for kind, identifier in objects:
            if kind == "payment":
                copied += _payment(identifier)
            elif kind in ("subscription", "invoice"):
                model = models.Subscription if kind == "subscription" else models.Invoice
                copied += _copy(model, identifier)
    return copied


def mirror_since(since: datetime) -> int:
    """Copy the catalogue, and what was made or renewed since then: what a lost message left out."""
    when = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
    named: list[tuple[str, str]] = []
    copied = 0
    with in_our_words():
        prepare_mirror()
        for model, service in ((models.Product, api().products), (models.Price, api().prices)):
            for found in service.list({"limit": PAGE}).auto_paging_iter():
                copied += _copy(model, found.id)
        for invoice in api().invoices.list(when).auto_paging_iter():
            named.append(("invoice", invoice.id))
            details = (invoice.to_dict().get("parent") or {}).get("subscription_details") or {}
            if details.get("subscription"):
                named.append(("subscription", id_of(details["subscription"])))
        named += [("payment", one.id) for one in api().payment_intents.list(when).auto_paging_iter()]
    return copied + mirror(dict.fromkeys(named))


def _payment(identifier: str) -> int:
    copied = _copy(models.PaymentIntent, identifier)
    row = models.PaymentIntent.objects.filter(id=identifier).first()
    charge = id_of(row.stripe_data.get("latest_charge")) if row else ""
    if not charge:
        return copied
    copied += _copy(models.Charge, charge)
    for refund in api().refunds.list({"charge": charge, "limit": PAGE}).data:
        copied += _copy(models.Refund, refund.id)
    return copied


def _copy(model: Any, identifier: str) -> int:
    key = settings.STRIPE_SECRET_KEY
    try:
        found = model(id=identifier).api_retrieve(api_key=key)
    except stripe.InvalidRequestError as error:
        if not is_gone(error):
            raise
        return 0
    model.sync_from_stripe_data(found, api_key=key)
    return 1
