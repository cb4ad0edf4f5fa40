"""Whether a request is a look at the demo without an account; apps/pages/visits.py decides that."""

from __future__ import annotations

from django.http import HttpRequest


def is_visit(request: HttpRequest) -> bool:
    """Its `user` is then the demo's guest, who is the same for all who look, and who cannot log in."""
    return getattr(request, "visit", None) is not None
