"""The parser and the pagination of all API views.

DRF imports these while it builds its own view classes, so nothing here may import `rest_framework.views`:
whoever came here first would then find both half made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions, pagination, parsers


class JSONParser(parsers.JSONParser):
    """Refuses what is nested too deeply for Python to read, as it refuses what is not JSON."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("The JSON is nested too deeply.") from None


class CursorPagination(pagination.CursorPagination):
    """Newest first, stable while rows are added."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
