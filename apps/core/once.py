"""A secret that is shown on the page after a form post, once: reloading neither repeats the post nor shows it again.

It waits in the session, encrypted with a key made from SECRET_KEY, until that page is read.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest


def _fernet() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"candlewright.core.once").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def keep_once(request: HttpRequest, name: str, secret: str) -> None:
    """Hold `secret` for the next page that asks for `name`."""
    request.session[f"once.{name}"] = _fernet().encrypt(secret.encode()).decode()


def take_once(request: HttpRequest, name: str) -> str:
    """The secret held under `name`, which is then gone; empty when there is none, or it is older than an hour."""
    sealed = request.session.pop(f"once.{name}", "")
    try:
        return _fernet().decrypt(sealed.encode(), ttl=3600).decode() if sealed else ""
    except InvalidToken:
        return ""
