"""Reads of people, workspaces and keys."""

from __future__ import annotations

import hashlib

from django.db.models import F, QuerySet

from apps.accounts.models import ApiKey, User, Workspace


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """The workspaces a person may enter, their own first."""
    return Workspace.objects.filter(memberships__user=user).order_by("kind", "name")


def live_keys(workspace: Workspace) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(workspace=workspace, revoked_at=None).select_related("user").order_by("-id")


def key_for_secret(secret: str) -> ApiKey | None:
    """The live key of this secret, if its person is active and still a member of its workspace."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return (
        ApiKey.objects.select_related("user", "workspace")
        .filter(secret_hash=digest, revoked_at=None, user__is_active=True)
        .filter(workspace__memberships__user=F("user"))
        .first()
    )
