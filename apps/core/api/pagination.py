"""Lists by cursor: newest first, stable while rows are added."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions, pagination
from rest_framework.request import Request

_CURSOR = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class InvalidCursor(exceptions.APIException):
    status_code = 400
    default_code = "invalid_cursor"
    default_detail = "This cursor is none of ours. Take it from the next or previous address of an answer."


class CursorPagination(pagination.CursorPagination):
    """`cursor` comes from `next` or `previous`; `page_size` is from 1 to 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
    page_size_query_description = "Results per page, 1 to 200; 50 unless given."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (exceptions.NotFound, ValueError, TypeError, OverflowError, ValidationError):
            raise InvalidCursor from None

    def decode_cursor(self, request: Request) -> Any:
        given = request.query_params.get("cursor")
        if given is not None and not _CURSOR.fullmatch(
            given
        ):  # base64 as Python reads it skips what it is not
            raise InvalidCursor
        return super().decode_cursor(request)

    def get_page_size(self, request: Request) -> int | None:
        text = request.query_params.get("page_size")
        if text is None:
            return self.page_size  # type: ignore[no-any-return]
        if not (text.isdecimal() and text.isascii() and 1 <= int(text[:6]) <= self.max_page_size):
            raise exceptions.ValidationError(
                {"page_size": [f"Give a whole number from 1 to {self.max_page_size}, not {text[:40]!r}."]}
            )
        return int(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor, size = super().get_schema_operation_parameters(view)
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [cursor, size]
