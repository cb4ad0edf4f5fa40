"""A secret that is shown on the page after a form post, once: reloading neither repeats the post nor shows it again.

It waits in the session, encrypted, until that page is read.
"""

from __future__ import annotations

import time

from django.http import HttpRequest

from apps.core.secrets.cipher import SecretUnreadable, seal, unseal

LIFE_SECONDS = 3600


def keep_once(request: HttpRequest, name: str, secret: str) -> None:
    """Hold `secret` for the next page that asks for `name`."""
    request.session[f"once.{name}"] = seal(f"{time.time():.0f} {secret}", f"session.once.{name}")


def take_once(request: HttpRequest, name: str) -> str:
    """The secret held under `name`, which is then gone; empty when there is none, or it is older than an hour."""
    sealed = request.session.pop(f"once.{name}", "")
    try:
        kept_at, _, secret = (
            unseal(sealed, f"session.once.{name}").partition(" ") if sealed else ("0", "", "")
        )
    except SecretUnreadable:
        return ""
    return secret if time.time() - int(kept_at) < LIFE_SECONDS else ""
