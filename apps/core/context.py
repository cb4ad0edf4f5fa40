"""Template context every page has."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "workspace": getattr(request, "workspace", None),
        "rights": getattr(request, "rights", frozenset()),
        "show_dev_mail": settings.SHOW_DEV_MAIL,
        "site_url": settings.SITE_URL,
    }
