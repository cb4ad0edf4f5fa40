"""What happened: one row per change, written in the change's own transaction.

People and workspaces are held as plain ids, so that every room above may write here. Those ids are the pseudonyms that
remain when a person's data is erased.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.db import models

from apps.journal.rules import readable

ERASED = "an erased person"


class CurrentTransaction(models.Func):
    """The number of the writing transaction, as the database counts (see migration 0003)."""

    function = "journal_xid"
    output_field = models.BigIntegerField()


class Entry(models.Model):
    """One thing somebody did. Rows are only ever inserted; a database trigger refuses everything else.

    `xid` orders entries so that none can turn up before one that was already read: an entry is settled once no
    transaction older than its own is still open. `subject_id` is the person whom the target is about.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    workspace_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    subject_id = models.BigIntegerField(null=True)
    impersonator_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.BigIntegerField(null=True)
    target_uuid = models.UUIDField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=10, blank=True)
    via_detail = models.CharField(max_length=100, blank=True)
    actor_commitment = models.CharField(max_length=64, blank=True)
    target_commitment = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="journal_entry_workspace"),
            models.Index(fields=["target_type", "target_id", "-id"], name="journal_entry_target"),
            models.Index(fields=["actor_id", "-id"], name="journal_entry_actor"),
            models.Index(fields=["xid", "id"], name="journal_entry_settled"),
        ]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_label or 'the system'}"

    @cached_property
    def personal(self) -> dict[str, dict[str, Any]]:
        """What is left of the personal parts, by part. Lists prefetch `parts`."""
        return {part.part: part.data for part in self.parts.all()}

    @property
    def actor_label(self) -> str:
        """Who did it; empty for the system."""
        if self.actor_id is None:
            return ""
        return str(self.personal.get(PersonalPart.ACTOR, {}).get("label", ERASED))

    @property
    def ip(self) -> str | None:
        return self.personal.get(PersonalPart.ACTOR, {}).get("ip")

    @property
    def device(self) -> str:
        return str(self.personal.get(PersonalPart.ACTOR, {}).get("device", ""))

    @property
    def target_name(self) -> str:
        """Which object it was done to, also where its name is personal."""
        if self.target_label or not self.target_commitment:
            return self.target_label
        return str(self.personal.get(PersonalPart.TARGET, {}).get("label", ERASED))

    @property
    def target_key(self) -> str:
        """How its object is asked for; empty where there is none."""
        return f"{self.target_type}:{self.target_uuid or self.target_id}" if self.target_type else ""

    @property
    def diff(self) -> list[tuple[str, str | None, str]]:
        """Rows of field, before, after."""
        return readable(self.all_changes)

    @property
    def all_changes(self) -> dict[str, Any]:
        """Changes with those that are personal, as far as they are not erased."""
        return {**self.changes, **self.personal.get(PersonalPart.TARGET, {}).get("changes", {})}


class PersonalPart(models.Model):
    """What of an entry is personal data. May be deleted, never changed: the entry holds its salted SHA-256."""

    ACTOR, TARGET = "actor", "target"

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="parts")
    part = models.CharField(max_length=6, choices=[(ACTOR, "actor"), (TARGET, "target")])
    person_id = models.BigIntegerField(null=True, db_index=True)
    salt = models.CharField(max_length=32)
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "part"], name="journal_part_unique")]

    def __str__(self) -> str:
        return f"{self.part} of entry {self.entry_id}"
