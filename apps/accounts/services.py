"""Writes of people, workspaces and keys; each leaves its journal entry in the same transaction."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.models import ApiKey, Membership, User, Workspace
from apps.journal.services import record

KEY_PREFIX = "cw_"


@transaction.atomic
def ensure_personal_workspace(user: User) -> Workspace:
    """The person's own workspace, made at sign-up or, for people made by command, at first use."""
    slug = f"{slugify(user.display_name)[:40] or 'workspace'}-{secrets.token_hex(3)}"
    workspace, created = Workspace.objects.get_or_create(
        owner=user,
        kind=WorkspaceKind.PERSONAL,
        defaults={"name": f"{user.display_name}'s workspace", "slug": slug},
    )
    if created:
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
        record(actor=user, workspace=workspace, action="accounts.workspace.created", target=workspace)
    return workspace


@transaction.atomic
def update_profile(user: User, *, name: str, timezone: str) -> User:
    changes = {}
    for field, value in (("name", name), ("timezone", timezone)):
        before = getattr(user, field)
        if before != value:
            changes[field] = [before, value]
            setattr(user, field, value)
    if changes:
        user.save(update_fields=[*changes, "updated_at"])
        record(actor=user, workspace=None, action="accounts.profile.changed", target=user, changes=changes)
    return user


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
