"""One double of Stripe for all tests; each finds it as if it had just been started. How it is used: deploy.sandbox.stripe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.stripe import StripeDouble


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[StripeDouble]:
    with StripeDouble() as double:
        yield double


@pytest.fixture
def stripe_double(stripe_server: StripeDouble, settings) -> StripeDouble:
    """Stripe as the settings' key finds it. Its webhooks wait until a test takes them or names an address."""
    stripe_server.reset()
    stripe_server.secret = settings.STRIPE_WEBHOOK_SECRET
    settings.STRIPE_API_BASE = stripe_server.url
    return stripe_server
