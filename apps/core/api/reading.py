"""Bodies of requests: what cannot be read is refused with a word about why."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import exceptions, parsers

from apps.core.errors import TooLarge


class JSONParser(parsers.JSONParser):
    """Refuses what PostgreSQL or Python could not hold as it refuses what is not JSON."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(f"A JSON body may have {most:,} bytes at most.")
        try:
            text = raw.decode("utf-8")
            found = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
            if "\\u" in text:
                _check_text(found)
        except RecursionError:
            raise exceptions.ParseError("The JSON is nested too deeply.") from None
        except UnicodeDecodeError:
            raise exceptions.ParseError("The body is not UTF-8.") from None
        except json.JSONDecodeError as error:
            raise exceptions.ParseError(
                f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
            ) from None
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}.") from None
        return found  # type: ignore[no-any-return]


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _check_text(value: Any) -> None:
    """Raise ValueError for characters that JSON can write and a database cannot keep."""
    if isinstance(value, dict):
        for name, part in value.items():
            _check_text(name)
            _check_text(part)
    elif isinstance(value, list):
        for part in value:
            _check_text(part)
    elif isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text holds the character U+0000")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("a text holds half of a surrogate pair")
