"""Staff look at the product as somebody else: reading only, not at secrets, for at most 15 minutes.

The session stays the staff member's own; only the person of each page is another. The API knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Impersonation
from apps.accounts.services import end_impersonation
from apps.core.request_context import impersonated_by

SESSION_KEY = "impersonation"
SAFE = ("GET", "HEAD", "OPTIONS")
# what shows or changes secrets, and what is no page of the person
HIDDEN = ("/settings/", "/accounts/", "/admin/", "/api/", "/mail/", "/signals/sources/")


def look_as(request: HttpRequest, look: Impersonation) -> None:
    """From the next request on this session sees what the person sees."""
    request.session[SESSION_KEY] = look.pk


def stop_looking(request: HttpRequest) -> Impersonation | None:
    """Back to oneself; the look that ended, if one was open."""
    found = request.session.pop(SESSION_KEY, None)
    look = Impersonation.objects.select_related("staff", "user").filter(pk=found).first() if found else None
    if look:
        end_impersonation(look, actor=look.staff)
    return look


class ImpersonationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # only who is signed in has such a session, so asking costs no query of its own
        found = request.session.get(SESSION_KEY) if request.session.session_key else None
        if not found or request.path == reverse("accounts:impersonation-stop"):
            return self.get_response(request)
        look = (
            Impersonation.objects.select_related("user", "user__preferences", "staff")
            .filter(
                pk=found, ended_at=None, staff_id=request.user.pk, user__is_active=True, user__is_staff=False
            )
            .first()
        )
        staff_may = _may_look(request.user)
        if look is None or look.until <= timezone.now() or not staff_may:
            if look:
                because = "" if staff_may else "the permission to look as others ended"
                end_impersonation(look, actor=None, because=because)
            request.session.pop(SESSION_KEY, None)
            if request.method in SAFE:
                return redirect("admin:index")
            return _refused(request, gettext("Looking as somebody else has ended."))
        request.impersonation = look  # type: ignore[attr-defined]
        if request.path.startswith(HIDDEN):
            return _refused(
                request, gettext("This page is hidden from staff: it belongs to the person alone.")
            )
        if request.method not in SAFE:
            return _refused(request, gettext("You are looking as somebody else: you can read, not change."))
        impersonated_by(look.staff_id)
        request.user = look.user
        return self.get_response(request)


def _may_look(user: Any) -> bool:
    """Asked anew at each page: staff with the permission, in a session that has shown its factor."""
    return bool(
        user.is_active
        and user.is_staff
        and user.is_verified()
        and user.has_perm("accounts.can_impersonate_users")
    )


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    return render(request, "errors/impersonation.html", {"words": words}, status=403)
