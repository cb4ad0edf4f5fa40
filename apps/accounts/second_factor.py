"""The guard every route has: who set up a second factor has shown it, and who must have one has it.

`needs` asks it for pages and API alike, so that no way in (a reset password, a provider's log-in, an old session, a
token) leads around the second factor.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework.request import Request

from apps.accounts.confirm import token_login
from apps.accounts.errors import SecondFactorMissing, SecondFactorRequired
from apps.accounts.models import ApiKey, User, Workspace
from apps.accounts.services.second_factors import has_passed_in, mark_passed, second_factor_needed
from apps.core.manner import day_words


def has_passed(request: HttpRequest | Request) -> bool:
    """Whether who sends this has shown the second factor, has none, comes from a trusted browser, or is a key."""
    user = request.user
    if not user.is_authenticated or user.second_factors_at is None:
        return True
    if isinstance(getattr(request, "auth", None), ApiKey) or getattr(request, "impersonation", None):
        return True  # staff who look as somebody have shown their own factor to the admin
    login = token_login(request)
    return login.second_factor_at is not None if login else has_passed_in(request.session, user)


def require_passed(request: HttpRequest | Request) -> None:
    """Raise SecondFactorRequired unless `has_passed`; pages are then led to the question, the API answers 403."""
    if not has_passed(request):
        raise SecondFactorRequired(
            gettext("This log-in has not shown the second factor that the account has. Sign in again.")
        )


def require_factor_here(request: HttpRequest | Request) -> None:
    """Raise SecondFactorMissing when the workspace asks for a second factor and the person has none."""
    workspace: Workspace | None = request.workspace  # type: ignore[union-attr]
    due = workspace.mfa_required_from if workspace else None
    user: Any = request.user
    if due is None or user.second_factors_at is not None or due > timezone.now():
        return
    raise SecondFactorMissing(
        gettext(
            "The workspace {workspace} asks everybody for a second factor since {due}. Set one up under Settings, "
            "Security."
        ).format(workspace=workspace, due=day_words(due)),
    )


def open_to(workspaces: QuerySet[Workspace], user: Any, session: Any) -> QuerySet[Workspace]:
    """Those a WebSocket may tell of: the same guard for a connection that has no request."""
    if not user.is_authenticated or not has_passed_in(session, user):
        return workspaces.none()
    if user.second_factors_at is not None:
        return workspaces
    due = Least(F("own_mfa_from"), F("plan_mfa_from"))  # of two columns, one empty: the other
    return workspaces.alias(due=due).filter(Q(due=None) | Q(due__gt=timezone.now()))


def note_log_in(request: HttpRequest, user: User) -> None:
    """What the log-in has shown holds for its session: a factor (set by the log-in stage) or a trusted browser."""
    if user.second_factors_at is None:
        return
    device = getattr(user, "otp_device", None)
    if device is not None or not second_factor_needed(user, request):
        mark_passed(request, device)
