"""Where a person is reached."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.secrets.fields import EncryptedTextField
from apps.notifications.choices import DisabledFor


class Contact(BaseModel):
    """A number, chat, browser or URL. `label` shows it without giving it away; the target itself is encrypted.

    A person's own address needs none: e-mail without a contact goes to the account's confirmed address. One that is
    removed stays as an empty row, so that what was sent to it can still be looked up.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contacts")
    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where it is for the notices of one workspace only.",
    )
    channel = models.CharField(max_length=20)
    label = models.CharField(max_length=120)
    target = EncryptedTextField()
    target_digest = models.CharField(max_length=64, help_text="Keyed, to find the same target again.")
    secrets = EncryptedTextField(default="", help_text="JSON: what the channel signs or signs in with.")
    options = models.JSONField(
        default=dict, blank=True, help_text="What the channel keeps beside the target."
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True, help_text="Of the code that proves it is theirs.")
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_for = models.CharField(max_length=10, choices=DisabledFor, blank=True)
    disabled_note = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "workspace", "channel", "target_digest"],
                name="notifications_contact_once",
                nulls_distinct=False,
                condition=~Q(disabled_for="removed"),
            ),
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_for="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_for="")),
                name="notifications_contact_disabled_for",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-id"], name="notifications_contact_ws")]

    def __str__(self) -> str:
        return f"{self.channel} {self.label}"

    @property
    def is_usable(self) -> bool:
        return self.verified_at is not None and self.disabled_at is None
