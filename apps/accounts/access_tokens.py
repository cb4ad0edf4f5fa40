"""Access tokens: signed JWTs of ten minutes that name a person's log-in.

They are signed with a key derived from SECRET_KEY, which their header names (`kid`): after SECRET_KEY has changed,
those signed with one of SECRET_KEY_FALLBACKS still hold. What a token may do is asked of the log-in's row at every
request, so ending the log-in ends its tokens at once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import datetime_from_epoch

from apps.accounts.models import Login

LASTS = timedelta(minutes=10)
ALGORITHM = "HS256"
ISSUER = "candlewright"


class BadAccessToken(Exception):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class KeyRing(TokenBackend):
    """simplejwt's backend with more than one key: signs with the newest, verifies with the one that `kid` names."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM, issuer=ISSUER)

    def encode(self, payload: dict[str, Any]) -> str:
        kid, key = _key(settings.SECRET_KEY)
        return jwt.encode({**payload, "iss": ISSUER}, key, algorithm=ALGORITHM, headers={"kid": kid})

    def get_verifying_key(self, token: Token) -> bytes:
        named = jwt.get_unverified_header(token).get("kid")  # type: ignore[arg-type]  # simplejwt passes the text on
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            kid, key = _key(secret)
            if kid == named:
                return key
        raise TokenBackendError(f"no key {named!r:.40}")


class AccessToken(Token):  # type: ignore[misc]
    token_type = "access"  # noqa: S105
    lifetime = LASTS

    def get_token_backend(self) -> TokenBackend:
        return KEY_RING


KEY_RING = KeyRing()


def access_token_for(login: Login) -> str:
    token = AccessToken()
    token["sub"] = str(login.user.uuid)
    token["sid"] = str(login.uuid)
    return str(token)


def read_access_token(text: str) -> UUID:
    """The id of the log-in that the token names. Raises BadAccessToken, in words, for one that does not hold."""
    return UUID(_payload(text)["sid"])


def expiry_of(text: str) -> datetime:
    """When a token that holds runs out."""
    return datetime_from_epoch(_payload(text)["exp"])


def _payload(text: str) -> dict[str, Any]:
    try:
        return AccessToken(text.encode()).payload  # type: ignore[arg-type]
    except ExpiredTokenError:
        raise BadAccessToken(
            gettext("This access token has run out. Get the next one at /api/v1/auth/refresh/."),
            "token_expired",
        ) from None
    except (TokenError, TokenBackendError, ValueError):
        raise BadAccessToken(
            gettext(
                "Neither an API key (cw_…) nor an access token that we signed. Log in at /api/v1/auth/login/, "
                "or make a key under Settings, API keys."
            ),
            "token_invalid",
        ) from None


@lru_cache(maxsize=8)
def _key(secret: str) -> tuple[str, bytes]:
    """The signing key made from a SECRET_KEY, and the short name that the header calls it by."""
    key = HKDF(SHA256(), 32, salt=None, info=b"candlewright.accounts.access_token").derive(secret.encode())
    return hashlib.sha256(key).hexdigest()[:8], key
