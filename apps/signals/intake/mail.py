"""The door for mail: `token@domain`, one alert a message. Run by `manage.py receive_alert_mail`.

A message is answered 250 when its alert is stored (also for review), 4xx when it should be sent again, 5xx when that
would change nothing.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from apps.core.client_ip import client_ip_of_scope
from apps.signals import passphrases
from apps.signals.choices import SecurityEventKind
from apps.signals.intake.http import KEPT_HEADER_LENGTH
from apps.signals.intake.reception import Letter, Reception, TurnedAway
from apps.signals.intake.records import SourceRecord
from apps.signals.rules import MAX_BODY_BYTES

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 1024 * 1024
IDLE_S = 60.0
MOST_SESSIONS = 200
KEPT = ("From", "Subject", "Message-ID", "Date")
_NOT_SHOWN = {"script", "style", "head", "title"}
_BREAKS = {"p", "br", "div", "tr", "li", "h1", "h2", "h3"}


class MailDoor:
    """What aiosmtpd asks at each step of a session. One recipient a message: each has its own answer."""

    def __init__(self, reception: Reception, domain: str) -> None:
        self._reception = reception
        self._domain = domain.lower()
        self.sessions: set[SMTP] = set()

    async def handle_RCPT(  # noqa: N802  the names are aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name, _, domain = address.rpartition("@")
        if domain.lower() != self._domain:
            return f"550 5.7.1 This server takes mail for {self._domain} only"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient a message; send the others theirs by themselves"
        try:
            source = await self._reception.admit(name.lower(), remote_ip=_ip_of(session), by_mail=True)
            self._reception.pace(source)
        except TurnedAway as away:
            return _answer(away)
        envelope.rcpt_tos.append(address)
        envelope.source = source  # type: ignore[attr-defined]
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        source: SourceRecord = envelope.source  # type: ignore[attr-defined]
        content = envelope.original_content or b""
        message = await asyncio.to_thread(message_from_bytes, content, policy=policy.default)
        body = text_of(message).encode("utf-8", "replace")
        if len(body) > MAX_BODY_BYTES:
            return f"552 5.3.4 The text of an alert has at most {MAX_BODY_BYTES} bytes"
        letter = Letter(
            body=body,
            alerts=[body],
            kept_headers=_kept(message),
            proof={},
            remote_ip=_ip_of(session),
            message_id=str(message.get("Message-ID", "")).strip(),
        )
        try:
            taken = (await self._reception.take(source, letter))[0]
        except TurnedAway as away:
            return _answer(away)
        if taken.refusal is not None:
            return f"250 2.6.0 Stored for review as {taken.stored.uuid}"
        return f"250 2.0.0 Stored as {taken.stored.uuid}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail_not_stored: %s", type(error).__name__, exc_info=error)
        return "451 4.3.0 Something broke here; send it again"


class _Session(SMTP):
    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.sessions.discard(self)
        super().connection_lost(error)


class _Full(asyncio.Protocol):
    """What a caller hears when everybody is busy."""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"421 4.3.2 Too many sessions; come again later\r\n")
        transport.close()


async def listen(
    reception: Reception, *, domain: str, host: str, port: int, certificate: str = ""
) -> asyncio.Server:
    """Take mail for `domain` from now on; with a certificate over TLS for who asks (STARTTLS)."""
    # its information lines hold recipients, and a recipient is the secret of a source
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    await reception.start()
    loop = asyncio.get_running_loop()
    door = MailDoor(reception, domain)
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def answer_call() -> asyncio.Protocol:
        if len(door.sessions) >= MOST_SESSIONS:
            return _Full()
        session = _Session(
            door,
            hostname=domain,
            ident="Candlewright",
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            timeout=IDLE_S,
            tls_context=context,
            loop=loop,
        )
        door.sessions.add(session)
        return session

    return await loop.create_server(answer_call, host, port)


def text_of(message: EmailMessage) -> str:
    """The plain part; where there is none, the words of the HTML."""
    part: Any = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    raw = part.get_payload(decode=True) or b""
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # no such charset, or one that knows no replacement
        text = raw.decode("utf-8", "replace")
    if part.get_content_type() == "text/html":
        reader = _Words()
        reader.feed(text)
        reader.close()
        text = "".join(reader.words)
    return text.replace("\r\n", "\n").strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _NOT_SHOWN
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _NOT_SHOWN))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _kept(message: EmailMessage) -> dict[str, str]:
    kept = {}
    for name in KEPT:
        text = passphrases.cut(str(message.get(name, "")).encode("utf-8", "replace")).decode(
            "utf-8", "replace"
        )
        text = "".join(char for char in text if char.isprintable())[:KEPT_HEADER_LENGTH]
        if text:
            kept[name.lower()] = text
    return kept


def _ip_of(session: Session) -> str | None:
    peer: Any = session.peer  # a tuple, of a Unix socket a text
    return client_ip_of_scope({"client": peer, "headers": ()}) if isinstance(peer, tuple) else None


_ENHANCED = {401: "550 5.7.1", 429: "450 4.7.1", 503: "451 4.3.0"}


def _answer(away: TurnedAway) -> str:
    status = "550 5.1.1" if away.code == SecurityEventKind.UNKNOWN_TOKEN else _ENHANCED[away.status]
    return f"{status} {away.detail}"
