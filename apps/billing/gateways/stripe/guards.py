"""What dj-stripe must not write down: keys, secrets, and who people are.

It would keep each key it is used with, in plain text, and Stripe's picture of every customer with name and address.
The key it is given is a stand-in (config/stripe.py); what it saves passes here first. The copy is for staff, who find
the workspace by its uuid in the metadata, and the person, if they must, at Stripe.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks.registry import registry
from django.db.models.signals import pre_save
from djstripe import checks, models
from djstripe.models.base import StripeBaseModel

PERSONAL = frozenset(
    {
        "address", "billing_details", "billing_email", "customer_address", "customer_details", "customer_email",
        "customer_name", "customer_phone", "customer_shipping", "customer_tax_ids", "email", "custom_fields",
        "phone", "receipt_email", "shipping", "tax_ids", "client_secret", "hosted_invoice_url", "invoice_pdf",
        "receipt_url",
    }
)  # fmt: skip
NAMED = (models.Customer, models.Charge, models.PaymentMethod)

# Two of its checks ask the database at every start, and with every import of tasks, for endpoints that we do not use.
registry.registered_checks -= {checks.check_webhook_validation, checks.check_webhook_endpoint_has_secret}


class SecretKept(Exception):
    """dj-stripe was about to store a key or a secret."""


def keep_out(sender: type, instance: Any, **_: Any) -> None:
    """Take out of a row of dj-stripe's what it must not hold. Raises SecretKept for a key or a webhook's secret."""
    if not isinstance(instance, StripeBaseModel):
        return
    if isinstance(instance, models.APIKey):
        if instance.secret != settings.STRIPE_SECRET_KEY or instance.secret == settings.STRIPE_KEY:
            raise SecretKept(
                "A key of Stripe belongs into the environment (STRIPE_SECRET_KEY), not into a table."
            )
        return
    if isinstance(instance, models.WebhookEndpoint) and instance.secret:
        raise SecretKept("The webhook's secret belongs into the environment (STRIPE_WEBHOOK_SECRET).")
    instance.stripe_data = without_people(instance.stripe_data, is_person=isinstance(instance, NAMED))
    for column in instance._meta.concrete_fields:
        if column.name in PERSONAL and getattr(instance, column.attname):
            setattr(instance, column.attname, None if column.null else "")


def without_people(value: Any, *, is_person: bool) -> Any:
    """A copy in which what names somebody is empty."""
    if isinstance(value, list):
        return [without_people(one, is_person=is_person) for one in value]
    if not isinstance(value, dict):
        return value
    is_person = is_person or value.get("object") in ("customer", "payment_method")
    return {
        name: None
        if name in PERSONAL or (name in ("name", "description") and is_person)
        else without_people(inner, is_person=is_person)
        for name, inner in value.items()
    }


for _model in apps.get_app_config("djstripe").get_models():
    pre_save.connect(keep_out, sender=_model)
