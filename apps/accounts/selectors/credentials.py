"""Reads of keys and tokens. Whoever presents one is found by one query, with person, workspace and role."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Value, When

from apps.accounts.choices import LoginKind, WorkspaceKind
from apps.accounts.credentials import digest
from apps.accounts.models import ApiKey, Login, Membership, User, Workspace
from apps.core.compiled import CompiledQuery


def keys_of(workspace: Workspace, *, maker: User | None = None) -> QuerySet[ApiKey]:
    """The workspace's keys that were not revoked, newest first; only those of `maker` where one is named."""
    found = ApiKey.objects.filter(workspace=workspace, revoked_at=None)
    if maker:
        found = found.filter(user=maker)
    return found.select_related("user", "workspace", "replaced_by").order_by("-id")


def _keys(digested: str) -> QuerySet[ApiKey]:
    seat = FilteredRelation("workspace__memberships", condition=Q(workspace__memberships__user=F("user")))
    return (
        ApiKey.objects.filter(secret_hash=digested)
        .annotate(seat=seat)
        .select_related("user", "workspace", "seat")  # type: ignore[misc]  # the annotation above
    )


_KEYS = CompiledQuery(_keys, "a digest")


def key_of_secret(secret: str) -> tuple[ApiKey, Membership | None] | None:
    """The key of this secret, ended or not, and its person's present seat in its workspace."""
    key = _KEYS.first(digest(secret))
    if key is None:
        return None
    membership: Membership | None = getattr(key, "seat", None)  # a join that finds nothing sets nothing
    if membership:
        membership.workspace = key.workspace
    return key, membership


def _logins(uuid: UUID, workspace: UUID | None = None) -> QuerySet[Login]:
    wanted = Case(When(seat__workspace__uuid=workspace, then=0), default=1) if workspace else Value(1)
    own = When(seat__workspace__kind=WorkspaceKind.PERSONAL, seat__workspace__owner=F("user"), then=0)
    return (
        Login.objects.filter(uuid=uuid, kind=LoginKind.TOKEN)
        .annotate(seat=FilteredRelation("user__memberships"))
        .select_related("user", "seat__workspace")  # type: ignore[misc]
        .order_by(wanted, Case(own, default=1), "seat__workspace__name", "seat__id")
    )


_LOGINS = CompiledQuery(_logins, UUID(int=1))
_LOGINS_IN_WORKSPACE = CompiledQuery(_logins, UUID(int=1), UUID(int=2))


def login_of_token(uuid: UUID, workspace: UUID | None) -> tuple[Login, Membership | None] | None:
    """A program's log-in, ended or not, and its person's seat in that workspace.

    Without a workspace it is the seat in the person's own, else in the first by name.
    """
    login = _LOGINS_IN_WORKSPACE.first(uuid, workspace) if workspace else _LOGINS.first(uuid)
    return (login, getattr(login, "seat", None)) if login else None
