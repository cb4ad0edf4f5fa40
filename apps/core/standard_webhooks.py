"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 (`v1`) with a shared secret, ed25519 (`v1a`) with a key pair."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
TOLERANCE_S = 300


def new_secret() -> str:
    """A shared secret of 32 random bytes."""
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def new_private_key() -> str:
    """The private half of a key pair."""
    return PRIVATE + base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key_of(private: str) -> str:
    """The half that receivers verify with."""
    return PUBLIC + base64.b64encode(_private(private).public_key().public_bytes_raw()).decode()


def sign(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, with its version before the comma. Raises ValueError for a text that is no key of either kind."""
    content = f"{message_id}.{timestamp}.".encode() + body
    if key.startswith(PRIVATE):
        return "v1a," + base64.b64encode(_private(key).sign(content)).decode()
    return "v1," + base64.b64encode(hmac.digest(_bytes(key, SECRET), content, hashlib.sha256)).decode()


def headers(keys: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of an attempt; while keys are rotated there is a signature for each."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in keys),
    }


def verify(key: str, received: dict[str, str], body: bytes, *, now: datetime) -> bool:
    """Whether a request comes from who holds the key (a shared secret or a public key), and is not an old one."""
    try:
        timestamp = int(received["webhook-timestamp"])
        message_id, signatures = received["webhook-id"], received["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    if abs(now.timestamp() - timestamp) > TOLERANCE_S:
        return False
    content = f"{message_id}.{timestamp}.".encode() + body
    for signature in signatures:
        version, _, text = signature.partition(",")
        if key.startswith(PUBLIC) and version == "v1a":
            try:
                public = Ed25519PublicKey.from_public_bytes(_bytes(key, PUBLIC))
                public.verify(base64.b64decode(text), content)
            except (InvalidSignature, binascii.Error):
                continue
            return True
        if key.startswith(SECRET) and version == "v1":
            good = base64.b64encode(hmac.digest(_bytes(key, SECRET), content, hashlib.sha256))
            if hmac.compare_digest(text.encode(), good):
                return True
    return False


def _private(key: str) -> Ed25519PrivateKey:
    """From the seed of 32 bytes, or the 64 of libraries that keep the public half behind it."""
    return Ed25519PrivateKey.from_private_bytes(_bytes(key, PRIVATE)[:32])


def _bytes(key: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except binascii.Error:
        raise ValueError(f"the key is not {prefix} and base64") from None
