"""Mail that is still to be handed to the mail server, and what was told about the safety of an account."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.choices import MailKind
from apps.core.models import BaseModel


class Outgoing(BaseModel):
    """A mail that waits for its turn: whoever sends it first moves `next_try_at` on, so that nobody else does."""

    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    gave_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class MailRequest(Outgoing):
    """A mail somebody asked for, stored with the change that calls for it, written when sent, and then deleted."""

    kind = models.CharField(max_length=30)
    recipient = models.EmailField(max_length=254)
    object_id = models.BigIntegerField(
        null=True, help_text="What the mail is about; empty: the address itself."
    )
    language = models.CharField(
        max_length=5,
        default=settings.LANGUAGE_CODE,
        help_text="Of who asked for it; a recipient with an account has their own.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(gave_up_at=None), name="accounts_mail_asked")
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class SecurityMail(Outgoing):
    """One notice to one address. The pair of entry and recipient is unique: an entry read twice is told once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="security_mails"
    )
    entry_id = models.BigIntegerField()
    recipient = models.EmailField(max_length=254)
    kind = models.CharField(max_length=12, choices=MailKind)
    facts = models.JSONField(default=dict, help_text="What the mail names: time, browser, address, changes.")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry_id", "recipient"], name="accounts_mail_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(sent_at=None, gave_up_at=None), name="accounts_mail_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of entry {self.entry_id}"
