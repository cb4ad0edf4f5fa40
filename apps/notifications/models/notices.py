"""What people were told: the inbox."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from apps.notifications.choices import Until, Urgency


class Notice(models.Model):
    """One thing to tell one person, once per `key`; also its row in the inbox. Written by SQL, not by `save()`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    event = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    data = models.JSONField()
    urgency = models.PositiveSmallIntegerField(choices=Urgency)
    until = models.CharField(
        max_length=12, choices=Until, blank=True, help_text="What ends its ladder; empty: no ladder."
    )
    deadline_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True, help_text="Since when its person has put it away.")
    acknowledged_by = models.CharField(max_length=20, blank=True, help_text="The channel, or page.")
    in_inbox = models.BooleanField(default=True)
    is_test = models.BooleanField(default=False)
    routing = models.JSONField(
        null=True,
        help_text="How its channels were chosen by cost and time; none: by the person's wishes alone.",
    )
    saved = models.PositiveIntegerField(default=0, help_text="Credits that this choice saved.")

    class Meta:
        # Each index is written for every message, so there is none too many: `unique=True` would add one for LIKE.
        constraints = [models.UniqueConstraint(fields=["key"], name="notifications_notice_once")]
        indexes = [
            models.Index(fields=["person", "-id"], name="notifications_notice_inbox"),
            models.Index(
                fields=["person"],
                name="notifications_notice_unread",
                condition=Q(read_at=None, in_inbox=True),
            ),
            models.Index(fields=["workspace", "-id"], name="notifications_notice_ws"),
            BrinIndex(fields=["created_at"], name="notifications_notice_aged"),
            models.Index(
                fields=["person", "created_at"], name="notifications_notice_saved", condition=Q(saved__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} for {self.person_id}"
