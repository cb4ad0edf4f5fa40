"""The journal and what happened as lists."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.lists import Column, Filter, Listing, Sort, day, pick, words
from apps.core.request_context import WAYS
from apps.core.words import gettext_lazy
from apps.pages.forms import groups

_NEWEST = {"new": Sort(gettext_lazy("Newest"), "pk", down=True, unique=True)}


def members_of(request: HttpRequest) -> list[User]:
    """Who may be chosen, read once a request."""
    if not hasattr(request, "journal_members"):
        found = User.objects.filter(memberships__workspace=request.workspace).order_by("name", "email")
        request.journal_members = list(found)  # type: ignore[attr-defined]
    return request.journal_members  # type: ignore[attr-defined,no-any-return]


def _people(request: HttpRequest) -> Iterator[tuple[str, str]]:
    yield from ((str(member.uuid), member.name or member.email) for member in members_of(request))
    yield "system", gettext("The system")


JOURNAL = Listing(
    "journal",
    filters=(
        words(gettext_lazy("Text")),
        pick("person", gettext_lazy("Anybody"), _people),
        pick("group", gettext_lazy("Anything"), lambda request: groups()),
        pick("via", gettext_lazy("Any way"), [(way, way.capitalize()) for way in WAYS]),
        day("since", gettext_lazy("Since")),
        day("until", gettext_lazy("Until")),
        Filter("object", gettext_lazy("Object"), "hidden"),
        Filter("request", gettext_lazy("Request"), "hidden"),
    ),
    sorts=_NEWEST,
    counts=False,
)
ACTIVITY = Listing(
    "activity",
    filters=(
        words(gettext_lazy("Text")),
        pick("group", gettext_lazy("Anything"), lambda request: groups()),
    ),
    sorts=_NEWEST,
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("at", lambda row: row.recorded_at),
        Column("who", lambda row: row.actor_label),
        Column("what", lambda row: row.action),
        Column("which", lambda row: row.target_name),
    ),
    counts=False,
)
