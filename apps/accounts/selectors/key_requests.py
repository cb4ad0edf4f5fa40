"""What a key was used for: its lines of the API's request log."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.models import ApiKey
from apps.core.models import ApiRequest
from apps.core.words import gettext_lazy

# how it went: words, and the statuses from … up to but without …
OUTCOMES = {
    "done": (gettext_lazy("Answered"), 200, 400),
    "refused": (gettext_lazy("Refused"), 400, 500),
    "failed": (gettext_lazy("Failed on our side"), 500, 600),
}


def request_lines(key: ApiKey, *, outcome: str = "") -> QuerySet[ApiRequest]:
    """All of the key's requests, newest first; an unknown `outcome` shows all of them."""
    lines = ApiRequest.objects.filter(key_id=key.pk).order_by("-id")
    if outcome in OUTCOMES:
        _, lowest, above = OUTCOMES[outcome]
        lines = lines.filter(status__gte=lowest, status__lt=above)
    return lines
