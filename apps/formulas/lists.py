"""The lists of formulas."""

from __future__ import annotations

from django.db.models.functions import Lower

from apps.core.lists import Act, Column, Listing, Sort, pick, words
from apps.core.words import gettext_lazy
from apps.formulas.library import CATEGORIES
from apps.formulas.selectors import STATES
from apps.formulas.services import archive_formula, unarchive_formula

_NAME = Sort(gettext_lazy("Name"), Lower("name"))
_EDITED = Sort(gettext_lazy("Last edited"), "updated_at", down=True)
_VERSION = Sort(gettext_lazy("Version"), "latest_version", down=True, nullable=True)

FORMULAS = Listing(
    "formulas",
    filters=(
        words(gettext_lazy("Search formulas")),
        pick("state", gettext_lazy("All but archived"), STATES.items()),
    ),
    sorts={
        "name": _NAME,
        "version": _VERSION,
        "edited": _EDITED,
        "made": Sort(gettext_lazy("Newest"), "created_at", down=True),
    },
    order="-edited",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("version", lambda row: row.latest_version),
        Column("made", lambda row: row.created_at),
        Column("edited", lambda row: row.updated_at),
        Column("archived", lambda row: row.archived_at),
    ),
    acts=(
        Act(
            "archive",
            gettext_lazy("Archive"),
            lambda row, request: archive_formula(row, actor=request.user),
            (gettext_lazy("1 formula is archived."), gettext_lazy("{n} formulas are archived.")),
            icon="trash-2",
            undo="unarchive",
            shown=lambda asked: asked["state"] != "archived",
        ),
        Act(
            "unarchive",
            gettext_lazy("Bring back"),
            lambda row, request: unarchive_formula(row, actor=request.user),
            (gettext_lazy("1 formula is back."), gettext_lazy("{n} formulas are back.")),
            icon="rotate-ccw",
            undo="archive",
            shown=lambda asked: asked["state"] == "archived",
        ),
    ),
    right="formulas.edit",
)

SHARED = Listing(
    "shared-formulas",
    filters=(words(gettext_lazy("Search by name or person")),),
    sorts={"name": _NAME, "version": _VERSION, "edited": _EDITED},
    order="-edited",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("shared_by", lambda row: row.sharer_name or row.sharer_email),
        Column("level", lambda row: row.level),
        Column("version", lambda row: row.latest_version),
        Column("edited", lambda row: row.updated_at),
    ),
)

LIBRARY = Listing(  # of files, not rows: few enough for one page, in the order of their families
    "library",
    filters=(
        words(gettext_lazy("Search templates")),
        pick("category", gettext_lazy("Every kind"), CATEGORIES.items()),
        pick(
            "sample",
            gettext_lazy("Bars of any length"),
            [("daily", gettext_lazy("daily bars")), ("minute", gettext_lazy("bars of minutes"))],
        ),
    ),
)
