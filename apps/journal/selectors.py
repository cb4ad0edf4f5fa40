"""Reads of the journal."""

from __future__ import annotations

from django.db.models import Model, QuerySet

from apps.journal.models import Entry


def entries_of(workspace: Model) -> QuerySet[Entry]:
    """What happened in a workspace, newest first."""
    return Entry.objects.filter(workspace_id=workspace.pk).order_by("-id").prefetch_related("parts")
