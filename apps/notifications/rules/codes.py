"""The code that proves a number, chat or address to be its person's.

It is derived from what is kept and never kept itself: the message that carries it holds only the nonce, so that neither
the trace nor an export of it shows a code that was sent elsewhere.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.choices import Urgency
from apps.notifications.rules.events import Content, Event, register_event

LIFE = timedelta(minutes=15)
PAUSE = timedelta(seconds=60)  # before another code goes to the same contact
MOST_AN_HOUR = 5  # to all contacts of a person together
MOST_TRIES = 5
DIGITS = 6


def new_nonce() -> str:
    return secrets.token_hex(16)


def code_for(contact: str, nonce: str) -> str:
    """The code that goes to the contact with this nonce."""
    digest = salted_hmac("notifications.code", f"{contact}:{nonce}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}d}"


def hash_of(contact: str, code: str) -> str:
    """What is kept of a code."""
    return salted_hmac("notifications.code.kept", f"{contact}:{code}", algorithm="sha256").hexdigest()


def is_code(contact: str, code: str, kept: str) -> bool:
    return bool(kept) and hmac.compare_digest(hash_of(contact, code), kept)


def _content(data: Mapping[str, Any]) -> Content:
    code = code_for(str(data["contact"]), str(data["nonce"]))
    return Content(
        title=gettext("{code} is your Candlewright code").format(code=code),
        text=gettext(
            "Enter it on the page where you asked for it. It works for 15 minutes. If you asked for none, somebody "
            "mistook this address for theirs: do nothing."
        ),
    )


CODE = register_event(
    Event(
        "notifications.contact.code_sent",
        gettext_lazy("A code to confirm an address"),
        urgency=Urgency.CRITICAL,
        modes={},
        required=True,
        content=_content,
    )
)
