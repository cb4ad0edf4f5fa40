"""How entries are hashed and chained; no database here, so that anyone can recompute it.

An entry's hash covers its fields and, of what is personal in it, only salted commitments: erasing a person's data
leaves every hash as it was. docs/journal.md tells it step by step.
"""

from __future__ import annotations

import enum
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

FORMAT = 2
HASHED_FIELDS = (
    "uuid",
    "workspace_id",
    "actor_id",
    "subject_id",
    "impersonator_id",
    "action",
    "target_type",
    "target_id",
    "target_uuid",
    "target_label",
    "changes",
    "request_id",
    "via",
    "via_detail",
    "actor_commitment",
    "target_commitment",
    "recorded_at",
)
# A line of a seal's manifest: what names an entry, its place, and its hash.
ManifestLine = Sequence[Any]  # [id, uuid, action, recorded_at, xid, content_hash]


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, and times in ISO 8601: the same text for the same values everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def record_text(values: dict[str, Any]) -> str:
    """The text whose SHA-256 is an entry's hash."""
    return canonical({"format": FORMAT, **{name: values[name] for name in HASHED_FIELDS}})


def content_hash(values: dict[str, Any]) -> str:
    """SHA-256 over an entry's fields."""
    return _sha256(record_text(values))


def commitment(salt: str, person_id: int | None, data: dict[str, Any]) -> str:
    """SHA-256 that binds an entry to a part of personal data without telling anything about it."""
    return _sha256(canonical([salt, person_id, data]))


def seal_hash(previous: str, workspace_id: int | None, number: int, manifest: Iterable[ManifestLine]) -> str:
    """SHA-256 over the seal before it, the seal's place, and every line of its manifest."""
    return _sha256(canonical([previous, workspace_id, number, [list(line) for line in manifest]]))


def checkpoint_hash(previous: str, number: int, heads: Iterable[Sequence[Any]], end: Sequence[int]) -> str:
    """SHA-256 over the checkpoint before it, the seals made since, and the place up to which all is sealed."""
    return _sha256(canonical([previous, number, [list(head) for head in heads], list(end)]))


def matches(action: str, patterns: Iterable[str]) -> bool:
    """Whether an action is one of `patterns`: a name in full, "app.object.*", or "*" for all."""
    return any(
        action.startswith(pattern[:-1]) if pattern.endswith("*") else action == pattern
        for pattern in patterns
    )


def storable(value: Any) -> Any:
    """The value as PostgreSQL's JSON gives it back, so that what was hashed is what is read.

    Other types become text. Large floats lose their exponent there and minus zero its sign; NUL and halves of
    surrogate pairs, infinity and NaN are nothing that it takes.
    """
    if isinstance(value, enum.Enum):
        return storable(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if abs(value) >= 1e16 else value + 0.0
    if isinstance(value, dict):
        return {_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [storable(item) for item in items]
    return _text(str(value))


def _text(value: str) -> str:
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)


def readable(changes: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Changes as rows of field, before, after; before is None where only a value was recorded."""
    rows: list[tuple[str, str | None, str]] = []
    for name, value in changes.items():
        if (
            isinstance(value, list)
            and len(value) == 2
            and not any(isinstance(item, list | dict) for item in value)
        ):
            rows.append((name, _words(value[0]), _words(value[1])))
        else:
            rows.append((name, None, _words(value)))
    return rows


def _words(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
