"""What every door of the intake does with a request: who sent it, may it come in, and one durable insert."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings

from apps.signals import passphrases
from apps.signals.choices import SecurityEventKind, SourceKind
from apps.signals.errors import AlertRefused
from apps.signals.intake.gather import Gatherer, Overloaded
from apps.signals.intake.limits import RateLimiter
from apps.signals.intake.nudge import Nudge
from apps.signals.intake.records import SourceRecord
from apps.signals.intake.sources import BadToken, SourceBook
from apps.signals.intake.store import Refusal, SourceGone, Store, StoreUnavailable, conninfo_from
from apps.signals.statements import AlertRow, Stored, alert_row

log = logging.getLogger(__name__)

# TradingView hangs up after 3 s, and resends only after an answer: these two and the round trip stay below
LOOKUP_BUDGET_S = 1.0
STORE_BUDGET_S = 1.5
DRAIN_S = 5.0
RETRY_AFTER_S = 5
MAX_BATCH = 1000
MAX_WAITING = 20_000
BAD_TOKENS_PER_MINUTE = 60  # for one address; good tokens from the same address are not counted
LONGEST_DELIVERY_ID = 200

_UNAVAILABLE = (StoreUnavailable, Overloaded, TimeoutError)


class TurnedAway(Exception):
    """Nothing was stored. `status` is 401, 429 or 503; `wait_s` says when to come again."""

    def __init__(self, status: int, code: str, title: str, detail: str, *, wait_s: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.wait_s = wait_s


class Letter(NamedTuple):
    """A request at a door: the whole body and what proves whose it is, and the alerts in it."""

    body: bytes
    alerts: Sequence[bytes]
    kept_headers: dict[str, str]
    proof: dict[str, str]  # the headers of Standard Webhooks
    remote_ip: str | None
    message_id: str = ""  # of a mail


class Taken(NamedTuple):
    """A stored alert, and why it stands for review when it does."""

    stored: Stored
    refusal: AlertRefused | None


class _Running:
    """What lives from the first request to the shutdown of one event loop."""

    def __init__(self, conninfo: str) -> None:
        self.store = Store(conninfo)
        self.sources = SourceBook(self.store, timeout_s=LOOKUP_BUDGET_S)
        self.alerts: Gatherer[AlertRow, Stored] = Gatherer(
            self.store.insert, max_batch=MAX_BATCH, max_waiting=MAX_WAITING, timeout_s=STORE_BUDGET_S
        )
        self.refusals: Gatherer[Refusal, None] = Gatherer(
            self.store.count_refusals, max_batch=MAX_BATCH, max_waiting=MAX_WAITING, timeout_s=STORE_BUDGET_S
        )


class Reception:
    """One for each process. Starts at the first request where `start` was not called before."""

    def __init__(self, conninfo: str | None = None) -> None:
        self._conninfo = conninfo
        self._running: _Running | None = None
        self._limiter = RateLimiter(time.monotonic)
        self._nudge = Nudge()

    async def start(self) -> _Running:
        if self._running is None:
            running = _Running(self._conninfo or conninfo_from(settings.DATABASES["default"]))
            self._running = running
            await running.store.open()
        return self._running

    async def stop(self) -> None:
        """Write what was taken in, then close. The server has stopped taking requests before."""
        running, self._running = self._running, None
        if running is not None:
            await running.alerts.drain(timeout_s=DRAIN_S)
            await running.refusals.drain(timeout_s=DRAIN_S)
            await running.store.close()
        await asyncio.to_thread(self._nudge.stop, timeout_s=2.0)

    async def admit(self, token: str, *, remote_ip: str | None, by_mail: bool = False) -> SourceRecord:
        """The source of a token, when it takes alerts from this address and by this door. Raises `TurnedAway`."""
        running = await self.start()
        now = datetime.now(UTC)
        try:
            source = await running.sources.find(token, now=now)
        except _UNAVAILABLE as error:
            raise _unavailable(error) from error
        if isinstance(source, BadToken):
            raise await self._refuse(running, source, remote_ip, now)
        if source.kind == SourceKind.BOT or (source.kind == SourceKind.EMAIL) is not by_mail:
            raise await self._refuse(running, BadToken(SecurityEventKind.UNKNOWN_TOKEN), remote_ip, now)
        if source.is_unreadable:
            raise _unavailable(StoreUnavailable("the source's secrets cannot be opened"))
        if not source.allows(remote_ip):
            raise await self._refuse(running, BadToken(SecurityEventKind.ADDRESS, source.id), remote_ip, now)
        return source

    def pace(self, source: SourceRecord, *, alerts: int = 1) -> None:
        """Count alerts against the source's limit. Raises `TurnedAway` when it is used up."""
        wait_s = self._limiter.take(("source", source.id), per_minute=source.alerts_per_minute, amount=alerts)
        if wait_s:
            detail = f"This source takes {source.alerts_per_minute} alerts a minute. Try again in {wait_s} s."
            raise _too_many(detail, wait_s)

    async def take(self, source: SourceRecord, letter: Letter) -> list[Taken]:
        """Store the alerts of a letter, each refused one too, for review. Raises `TurnedAway` when one could not be."""
        running = await self.start()
        received_at = datetime.now(UTC)
        objection = source.objection(letter.body, letter.proof, received_at)
        if objection is not None:
            raise await self._refuse(running, BadToken(objection, source.id), letter.remote_ip, received_at)
        delivery_id = letter.message_id
        if source.signing_keys:
            delivery_id = letter.proof["webhook-id"]
        rows = [
            alert_row(
                source.id,
                passphrases.cut(body),
                received_at=received_at,
                headers=letter.kept_headers,
                remote_ip=letter.remote_ip,
                template=source.template,
                delivery_id=delivery_key(delivery_id, number if len(letter.alerts) > 1 else None),
            )
            for number, body in enumerate(letter.alerts)
        ]
        try:
            if len(rows) == 1:
                stored = [await running.alerts.add(rows[0][0])]
            else:
                adding = (running.alerts.add(row) for row, _ in rows)
                stored = await asyncio.gather(*adding)
        except SourceGone:
            gone = BadToken(SecurityEventKind.UNKNOWN_TOKEN)
            raise await self._refuse(running, gone, letter.remote_ip, received_at) from None
        except _UNAVAILABLE as error:
            raise _unavailable(error) from error
        taken = [Taken(one, refusal) for one, (_, refusal) in zip(stored, rows, strict=True)]
        if any(one.refusal is None and not one.stored.duplicate for one in taken):
            self._nudge.poke()
        return taken

    async def _refuse(
        self, running: _Running, bad: BadToken, remote_ip: str | None, at: datetime
    ) -> TurnedAway:
        """Count the event; one that cannot be counted is logged and answered all the same."""
        wait_s = self._limiter.take(("bad token", remote_ip), per_minute=BAD_TOKENS_PER_MINUTE)
        if wait_s:
            return _too_many(f"Too many requests that were refused. Try again in {wait_s} s.", wait_s)
        log.warning("alert_refused kind=%s source=%s ip=%s", bad.kind.value, bad.source_id, remote_ip)
        try:
            refusal = Refusal(bad.kind.value, bad.source_id, remote_ip, at)
            await running.refusals.add(refusal)
        except _UNAVAILABLE as error:
            log.warning("security_event_not_stored: %s", error)
        title, detail = _ADVICE.get(bad.kind, _NO_SOURCE)
        return TurnedAway(401, bad.kind.value, title, detail)


_NO_SOURCE = (
    "Not an address of ours",
    "No source has this address. Make a new address on the source's page.",
)
_ADVICE = {
    SecurityEventKind.INACTIVE_SOURCE: (
        "The source is switched off",
        "This source is switched off. Switch it on at its page.",
    ),
    SecurityEventKind.ADDRESS: (
        "Not from here",
        "This source takes alerts from the addresses on its list only, and yours is not one of them.",
    ),
    SecurityEventKind.PASSPHRASE: (
        "The passphrase is wrong",
        'This source wants its passphrase in the body: "passphrase": "…" in JSON, passphrase=… in a text.',
    ),
    SecurityEventKind.SIGNATURE: (
        "The signature is wrong",
        "This source takes alerts that are signed by Standard Webhooks: webhook-id, webhook-timestamp (within five"
        " minutes of now) and webhook-signature, over the body as it is sent.",
    ),
}


def delivery_key(delivery_id: str, number: int | None) -> str:
    """The id of one alert of a delivery; its hash where it is too long to be kept, or no text of the database."""
    if not delivery_id:
        return ""
    whole = delivery_id if number is None else f"{delivery_id}#{number}"
    if len(whole) <= LONGEST_DELIVERY_ID and whole.isascii() and whole.isprintable():
        return whole
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _too_many(detail: str, wait_s: int) -> TurnedAway:
    return TurnedAway(429, "too_many_requests", "Too many requests", detail, wait_s=wait_s)


def _unavailable(error: Exception) -> TurnedAway:
    log.error("alert_not_stored: %s", error or type(error).__name__)
    detail = "The alert could not be stored. Send it again; it will not be counted twice."
    return TurnedAway(503, "not_stored", "Not stored", detail, wait_s=RETRY_AFTER_S)
