"""The form of the secrets that programs carry: prefix, 43 characters of 256 random bits, 6 of a checksum.

The prefix tells people and secret scanners what they found, the checksum tells a typing error from a secret that is
unknown. API keys match `cw_[0-9A-Za-z]{49}`, refresh tokens `cwr_[0-9A-Za-z]{49}`, challenges `cwc_[0-9A-Za-z]{49}`.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib

API_KEY, REFRESH_TOKEN, CHALLENGE = "cw_", "cwr_", "cwc_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_BYTES = 32
RANDOM_LENGTH, CHECKSUM_LENGTH = 43, 6


def new_secret(prefix: str) -> str:
    return secret_of(prefix, secrets.token_bytes(RANDOM_BYTES))


def secret_of(prefix: str, raw: bytes) -> str:
    """The 32 bytes as text, with prefix and checksum."""
    body = prefix + _base62(int.from_bytes(raw), RANDOM_LENGTH)
    return body + _checksum(body)


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether the text could be a secret of this kind: one mistyped character makes it false."""
    body, checksum = secret[:-CHECKSUM_LENGTH], secret[-CHECKSUM_LENGTH:]
    return (
        secret.startswith(prefix)
        and len(body) == len(prefix) + RANDOM_LENGTH
        and secret.isascii()
        and _checksum(body) == checksum
    )


def digest(secret: str) -> str:
    """What is stored: SHA-256 in hex. The secret is random, so a fast unsalted hash gives nothing to guess from."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
