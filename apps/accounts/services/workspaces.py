"""Writes of workspaces: made, renamed, handed over, closed, taken back. (`services.privacy` deletes.)"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.errors import WorkspaceRefused
from apps.accounts.models import Membership, User, Workspace
from apps.journal.services import record

CLOSING_TAKES = timedelta(days=14)


@transaction.atomic
def ensure_personal_workspace(user: User) -> Workspace:
    """The person's own workspace, made at sign-up or, for people made by command, at first use."""
    workspace, created = Workspace.objects.get_or_create(
        owner=user,
        kind=WorkspaceKind.PERSONAL,
        defaults={"name": f"{user.display_name}'s workspace", "slug": _slug(user.display_name)},
    )
    if created:
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
        record(actor=user, workspace=workspace, action="accounts.workspace.created", target=workspace)
    return workspace


@transaction.atomic
def create_team(*, name: str, actor: User, letter: str = "") -> Workspace:
    """A workspace for several people, on the free plan, owned by who makes it."""
    workspace = Workspace.objects.create(
        name=name, letter=letter.upper(), slug=_slug(name), kind=WorkspaceKind.TEAM, owner=actor
    )
    Membership.objects.create(workspace=workspace, user=actor, role=Role.OWNER)
    record(actor=actor, workspace=workspace, action="accounts.workspace.created", target=workspace)
    return workspace


@transaction.atomic
def change_workspace(workspace: Workspace, *, actor: User, name: str, letter: str = "") -> Workspace:
    """Its name and the letter it is told by."""
    workspace = _locked(workspace)
    changes = {}
    for field, value in (("name", name), ("letter", letter.upper())):
        if getattr(workspace, field) != value:
            changes[field] = [getattr(workspace, field), value]
            setattr(workspace, field, value)
    if changes:
        workspace.save(update_fields=[*changes, "updated_at"])
        # a personal workspace is called after its person, whose name must be erasable
        is_personal = workspace.journal_subject is not None
        record(
            actor=actor,
            workspace=workspace,
            action="accounts.workspace.changed",
            target=workspace,
            changes=None if is_personal else changes,
            personal=changes if is_personal else None,
        )
    return workspace


@transaction.atomic
def transfer_workspace(workspace: Workspace, *, to: Membership, actor: User) -> None:
    """Make another member the owner; who was it, the actor, becomes an admin. Raises WorkspaceRefused."""
    workspace = _locked(workspace)
    if workspace.owner_id != actor.pk:  # two hand-overs at once: the second is not the owner's any more
        raise WorkspaceRefused(gettext("Somebody else owns this workspace by now."))
    if not workspace.is_team:
        raise WorkspaceRefused(
            gettext("A personal workspace stays with its person. Make a team to hand over.")
        )
    heir = Membership.objects.select_related("user").filter(pk=to.pk, workspace=workspace).first()
    if heir is None or heir.user_id == workspace.owner_id or not heir.user.is_active:
        raise WorkspaceRefused(gettext("Choose another active member of this workspace."), field="member")
    before = workspace.owner
    Membership.objects.filter(workspace=workspace, role=Role.OWNER).update(
        role=Role.ADMIN, updated_at=timezone.now()
    )
    Membership.objects.filter(pk=heir.pk).update(role=Role.OWNER, updated_at=timezone.now())
    workspace.owner = heir.user
    workspace.save(update_fields=["owner", "updated_at"])
    record(
        actor=actor, workspace=workspace, action="accounts.workspace.transferred", target=heir.user,
        changes={"owner": [str(before.uuid), str(heir.user.uuid)]},
    )  # fmt: skip


@transaction.atomic
def close_workspace(workspace: Workspace, *, actor: User) -> Workspace:
    """Deleted in 14 days; until then it can be read, and taken back by its owner. Doing it twice changes nothing."""
    workspace = _locked(workspace)
    if not workspace.is_team:
        raise WorkspaceRefused(
            gettext("A personal workspace goes with its account. Delete the account to remove it.")
        )
    if workspace.closes_at is None:
        workspace.closes_at = timezone.now() + CLOSING_TAKES
        workspace.save(update_fields=["closes_at", "updated_at"])
        record(
            actor=actor, workspace=workspace, action="accounts.workspace.closed", target=workspace,
            changes={"closes_at": workspace.closes_at.isoformat()},
        )  # fmt: skip
    return workspace


@transaction.atomic
def reopen_workspace(workspace: Workspace, *, actor: User) -> Workspace:
    """Take the closing back; doing it twice changes nothing."""
    workspace = _locked(workspace)
    if workspace.closes_at is not None:
        workspace.closes_at = None
        workspace.save(update_fields=["closes_at", "updated_at"])
        record(actor=actor, workspace=workspace, action="accounts.workspace.reopened", target=workspace)
    return workspace


def _locked(workspace: Workspace) -> Workspace:
    return Workspace.objects.select_for_update().get(pk=workspace.pk)


def _slug(name: str) -> str:
    return f"{slugify(name)[:40] or 'workspace'}-{secrets.token_hex(3)}"
