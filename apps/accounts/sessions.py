"""Middleware around the browser's session: the log-in it belongs to, and the cookie by which a browser is known."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.accounts.selectors import DEVICE_COOKIE
from apps.accounts.services import use_session

DEVICE_COOKIE_AGE_S = 400 * 24 * 3600  # as long as browsers allow


class LoginMiddleware:
    """Keeps the log-in's "last seen" and the session's end; gives a browser that has none its cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed:  # else nobody asked who this is: no reason to read the session
            use_session(request)
        token = getattr(request, "new_device_token", None)
        if token:
            response.set_cookie(
                DEVICE_COOKIE,
                token,
                max_age=DEVICE_COOKIE_AGE_S,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response
