"""Reads the mail that the file backend keeps when no mail server is set, for the page that shows it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

SEPARATOR = b"-" * 79


@dataclass(frozen=True)
class Mail:
    """One message: `key` names its file and place in it."""

    key: str
    subject: str
    sender: str
    to: str
    sent_at: datetime | None
    text: str


def list_mail(folder: Path, *, limit: int = 100) -> list[Mail]:
    """The newest messages first; an absent folder holds none."""
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    messages: list[Mail] = []
    for path in files[:limit]:
        parts = [part.strip() for part in path.read_bytes().split(SEPARATOR) if part.strip()]
        for number, raw in reversed(list(enumerate(parts))):
            messages.append(_parse(f"{path.stem}-{number}", raw))
    return messages[:limit]


def _parse(key: str, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain", "html"))
    date = message.get("Date")
    return Mail(
        key=key,
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        sent_at=parsedate_to_datetime(str(date)) if date else None,
        text=str(body.get_content()) if body else "",
    )
