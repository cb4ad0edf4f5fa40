"""Writes of memberships: roles, leaving, removing."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.choices import GRANTED_ROLES, Role
from apps.accounts.errors import WorkspaceRefused
from apps.accounts.models import ApiKey, Membership, User, Workspace
from apps.accounts.services.keys import revoke_api_key
from apps.core.live import recheck_on_commit
from apps.journal.services import record


@transaction.atomic
def change_role(membership: Membership, *, role: str, actor: User) -> Membership:
    """Give a member another role. Raises WorkspaceRefused for the owner's, which is handed over instead."""
    membership = _locked(membership)
    if membership.role == Role.OWNER:
        raise WorkspaceRefused(
            gettext("The owner's role does not change. Hand the workspace over instead."), field="role"
        )
    if role not in dict(GRANTED_ROLES):
        raise WorkspaceRefused(gettext("Choose admin, trader, analyst or viewer."), field="role")
    before = membership.role
    if before != role:
        membership.role = role
        membership.save(update_fields=["role", "updated_at"])
        record(
            actor=actor, workspace=membership.workspace, action="accounts.member.role_changed",
            target=membership.user, changes={"role": [before, role]},
        )  # fmt: skip
        recheck_on_commit(membership.user_id)
    return membership


@transaction.atomic
def remove_member(membership: Membership, *, actor: User) -> None:
    """End a membership, by others or by leaving; the member's API keys in the workspace end with it.

    Raises WorkspaceRefused for the owner.
    """
    membership = _locked(membership)
    workspace, person = membership.workspace, membership.user
    if membership.role == Role.OWNER:
        raise WorkspaceRefused(gettext("The owner cannot leave. Hand the workspace over first, or close it."))
    for key in ApiKey.objects.filter(workspace=workspace, user=person, revoked_at=None):
        revoke_api_key(key, actor=actor)
    role = membership.role
    membership.delete()
    verb = "left" if actor.pk == person.pk else "removed"
    record(
        actor=actor,
        workspace=workspace,
        action=f"accounts.member.{verb}",
        target=person,
        changes={"role": role},
    )
    recheck_on_commit(person.pk)


def _locked(membership: Membership) -> Membership:
    """The row as it is now; the workspace's first, in which order handing over locks too."""
    Workspace.objects.select_for_update().get(pk=membership.workspace_id)
    found = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("workspace", "user")
        .filter(pk=membership.pk)
        .first()
    )
    if found is None:
        raise WorkspaceRefused(gettext("This person is no longer a member."))
    return found
