"""Reads of saved views."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import SavedView, User, Workspace
from apps.core.lists import Chip


def views_of(person: User, workspace: Workspace) -> QuerySet[SavedView]:
    """The person's views of this workspace's lists, by name."""
    return SavedView.objects.filter(person=person, workspace=workspace).order_by("name")


def chips_of(request: HttpRequest, page: str) -> list[Chip]:
    """The saved views of one list, for whoever looks at it."""
    if request.workspace is None or not isinstance(request.user, User):
        return []
    found = views_of(request.user, request.workspace).filter(page=page)
    return [Chip(view.uuid, view.name, view.query, view.is_default) for view in found]
