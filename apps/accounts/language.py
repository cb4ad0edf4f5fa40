"""The language that somebody reads: a signed-in person's own, else the cookie's, else what the browser asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from apps.accounts.appearance import reader_of
from apps.accounts.models import User
from apps.core.manner import written_for


@contextmanager
def writing_to(person: User) -> Iterator[None]:
    """Words, figures and times of this block are the person's: mails and messages are written in it."""
    with translation.override(person.language), written_for(lambda: reader_of(person)):
        yield


def remember(response: HttpResponseBase, language: str) -> None:
    """Have this browser keep the language for when nobody is signed in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


class LanguageMiddleware(LocaleMiddleware):
    """Django's, to which a person's own choice comes first. Programs with a key have the language they ask for."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(settings.LANGUAGE_CODE):  # what this thread does next is for somebody else
            return super().__call__(request)  # type: ignore[return-value]

    def process_request(self, request: HttpRequest) -> None:
        language = _of_person(request)
        if language is None:
            super().process_request(request)
        else:
            translation.activate(language)
            request.LANGUAGE_CODE = language


def _of_person(request: HttpRequest) -> str | None:
    """Asked of browsers with a session only: nothing else needs to read one."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or "Authorization" in request.headers:
        return None
    if request.path_info.startswith("/health/"):  # answers without a database
        return None
    return request.user.language if isinstance(request.user, User) else None
