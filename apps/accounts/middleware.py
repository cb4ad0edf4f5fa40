"""Where a logged-in person works, as `request.workspace`, and what they may do there, as `request.rights`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import Membership
from apps.accounts.rules import rights_of
from apps.accounts.selectors import membership_in
from apps.accounts.services import ensure_personal_workspace

SESSION_KEY = "workspace_id"


def membership_of(request: HttpRequest) -> Membership | None:
    """The membership in the workspace chosen in this session if it still is one, else in the person's own.

    None for strangers.
    """
    user = request.user
    if not user.is_authenticated:
        return None
    found = membership_in(user, request.session.get(SESSION_KEY))
    if found is None:
        ensure_personal_workspace(user)
        found = membership_in(user)
    return found


def enter(request: HttpRequest, membership: Membership | None) -> None:
    """Let the rest of the request work in the membership's workspace."""
    request.membership = membership  # type: ignore[attr-defined]
    request.workspace = membership.workspace if membership else None  # type: ignore[attr-defined]
    request.rights = rights_of(membership.role) if membership else frozenset()  # type: ignore[attr-defined]


class WorkspaceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = SimpleLazyObject(lambda: membership_of(request))
        request.membership = membership  # type: ignore[attr-defined]
        request.workspace = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: membership.workspace if membership else None
        )
        request.rights = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: rights_of(membership.role) if membership else frozenset()
        )
        return self.get_response(request)
