"""How entries are hashed and chained; no database here, so that anyone can recompute it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

HASHED_FIELDS = (
    "uuid",
    "workspace_id",
    "actor_id",
    "actor_label",
    "action",
    "target_type",
    "target_id",
    "target_label",
    "changes",
    "request_id",
    "ip",
    "recorded_at",
)


def content_hash(values: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of an entry's fields (sorted keys, times in ISO 8601)."""
    body = {name: values[name] for name in HASHED_FIELDS}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def chain_hash(previous: str, hashes: Iterable[str]) -> str:
    """SHA-256 over the previous seal's hash and the content hashes of a batch, in order."""
    digest = hashlib.sha256(previous.encode())
    for value in hashes:
        digest.update(value.encode())
    return digest.hexdigest()


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
