"""The living catalogue of the design system."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.needs import SIGNED_IN, needs
from apps.pages.rules.catalogue import COLOUR_ROLES, SIZES, SPACES, icon_names


@needs(SIGNED_IN)
def design(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    catalogue = {"colour_roles": COLOUR_ROLES, "type_sizes": SIZES, "spaces": SPACES, "icons": icon_names()}
    return render(request, "pages/design.html", catalogue)
