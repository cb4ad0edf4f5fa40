"""The list of API keys."""

from __future__ import annotations

from django.db.models.functions import Lower

from apps.core.lists import Column, Listing, Sort, words
from apps.core.words import gettext_lazy

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
