"""Stripe's settings that follow from the environment."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from config.env import STRIPE, Env


def stand_in(key: str) -> str:
    """A name for the secret key that dj-stripe may keep in its tables: of the same form, and no way leads back."""
    if not key:
        return ""
    kind, mode, _ = key.split("_", 2)
    return f"{kind}_{mode}_{hashlib.sha256(key.encode()).hexdigest()}"


def stripe_origins(env: Env) -> list[str]:
    """Where our forms may lead on to: the pages on which people pay. None without a key."""
    if not env.stripe_secret_key:
        return []
    if env.stripe_api_base == STRIPE:
        return ["https://checkout.stripe.com", "https://billing.stripe.com"]
    parts = urlsplit(env.stripe_api_base)
    return [f"{parts.scheme}://{parts.netloc}"]
