"""Answers as JSON, in one way, so that the same content always has the same bytes and the same ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """Compact whatever the Accept header's parameters say."""

    def get_indent(self, accepted_media_type: str, renderer_context: Mapping[str, Any]) -> int | None:
        return None


def json_bytes(data: Any) -> bytes:
    """The bytes an answer of this content has."""
    return JSONRenderer().render(data)  # type: ignore[no-any-return]


def etag_of(content: bytes) -> str:
    """A strong entity tag (RFC 9110, 8.8.3) of an answer's bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
