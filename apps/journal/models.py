"""What happened: one row per change, written in the change's own transaction.

People and workspaces are held as plain ids, so that every room above may write here.
"""

from __future__ import annotations

import uuid

from django.db import models


class Entry(models.Model):
    """One thing somebody did. Rows are only ever inserted; a database trigger refuses everything else."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(null=True)
    recorded_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="journal_entry_workspace"),
            models.Index(fields=["target_type", "target_id"], name="journal_entry_target"),
        ]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_label or 'the system'}"


class Seal(models.Model):
    """A batch of entries bound to the batch before it: an edited, removed or inserted entry breaks the chain."""

    previous = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="next")
    first_entry_id = models.BigIntegerField()
    last_entry_id = models.BigIntegerField(unique=True)
    entries = models.IntegerField()
    chain_hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"entries {self.first_entry_id}–{self.last_entry_id}"
