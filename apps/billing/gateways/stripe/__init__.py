"""Stripe: its own client asks and acts, dj-stripe keeps a copy of what it holds for staff."""

from apps.billing.gateways.stripe.gateway import StripeGateway

__all__ = ["StripeGateway"]
