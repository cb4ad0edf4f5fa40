"""What the intake knows of a source, ready to be asked with every request."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core import standard_webhooks as signing
from apps.core.client_ip import in_networks
from apps.core.secrets.cipher import SecretUnreadable, unseal
from apps.signals import passphrases
from apps.signals.choices import SecurityEventKind
from apps.signals.text_templates import Line, compile_template

log = logging.getLogger(__name__)

PLAIN = 7  # columns that a record takes as they are


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Hashes are hexadecimal. `is_unreadable`: its secrets cannot be opened, so that nobody can be let in."""

    id: int
    kind: str
    token_hash: str
    previous_token_hash: str | None
    previous_token_expires_at: datetime | None
    is_active: bool
    alerts_per_minute: int
    allowed_networks: Sequence[str] = ()
    passphrase: str = ""
    signing_keys: tuple[tuple[str, datetime | None], ...] = ()
    template: tuple[Line, ...] = ()
    is_unreadable: bool = False

    def allows(self, remote_ip: str | None) -> bool:
        return not self.allowed_networks or in_networks(remote_ip, self.allowed_networks)

    def objection(self, body: bytes, headers: dict[str, str], now: datetime) -> SecurityEventKind | None:
        """What is wrong with the proof that the body comes from who may send it; None when nothing is."""
        if self.signing_keys:
            keys = [key for key, until in self.signing_keys if until is None or until > now]
            if not any(signing.verify(key, headers, body, now=now) for key in keys):
                return SecurityEventKind.SIGNATURE
        if self.passphrase and not passphrases.is_right(body, self.passphrase):
            return SecurityEventKind.PASSPHRASE
        return None


def record_of(row: Sequence[Any]) -> SourceRecord:
    """From a row of `SELECT_SOURCES`."""
    plain, (networks, passphrase, signing_keys, template) = row[:PLAIN], row[PLAIN:]
    try:
        keys = json.loads(unseal(signing_keys, "signals.alertsource.signing_keys")) if signing_keys else []
        guards: dict[str, Any] = {
            "allowed_networks": tuple(networks),
            "passphrase": unseal(passphrase, "signals.alertsource.passphrase") if passphrase else "",
            "signing_keys": tuple((key["key"], _moment(key["until"])) for key in keys),
            "template": compile_template(template),
        }
    except SecretUnreadable as error:
        log.error("source_unreadable id=%s: %s", plain[0], error)
        guards = {"is_unreadable": True}
    return SourceRecord(*plain, **guards)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
