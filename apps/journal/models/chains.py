"""Seals chain each workspace's entries; checkpoints chain the seals of all."""

from __future__ import annotations

from django.db import models


class Seal(models.Model):
    """A batch of one workspace's entries, bound to the batch before it; workspace None is the system's own chain.

    The manifest names every entry, so that whatever is edited, removed or inserted later can be named too.
    """

    workspace_id = models.BigIntegerField(null=True)
    number = models.IntegerField()
    previous_hash = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField()
    chain_hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "number"], name="journal_seal_number", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"seal {self.number} of {chain_name(self.workspace_id)}"


class Checkpoint(models.Model):
    """The seals made in one round, bound to the round before it: a chain whose end was cut off is missed here."""

    number = models.IntegerField(unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    heads = models.JSONField(help_text="[workspace id, number, hash] of every seal of this round.")
    end_xid = models.BigIntegerField()
    end_id = models.BigIntegerField()
    chain_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint {self.number}"


class Clock(models.Model):
    """One row: how far entries were read as settled, and what to add to the database's transaction numbers.

    A dump restored into a new cluster begins to count anew; the shift lets the order go on where it was.
    """

    shift = models.BigIntegerField(default=0)
    settled_to = models.BigIntegerField(default=0)


class Verification(models.Model):
    """The outcome of one verification of a chain, for the pages that show whether the record is whole."""

    workspace_id = models.BigIntegerField(null=True, help_text="None: all chains and the checkpoints.")
    verified_at = models.DateTimeField()
    entries = models.IntegerField()
    seals = models.IntegerField()
    unsealed = models.IntegerField()
    erased = models.IntegerField()
    head = models.CharField(max_length=64, blank=True)
    faults = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="journal_verification_latest")]

    def __str__(self) -> str:
        return f"{chain_name(self.workspace_id)} at {self.verified_at:%Y-%m-%d %H:%M}"


def chain_name(workspace_id: int | None) -> str:
    """How a chain is called in messages."""
    return "the system's chain" if workspace_id is None else f"workspace {workspace_id}"
