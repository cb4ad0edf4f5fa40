"""Time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds), as every authenticator app makes them."""

from __future__ import annotations

import base64
import hmac
import os
from urllib.parse import quote, urlencode

from django_otp.oath import hotp

STEP_S = 30
DIGITS = 6
ISSUER = "Candlewright"
TOLERANCE = 1  # steps before and after the app's own time
FURTHEST = 4  # steps by which an app's clock may have wandered off


def new_key() -> str:
    """160 random bits, as RFC 4226 recommends, in base32."""
    return base64.b32encode(os.urandom(20)).decode()


def key_uri(key: str, account: str) -> str:
    """The address that authenticator apps read from the QR code."""
    parameters = {"secret": key, "issuer": ISSUER, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{quote(f'{ISSUER}:{account}')}?{urlencode(parameters)}"


def code_at(key: str, step: int) -> str:
    """The code of one time step."""
    return f"{hotp(base64.b32decode(key), step, DIGITS):0{DIGITS}d}"


def matching_step(key: str, code: str, *, now: float, drift: int, after: int) -> int | None:
    """The time step whose code this is: near `now` by the app's clock and later than `after`; None when it is none."""
    here = int(now) // STEP_S + drift
    found = None
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        if step > after and hmac.compare_digest(code_at(key, step), code):
            found = step
    return found
