"""Reads the journal for what a person must be told by mail."""

from __future__ import annotations

from apps.accounts.services.mail import notice_entry
from apps.accounts.services.told import KINDS
from apps.journal.models import Entry
from apps.journal.services import consumer


@consumer("accounts.security_mail", actions=tuple(KINDS), soon=True)
def tell_the_person(entry: Entry) -> None:
    notice_entry(entry)
