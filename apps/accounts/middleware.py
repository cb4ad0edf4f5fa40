"""The workspace a logged-in person works in, as `request.workspace`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import Workspace
from apps.accounts.selectors import workspaces_of
from apps.accounts.services import ensure_personal_workspace

SESSION_KEY = "workspace_id"


def workspace_of(request: HttpRequest) -> Workspace | None:
    """The workspace chosen in this session if still a member, else the person's first; None for strangers."""
    user = request.user
    if not user.is_authenticated:
        return None
    chosen = request.session.get(SESSION_KEY)
    mine = workspaces_of(user)
    workspace = (mine.filter(pk=chosen).first() if chosen else None) or mine.first()
    return workspace or ensure_personal_workspace(user)


class WorkspaceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.workspace = SimpleLazyObject(lambda: workspace_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)
