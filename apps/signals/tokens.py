"""The secret of a source, in its address or its header: shown once, stored as its SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 24  # 192 bits, 32 characters of URL-safe base64
PREFIX_LENGTH = 6  # kept in clear, so that an owner can tell two addresses apart
MAX_TOKEN_LENGTH = 200


def new_token(*, for_mail: bool = False) -> str:
    """For a mail address without capitals, which servers on the way may not keep."""
    return secrets.token_hex(TOKEN_BYTES) if for_mail else secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """64 hex digits. The token is random, so a fast unsalted hash gives nothing to guess from."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
