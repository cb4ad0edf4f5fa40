"""When two e-mail addresses are one mailbox. No database here."""

from __future__ import annotations

DOTLESS = {"gmail.com"}  # dots in front of the @ mean nothing there
ALIASES = {"googlemail.com": "gmail.com"}


def mailbox_of(address: str) -> str:
    """The address without what one may add to it at will: capitals, a part after +, Gmail's dots."""
    name, _, domain = address.strip().casefold().rpartition("@")
    domain = ALIASES.get(domain, domain)
    name = name.partition("+")[0]
    if domain in DOTLESS:
        name = name.replace(".", "")
    return f"{name}@{domain}"
