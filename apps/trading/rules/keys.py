"""Names of intents and orders: the same decision has the same name, whoever asks and however often."""

from __future__ import annotations

import base64
import hashlib

PREFIX = "cw"
LETTERS = 26  # 130 bits, as long as exchanges take with the prefix


def intent_key(decider: str, version: str, moment: str | int, number: int) -> str:
    """SHA-256, hex, of who decides (a bot's uuid), by what (the version's hash), when (the bar's time), which one."""
    return hashlib.sha256(f"{decider}|{version}|{moment}|{number}".encode()).hexdigest()


def client_order_id(key: str) -> str:
    """The order's name at the exchange: letters and digits alone, starting with ours."""
    # twenty bytes make 32 letters: no need to spell the rest
    return PREFIX + base64.b32encode(bytes.fromhex(key[:40])).decode()[:LETTERS].lower()


def is_ours(name: str) -> bool:
    """Whether an order's client id has the form of ours."""
    rest = name.removeprefix(PREFIX)
    return (
        name.startswith(PREFIX)
        and len(rest) == LETTERS
        and rest.isascii()
        and rest.isalnum()
        and rest.islower()
    )
