"""The language menu, for people and for strangers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from apps.accounts.models import User
from apps.accounts.services import update_profile


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep `language` in a cookie, and with the person who is signed in; back to `next`, if it is a page of ours."""
    chosen = request.POST.get("language")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        update_profile(request.user, language=chosen)
    return set_language(request)
