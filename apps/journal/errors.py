"""What can be wrong with a question to the journal."""

from __future__ import annotations

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


class UnknownConsumer(DomainError):
    code = "unknown_consumer"
    status = 404
    title = gettext_lazy("No such consumer")


class BadExport(DomainError):
    code = "bad_export"
    status = 422
    title = gettext_lazy("This is no export of the journal")
