"""Keys of programs."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.models import BaseModel


class ApiKey(BaseModel):
    """A program's key to one workspace. Only the SHA-256 of the secret is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
