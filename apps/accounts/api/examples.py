"""What the OpenAPI description shows of workspaces, members and invitations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample


def asked(name: str, value: dict[str, Any]) -> OpenApiExample:
    """The body of a request."""
    return OpenApiExample(name, value=value, request_only=True)


WORKSPACE_EXAMPLE = OpenApiExample(
    "A team",
    value={
        "uuid": "2b1f0c44-9a5e-4f0e-8f43-6c1de8a7b9d0",
        "name": "Night desk",
        "letter": "N",
        "slug": "night-desk-3fa91c",
        "kind": "team",
        "plan_code": "free",
        "role": "owner",
        "closes_at": None,
        "created_at": "2026-11-21T09:30:00Z",
    },
    response_only=True,
)
MEMBER_EXAMPLE = OpenApiExample(
    "A trader",
    value={
        "uuid": "8f3c4f0e-54a0-4f1f-8a6b-5d2c1d7a90b2",
        "name": "Ben",
        "email": "ben@example.org",
        "role": "trader",
        "created_at": "2026-11-21T10:05:00Z",
    },
    response_only=True,
)
INVITATION_EXAMPLE = OpenApiExample(
    "An analyst",
    value={
        "uuid": "c0b7a6de-0f0d-4f86-9a3f-7ab6a4d0e5b1",
        "email": "ben@example.org",
        "role": "analyst",
        "state": "pending",
        "invited_by": "ana@example.com",
        "sent_at": "2026-11-21T09:45:00Z",
        "expires_at": "2026-11-28T09:45:00Z",
    },
    response_only=True,
)
