"""The keys that encrypted fields are written with: `FIELD_KEYS="id:base64,id:base64"`, newest first.

The first key writes, all of them read. No Django here: the settings are checked with it while they load.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
HINT = 'use "ID:KEY", newest first, separated by commas; a KEY: openssl rand -base64 32'


@dataclass(frozen=True)
class Keyring:
    """Keys by id. `newest` is the id of the one that writes."""

    newest: str
    keys: dict[str, bytes]

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.keys)})"


def parse_keys(text: str) -> Keyring:
    """Read the setting. Raises ValueError naming the place that is wrong, never the key."""
    keys: dict[str, bytes] = {}
    for number, part in enumerate((part.strip() for part in text.split(",")), start=1):
        key_id, colon, encoded = part.partition(":")
        if not colon or not KEY_ID.fullmatch(key_id):
            raise ValueError(f"key {number} has no id of letters, digits, - and _ before a colon")
        if key_id in keys:
            raise ValueError(f"the id {key_id} stands twice")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"the key {key_id} is not base64") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key {key_id} has {len(key)} bytes, not {KEY_BYTES}")
        keys[key_id] = key
    return Keyring(newest=next(iter(keys)), keys=keys)
