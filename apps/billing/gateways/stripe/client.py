"""The connection to Stripe, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
import structlog
from django.conf import settings

from apps.billing.errors import GatewayRefused, GatewayUnreachable

log = structlog.get_logger(__name__)
RETRIES = 2


class KeyedClient(stripe.RequestsClient):
    """Puts the secret key in where dj-stripe gave its stand-in: the key itself is in memory alone, in no table."""

    def request(  # type: ignore[override]  # as RequestsClient has it
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        named = dict(headers or {})
        if named.get("Authorization") == f"Bearer {settings.STRIPE_SECRET_KEY}":
            named["Authorization"] = f"Bearer {settings.STRIPE_KEY}"
        return super().request(method, url, named, post_data)


def is_ready() -> bool:
    return bool(settings.STRIPE_KEY and settings.STRIPE_API_BASE)


def api() -> Any:
    """Stripe's services (`api().customers.retrieve(…)`). Typed as Any: its stubs refuse what its API takes."""
    return _connected(settings.STRIPE_KEY, settings.STRIPE_API_BASE).v1


@lru_cache(maxsize=4)
def _connected(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": base},
        http_client=stripe.RequestsClient(timeout=settings.STRIPE_TIMEOUT_S),
        max_network_retries=RETRIES,
    )


def prepare_mirror() -> None:
    """Have dj-stripe, which uses the client's globals, ask the same address in the same version with the same key."""
    stripe.api_base = settings.STRIPE_API_BASE
    stripe.max_network_retries = RETRIES
    if not isinstance(stripe.default_http_client, KeyedClient):
        stripe.default_http_client = KeyedClient(timeout=settings.STRIPE_TIMEOUT_S)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise GatewayUnreachable for what may be better later, GatewayRefused for what will not."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        raise GatewayRefused(error.user_message or str(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("stripe_key_refused", status=error.http_status, request=error.request_id)
        raise GatewayUnreachable(
            "Stripe does not accept this installation's key. Whoever runs it has been told."
        ) from error
    except stripe.StripeError as error:
        raise GatewayUnreachable("Stripe did not answer as it should. Try again in a minute.") from error


def is_gone(error: stripe.StripeError) -> bool:
    return isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing"
