"""Writes of API keys."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ApiKey, User, Workspace
from apps.journal.services import record

KEY_PREFIX = "cw_"


@transaction.atomic
def create_api_key(workspace: Workspace, *, name: str, actor: User) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown this once and kept only as a hash."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        workspace=workspace,
        user=actor,
        name=name,
        prefix=secret[:9],
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
    )
    record(actor=actor, workspace=workspace, action="accounts.api_key.created", target=key)
    return key, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: User) -> None:
    """Ends a key; doing it twice changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(actor=actor, workspace=key.workspace, action="accounts.api_key.revoked", target=key)
