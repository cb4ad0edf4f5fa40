"""One double of each gateway for all tests; each test finds it as if it had just been started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.midtrans import Server as MidtransDouble
from deploy.sandbox.stripe import StripeDouble

MIDTRANS_KEY = "SB-Mid-server-of-the-tests"


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


@pytest.fixture(scope="session")
def midtrans_server() -> Iterator[MidtransDouble]:
    with MidtransDouble(MIDTRANS_KEY) as double:
        yield double


@pytest.fixture
def midtrans(midtrans_server: MidtransDouble, settings) -> MidtransDouble:
    """Midtrans in the place of the real one. Its notifications wait until a test takes them."""
    midtrans_server.reset()
    midtrans_server.notifier.chaos.held = True
    settings.MIDTRANS_SERVER_KEY = MIDTRANS_KEY
    settings.MIDTRANS_API_BASE = midtrans_server.url
    return midtrans_server
