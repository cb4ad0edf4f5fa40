"""How far each consumer has read, and what it still has to do again."""

from __future__ import annotations

from django.db import models

from apps.journal.models.entries import Entry


class Cursor(models.Model):
    """The place up to which a consumer has acted on every settled entry, or left it in a Retry."""

    consumer = models.CharField(max_length=60, unique=True)
    xid = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    moved_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.consumer


class Retry(models.Model):
    """An entry a consumer is to act on outside of its order: it failed, or somebody asked for a replay.

    After the last attempt it is parked until staff ask for another.
    """

    consumer = models.CharField(max_length=60)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    attempts = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    due_at = models.DateTimeField()
    parked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consumer", "entry"], name="journal_retry_unique")]
        indexes = [models.Index(fields=["consumer", "due_at"], name="journal_retry_due")]
        verbose_name_plural = "retries"

    def __str__(self) -> str:
        return f"{self.consumer}: entry {self.entry_id}"
