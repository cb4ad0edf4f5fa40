"""Writes of workspaces and memberships."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.text import slugify

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.models import Membership, User, Workspace
from apps.journal.services import record


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
