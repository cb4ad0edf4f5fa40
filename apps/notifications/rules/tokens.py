"""Signed names of things in links that work without a log-in: short enough for an SMS, and good for one purpose."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import salted_hmac

MAC_BYTES = 15  # 120 bits, 20 characters


def make_token(purpose: str, *parts: int | str) -> str:
    """A token that `read_token` turns into the parts (numbers, or texts without a tilde) again."""
    body = "~".join(str(part) for part in parts)
    return f"{body}~{next(_macs(purpose, body))}"


def read_token(purpose: str, token: str) -> list[str] | None:
    """The parts of a token of ours made for this purpose; None for everything else."""
    body, _, mac = token.rpartition("~")
    if not body or not any(hmac.compare_digest(mac.encode(), good.encode()) for good in _macs(purpose, body)):
        return None
    return body.split("~")


def _macs(purpose: str, body: str) -> Iterator[str]:
    """By the present key, then by those that it replaced."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = salted_hmac(f"notifications.{purpose}", body, secret=secret, algorithm="sha256").digest()
        yield base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()
