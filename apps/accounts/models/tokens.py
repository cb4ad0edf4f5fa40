"""What programs exchange for access tokens. The log-in (`Login` of kind token) is the family they belong to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models.logins import Login
from apps.accounts.models.people import User
from apps.core.models import BaseModel


class RefreshToken(BaseModel):
    """One link of a family: used once, for a new access token and the next link. Only its SHA-256 is kept."""

    family = models.ForeignKey(Login, on_delete=models.CASCADE, related_name="refresh_tokens")
    parent = models.OneToOneField("self", null=True, on_delete=models.SET_NULL, related_name="successor")
    token_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=64, blank=True, help_text="Hash of the address and the User-Agent.")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            # the guard behind the lock: a family never has two links that can be used
            models.UniqueConstraint(
                fields=["family"], condition=Q(used_at=None), name="accounts_refresh_one_unused"
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="accounts_refresh_expiry")]

    def __str__(self) -> str:
        return f"refresh token of {self.family}"


class LoginChallenge(BaseModel):
    """A log-in whose password was right and whose second factor is still to come; answered once, within minutes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_challenges")
    token_hash = models.CharField(max_length=64, unique=True)
    client_name = models.CharField(max_length=100)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="accounts_challenge_expiry")]

    def __str__(self) -> str:
        return f"challenge of {self.client_name}"
