"""Leads people from a page they may not see yet to the question that stands before it, and back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.errors import ConfirmationRequired, SecondFactorMissing, SecondFactorRequired
from apps.accounts.second_factor import has_passed

ALWAYS_OPEN = ("account_logout", "account_second_factor", "account_second_factor_passkey")


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the person wanted to go (`next` of the form or the address), if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else default


def _page_of(request: HttpRequest) -> str:
    """The page to come back to: this one or, for a form that was sent or a fragment, the one it stands on."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    if came_from.netloc != request.get_host():
        return ""
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def lead_to(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send the browser to the page `name`, from which it comes back to where it was."""
    back = _page_of(request)
    url = reverse(name) + (f"?{urlencode({'next': back})}" if back else "")
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


class GuardMiddleware:
    """Turns refusals that the person can mend at once into the page that mends them. (The API answers 403.)"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """allauth's pages for people who are signed in know nothing of `needs`."""
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        if not name.startswith(("account_", "socialaccount_")) or name in ALWAYS_OPEN or has_passed(request):
            return None
        return lead_to(request, "account_second_factor")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if isinstance(error, ConfirmationRequired):
            return lead_to(request, "accounts:confirm")
        if isinstance(error, SecondFactorMissing):
            return lead_to(request, "accounts:security")
        if isinstance(error, SecondFactorRequired):
            return lead_to(request, "account_second_factor")
        return None
