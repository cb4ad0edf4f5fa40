"""Keys of programs."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.models import BaseModel


class ApiKey(BaseModel):
    """A program's key to one workspace. Only the SHA-256 of the secret is kept.

    It may do what both its scopes and its person's present role allow, while the person is a member.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list, help_text="Names of rights.")
    allowed_networks = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, help_text="Empty: every address."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Its own limit below that of the plan."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(requests_per_minute=None) | Q(requests_per_minute__gte=1),
                name="accounts_apikey_requests_ge_1",
            )
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(revoked_at=None, expiry_told_at=None, expires_at__isnull=False),
                name="accounts_apikey_expiring",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
