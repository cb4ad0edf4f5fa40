"""From a token to its source, through a short-lived cache in this process."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from apps.signals.choices import SecurityEventKind
from apps.signals.intake.gather import Gatherer
from apps.signals.intake.records import SourceRecord
from apps.signals.intake.store import Store
from apps.signals.tokens import MAX_TOKEN_LENGTH, hash_token

CACHE_S = 2.0  # so long a deactivated source or a changed limit may still count as before
CACHE_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class BadToken:
    """Why a token opens nothing, and whose it was, if it was anyone's."""

    kind: SecurityEventKind
    source_id: int | None = None


class SourceBook:
    def __init__(self, store: Store, *, timeout_s: float) -> None:
        self._cache: OrderedDict[str, tuple[float, SourceRecord | None]] = OrderedDict()
        self._lookups: Gatherer[str, SourceRecord | None] = Gatherer(
            store.load_sources, max_batch=500, max_waiting=10_000, timeout_s=timeout_s
        )

    async def find(self, token: str, *, now: datetime) -> SourceRecord | BadToken:
        """The active source of `token`. Raises what `Gatherer.add` raises when the database cannot be asked."""
        if not token:
            return BadToken(SecurityEventKind.NO_TOKEN)
        if len(token) > MAX_TOKEN_LENGTH:
            return BadToken(SecurityEventKind.UNKNOWN_TOKEN)
        digest = hash_token(token)
        source = await self._lookup(digest)
        if source is None:
            return BadToken(SecurityEventKind.UNKNOWN_TOKEN)
        if not hmac.compare_digest(source.token_hash, digest):
            expires = source.previous_token_expires_at
            is_previous = hmac.compare_digest(source.previous_token_hash or "", digest)
            if not is_previous or expires is None or expires <= now:
                return BadToken(SecurityEventKind.EXPIRED_TOKEN, source.id)
        if not source.is_active:
            return BadToken(SecurityEventKind.INACTIVE_SOURCE, source.id)
        return source

    async def _lookup(self, digest: str) -> SourceRecord | None:
        """Cached, also for tokens nobody has: a new token is random, so none was asked for before it existed."""
        entry = self._cache.get(digest)
        if entry is not None and entry[0] > time.monotonic():
            return entry[1]
        source = await self._lookups.add(digest)
        self._cache[digest] = (time.monotonic() + CACHE_S, source)
        self._cache.move_to_end(digest)
        if len(self._cache) > CACHE_ENTRIES:
            self._cache.popitem(last=False)
        return source
