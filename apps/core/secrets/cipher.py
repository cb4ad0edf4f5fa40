"""AES-256-GCM over text: `enc1:KEY_ID:BASE64(nonce + ciphertext + tag)`.

The place a text belongs to (model and field) is authenticated with it: moved to another column it does not open.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from apps.core.secrets.keys import Keyring, parse_keys

SCHEME = "enc1"
NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """A stored secret cannot be opened: its key is missing, or it is not what was written in that place."""


def keyring() -> Keyring:
    """The keys in force."""
    return _parsed(settings.FIELD_KEYS)


_parsed = lru_cache(maxsize=4)(parse_keys)


def seal(text: str, place: str) -> str:
    """Encrypt with the newest key, for one place."""
    ring = keyring()
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(ring.keys[ring.newest]).encrypt(nonce, text.encode(), _bound(ring.newest, place))
    return f"{SCHEME}:{ring.newest}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(stored: str, place: str) -> str:
    """The text that was sealed for `place`. Raises SecretUnreadable; what is no sealed text is never passed through."""
    key_id = key_id_of(stored, place)
    key = keyring().keys.get(key_id)
    if key is None:
        raise SecretUnreadable(
            f"{place} was encrypted with the key {key_id}, which FIELD_KEYS does not hold. Put that key back."
        )
    try:
        raw = base64.b64decode(stored.rpartition(":")[2], validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(key_id, place)).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise SecretUnreadable(
            f"{place} does not open with the key {key_id}: it was changed, moved here from another place, "
            f"or written with another key of that name."
        ) from None


def key_id_of(stored: str, place: str) -> str:
    """The id of the key a stored text names. Raises SecretUnreadable when it is no sealed text."""
    scheme, _, rest = stored.partition(":")
    key_id, colon, _ = rest.partition(":")
    if scheme != SCHEME or not colon:
        raise SecretUnreadable(f"{place} holds something that is no encrypted text.")
    return key_id


def _bound(key_id: str, place: str) -> bytes:
    return f"{SCHEME}:{key_id}:{place}".encode()
