"""How signals are hashed and chained. No database here: `verify_signals.py` recomputes the same by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def canonical(value: Any) -> str:
    """JSON with sorted keys and without spaces: the same text for the same values everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def salt_of(secret: str, signal: UUID) -> str:
    """The salt of a signal's record: without it a hash of so few possible values could be guessed from."""
    return hmac.new(bytes.fromhex(secret), str(signal).encode(), hashlib.sha256).hexdigest()


def record_fields(values: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """What a record says of a signal, as texts. The payload stands in it as a salted hash."""
    price: Decimal | None = values["price"]
    return {
        "salt": salt,
        "id": str(values["uuid"]),
        "source": str(values["source"]),
        "symbol": values["symbol"],
        "exchange": values["exchange"],
        "timeframe": values["timeframe"],
        "action": values["action"],
        "price": None if price is None else f"{price.normalize():f}",
        "bar_time": _moment(values["bar_time"]),
        "emitted_at": _moment(values["emitted_at"]),
        "received_at": _moment(values["received_at"]),
        "strategy": values["strategy"],
        "seq": values["seq"],
        "test": values["is_test"],
        "payload": sha256(salt + canonical(values["payload"])),
    }


def record_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the fields, salt and all."""
    return sha256(canonical(fields))


def link_line(
    number: int, signal: UUID, received_at: datetime, sealed_at: datetime, record: str
) -> dict[str, Any]:
    """What of a link is hashed."""
    return {
        "n": number,
        "id": str(signal),
        "received": _moment(received_at),
        "sealed": _moment(sealed_at),
        "record": record,
    }


def link_hash(previous: str, line: Mapping[str, Any]) -> str:
    """SHA-256(previous ‖ canonical JSON); before the first stands the chain's id."""
    return sha256(previous + canonical(line))


def day_line(day: date, first: int, last: int, head: str) -> dict[str, Any]:
    return {"day": day.isoformat(), "first": first, "last": last, "head": head}


def root_hash(previous: str, line: Mapping[str, Any]) -> str:
    """SHA-256(root of the day before ‖ canonical JSON); before the first stands the chain's id."""
    return sha256(previous + canonical(line))


def signed_text(chain: UUID, root: str) -> bytes:
    """What the day's signature is made over."""
    return f"candlewright signals {chain} {root}".encode()


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
