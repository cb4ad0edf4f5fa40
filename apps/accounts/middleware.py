"""Where a logged-in person works, as `request.workspace`, and what they may do there, as `request.rights`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from apps.accounts.models import Membership, User
from apps.accounts.rules import rights_of
from apps.accounts.selectors import membership_by_uuid, membership_in
from apps.accounts.services import ensure_personal_workspace

SESSION_KEY = "workspace_id"
HEADER = "X-Workspace"


def membership_of(request: HttpRequest) -> Membership | None:
    """The membership in the workspace chosen in this session if it still is one, else in the person's own.

    None for strangers.
    """
    if not request.user.is_authenticated:
        return None
    return _membership(request.user, request.session.get(SESSION_KEY))


def membership_asked_for(request: HttpRequest, user: User) -> Membership:
    """The one that the header `X-Workspace` names, for programs; without it as on the pages.

    Raises Http404 where the person is no member of it.
    """
    asked = request.headers.get(HEADER)
    if asked is None:
        return _membership(user, request.session.get(SESSION_KEY))
    try:
        found = membership_by_uuid(user, UUID(asked))
    except ValueError:
        found = None
    if found is None:
        raise Http404(gettext("You are in no workspace {asked}.").format(asked=asked[:40]))
    return found


def _membership(user: User, workspace_id: int | None) -> Membership:
    found = membership_in(user, workspace_id)
    if found is None:
        ensure_personal_workspace(user)
        found = membership_in(user)
        assert found is not None
    return found


def rights_in(membership: Membership | None) -> frozenset[str]:
    """What the membership's role may do now; in a workspace that is being closed, read and take that back."""
    if membership is None:
        return frozenset()
    return rights_of(membership.role, closing=membership.workspace.closes_at is not None)


def enter(
    request: HttpRequest, membership: Membership | None, *, scopes: Collection[str] | None = None
) -> None:
    """Let the rest of the request work in the membership's workspace, within a key's `scopes` if it has some."""
    rights = rights_in(membership)
    request.membership = membership  # type: ignore[attr-defined]
    request.workspace = membership.workspace if membership else None  # type: ignore[attr-defined]
    request.rights = rights if scopes is None else rights & set(scopes)  # type: ignore[attr-defined]


class WorkspaceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = SimpleLazyObject(lambda: membership_of(request))
        request.membership = membership  # type: ignore[attr-defined]
        request.workspace = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: membership.workspace if membership else None
        )
        request.rights = SimpleLazyObject(lambda: rights_in(membership or None))  # type: ignore[attr-defined,arg-type]
        return self.get_response(request)
