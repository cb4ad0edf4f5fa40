"""Browsers a person has used, and the log-ins that are open."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.choices import LoginKind
from apps.accounts.models.people import User
from apps.core.models import BaseModel


class Device(BaseModel):
    """A browser that a person has logged in with, known by a random cookie of which only the SHA-256 is kept.

    A known device is not held up by somebody else's wrong passwords; one trusted until a time is not asked for
    the second factor before it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    label = models.CharField(max_length=100, help_text="Browser and system, from the User-Agent.")
    ip = models.GenericIPAddressField(null=True)
    last_seen_at = models.DateTimeField()
    trusted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "token_hash"], name="accounts_device_unique"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_trusted(self) -> bool:
        """Whether the second factor is not asked for on this browser."""
        return self.trusted_until is not None and self.trusted_until > timezone.now()


class Login(BaseModel):
    """One open log-in: a browser's session, or the family of a program's rotating refresh tokens."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="logins")
    kind = models.CharField(max_length=10, choices=LoginKind)
    device = models.ForeignKey(Device, null=True, on_delete=models.SET_NULL, related_name="logins")
    session_key = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=100, help_text="Browser and system, or the program's name.")
    user_agent = models.CharField(max_length=300, blank=True)
    ip = models.GenericIPAddressField(null=True)
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    second_factor_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True, help_text="When the person last proved who they are.")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(ended_at=None), name="accounts_login_open")
        ]

    def __str__(self) -> str:
        return self.label
