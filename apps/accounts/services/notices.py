"""Reads the journal for what a person must be told by mail."""

from __future__ import annotations

from apps.accounts.services.mail import KINDS, notice_entry
from apps.journal.models import Entry
from apps.journal.services import consumer

ACTIONS = tuple(start + "*" if start.endswith(".") else start for start in KINDS)


@consumer("accounts.security_mail", actions=ACTIONS, soon=True)
def tell_the_person(entry: Entry) -> None:
    notice_entry(entry)
