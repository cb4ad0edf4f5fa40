"""Conditional requests (RFC 9110, 13): If-Match keeps a change from overwriting one its sender has not seen."""

from __future__ import annotations

import re

from rest_framework.request import Request

from apps.core.errors import DomainError

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class PreconditionRequired(DomainError):
    code = "precondition_required"
    status = 428
    title = "Say which version you are changing"


class VersionMismatch(DomainError):
    code = "version_mismatch"
    status = 412
    title = "It has changed since you read it"


def check_if_match(request: Request, current: str, *, required: bool) -> None:
    """Raise unless the request's If-Match names the current tag, or is `*`.

    PreconditionRequired when there is none though it is required, VersionMismatch (with the current tag) when it names
    another version.
    """
    given = request.headers.get("If-Match")
    if given is None:
        if required:
            raise PreconditionRequired(
                "Send If-Match with the ETag you read, so that nobody's change is overwritten unseen; "
                "If-Match: * overwrites knowingly.",
                headers={"ETag": current},
            )
        return
    # the strong comparison: a weak tag never matches
    if given.strip() != "*" and current not in [tag for weak, tag in _TAG.findall(given) if not weak]:
        raise VersionMismatch(
            "Somebody has changed it since you read it. Read it again, then change it.",
            extra={"etag": current},
            headers={"ETag": current},
        )


def is_not_modified(request: Request, current: str) -> bool:
    """Whether If-None-Match names the current tag (the weak comparison)."""
    given = request.headers.get("If-None-Match")
    if given is None:
        return False
    return given.strip() == "*" or current in [tag for _, tag in _TAG.findall(given)]
