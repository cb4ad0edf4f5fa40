"""Reads of formulas, and what the checker says of a text."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, QuerySet

from apps.accounts.models import Workspace
from apps.engine.lang import check
from apps.formulas.models import Formula


def formulas_of(workspace: Workspace) -> QuerySet[Formula]:
    """The workspace's formulas, last edited first, each with its number of versions."""
    return (
        Formula.objects.filter(workspace=workspace, archived_at=None)
        .annotate(version_count=Count("versions"), latest_version=Max("versions__number"))
        .order_by("-updated_at", "-id")
    )


def check_report(text: str) -> dict[str, Any]:
    """The checker's findings as JSON-able values: ok, errors, warnings, lookback, inputs, hash."""
    return check(text).as_dict()
