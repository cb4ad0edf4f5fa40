"""Web Push: the message encrypted for one browser (RFC 8291), and our name to its push service (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

TOKEN_LIFE = timedelta(hours=12)  # a day is the most that push services take
MOST_BYTES = 3993  # of a message: what is left of the 4096 that every push service must take


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def new_private_key() -> str:
    """As VAPID_PRIVATE_KEY holds it: the 32 bytes of the number, in base64url."""
    return b64(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big"))


def private_key() -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(unb64(settings.VAPID_PRIVATE_KEY), "big")
    return ec.derive_private_key(number, ec.SECP256R1())


def public_key() -> str:
    """What browsers subscribe with (`applicationServerKey`); empty without a key."""
    return b64(_point(private_key().public_key())) if settings.VAPID_PRIVATE_KEY else ""


def authorization(endpoint: str, now: datetime) -> str:
    """The Authorization header for a push service."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + TOKEN_LIFE).timestamp()),
        "sub": f"mailto:{settings.VAPID_CONTACT}",
    }
    token = jwt.encode(claims, private_key(), algorithm="ES256")
    return f"vapid t={token}, k={public_key()}"


def encrypt(
    message: bytes,
    p256dh: str,
    auth: str,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body for a browser with these keys. `sender` and `salt` are new for every message, except in test vectors."""
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    sealed: bytes = http_ece.encrypt(
        message,
        salt=salt or os.urandom(16),
        private_key=sender,
        dh=unb64(p256dh),
        auth_secret=unb64(auth),
        version="aes128gcm",
    )
    return sealed


def check_keys(p256dh: str, auth: str) -> None:
    """Raises ValueError for keys that no browser makes."""
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(p256dh))
    if len(unb64(auth)) != 16:
        raise ValueError("the secret of a subscription has 16 bytes")


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
