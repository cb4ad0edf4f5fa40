"""The lists of members, of API keys and of what a key was used for, of sign-ins and known browsers."""

from __future__ import annotations

from django.db.models import Case, CharField, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf

from apps.accounts.choices import Role
from apps.accounts.selectors.key_requests import OUTCOMES
from apps.core.lists import NEWEST, Column, Listing, Sort, pick, words
from apps.core.words import gettext_lazy

MEMBERS = Listing(
    "members",
    filters=(
        words(gettext_lazy("Name or e-mail")),
        pick("role", gettext_lazy("Any role"), Role.choices),
    ),
    sorts={
        "role": Sort(
            gettext_lazy("Role"),
            Case(*(When(role=role, then=Value(place)) for place, role in enumerate(Role)), default=Value(9)),
        ),
        "name": Sort(
            gettext_lazy("Name"),
            Lower(Coalesce(NullIf("user__name", Value("")), "user__email", output_field=CharField())),
        ),
        "new": Sort(gettext_lazy("Newest"), "pk", down=True, unique=True),
    },
    order="role",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.user.name),
        Column("email", lambda row: row.user.email),
        Column("role", lambda row: row.role),
        Column("since", lambda row: row.created_at),
    ),
)

API_KEYS = Listing(
    "api-keys",
    filters=(words(gettext_lazy("Name or first letters")),),
    sorts={
        "new": Sort(gettext_lazy("Newest"), "pk", down=True, unique=True),
        "name": Sort(gettext_lazy("Name"), Lower("name")),
        "used": Sort(gettext_lazy("Last used"), "last_used_at", down=True, nullable=True),
        "ends": Sort(gettext_lazy("Ends"), "expires_at", nullable=True),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("prefix", lambda row: row.prefix),
        Column("by", lambda row: row.user.display_name),
        Column("last_used", lambda row: row.last_used_at),
        Column("ends", lambda row: row.expires_at),
    ),
)

KEY_REQUESTS = Listing(
    "key-requests",
    filters=(
        pick(
            "outcome",
            gettext_lazy("All answers"),
            [(name, label) for name, (label, _, _) in OUTCOMES.items()],
        ),
    ),
    sorts={"new": NEWEST},
    columns=(
        Column("at", lambda row: row.at),
        Column("method", lambda row: row.method),
        Column("path", lambda row: row.path),
        Column("status", lambda row: row.status),
        Column("milliseconds", lambda row: row.milliseconds),
        Column("from", lambda row: row.ip or ""),
        Column("request_id", lambda row: row.request_id),
    ),
    counts=False,
)

_BROWSER = words(gettext_lazy("Browser or address"))
_LAST = Sort(gettext_lazy("Last used"), "last_seen_at", down=True)

LOGINS = Listing(
    "sign-ins",
    filters=(_BROWSER,),
    sorts={"last": _LAST, "new": NEWEST},
    order="-last",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("kind", lambda row: row.kind),
        Column("label", lambda row: row.label),
        Column("address", lambda row: row.ip),
        Column("last_used", lambda row: row.last_seen_at),
        Column("since", lambda row: row.created_at),
    ),
)

BROWSERS = Listing(
    "browsers",
    filters=(_BROWSER,),
    sorts={"last": _LAST, "name": Sort(gettext_lazy("Name"), Lower("label"))},
    order="-last",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("label", lambda row: row.label),
        Column("address", lambda row: row.ip),
        Column("last_used", lambda row: row.last_seen_at),
        Column("trusted_until", lambda row: row.trusted_until),
    ),
)
