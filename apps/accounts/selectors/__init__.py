"""Reads of people, workspaces and keys."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.models import Invitation, Membership, User, Workspace
from apps.accounts.rules import RIGHTS
from apps.accounts.selectors.credentials import key_of_secret, keys_of, login_of_token
from apps.accounts.selectors.logins import (
    DEVICE_COOKIE,
    current_login,
    device_of,
    known_device,
    login_id,
    open_logins,
    token_hash,
)
from apps.accounts.selectors.people import preferences_of, research_defaults
from apps.accounts.selectors.views import chips_of, views_of

__all__ = [
    "DEVICE_COOKIE",
    "chips_of",
    "current_login",
    "device_of",
    "invitation_for_token",
    "invitations_of",
    "key_of_secret",
    "keys_of",
    "known_device",
    "login_id",
    "login_of_token",
    "members_of",
    "membership_by_uuid",
    "membership_in",
    "open_logins",
    "people_with",
    "preferences_of",
    "research_defaults",
    "token_hash",
    "views_of",
    "workspaces_of",
    "workspaces_with",
]


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """The workspaces a person may enter, their own first."""
    return Workspace.objects.filter(memberships__user=user).order_by("kind", "name")


def members_of(workspace: Workspace) -> QuerySet[Membership]:
    """The owner first, then by when they came; without the guest of the demo, who is nobody."""
    return (
        workspace.memberships.filter(is_guest=False)
        .select_related("user")
        .order_by(Case(When(role=Role.OWNER, then=0), default=1), "created_at")
    )


def invitations_of(workspace: Workspace) -> QuerySet[Invitation]:
    """Those nobody has answered yet, expired ones too, newest first."""
    unanswered = {"accepted_at": None, "declined_at": None, "revoked_at": None}
    return workspace.invitations.filter(**unanswered).select_related("invited_by").order_by("-id")


def invitation_for_token(token: str) -> Invitation | None:
    """The invitation this link's token opens, in whatever state."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return Invitation.objects.filter(token_hash=digest).select_related("workspace", "invited_by").first()


def people_with(workspace: Workspace, right: str) -> list[int]:
    """Ids of the members whose role holds the right, the owner first."""
    members = members_of(workspace).filter(role__in=RIGHTS[right][1])
    return list(members.values_list("user_id", flat=True))


def workspaces_with(user: User, right: str) -> QuerySet[Workspace]:
    """Those of a person's workspaces in which their role holds the right."""
    roles = RIGHTS[right][1]
    return Workspace.objects.filter(memberships__user=user, memberships__role__in=roles)


def membership_by_uuid(user: User, uuid: UUID | str) -> Membership | None:
    """The person's membership in the workspace of this id, if they have one."""
    return Membership.objects.filter(user=user, workspace__uuid=uuid).select_related("workspace").first()


def membership_in(user: User, workspace_id: int | None = None) -> Membership | None:
    """The person's membership in that workspace, else in their own, else in the first by name; one query."""
    mine = Membership.objects.filter(user=user).select_related("workspace")
    wanted = Case(When(workspace_id=workspace_id, then=0), default=1) if workspace_id else Value(1)
    own = When(
        workspace__kind=WorkspaceKind.PERSONAL, workspace__owner=user, then=0
    )  # one may be in another's
    return mine.order_by(wanted, Case(own, default=1), "workspace__name").first()
