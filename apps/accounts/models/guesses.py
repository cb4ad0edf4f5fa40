"""How often somebody guessed wrong, kept in PostgreSQL so that a lost Redis forgets nothing."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.models import BaseModel


class GuessBucket(models.Model):
    """Failed attempts of one kind: by unknown clients on one account, by one known browser, from one address.

    The subject is a keyed hash: the table names neither people nor addresses.
    """

    subject_hash = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField()
    failed_at = models.DateTimeField()
    blocked_until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["failed_at"], name="accounts_guess_age")]

    def __str__(self) -> str:
        return f"{self.failures} failures until {self.failed_at:%Y-%m-%d %H:%M}"


class DeviceLink(BaseModel):
    """A mailed one-time link that makes a browser known to an account; only the SHA-256 of its token is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="device_links")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link for {self.user}"
