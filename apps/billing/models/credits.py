"""The ledger of credits: double entry, with guards in the database (migration 0006) that hold whoever writes.

Credits come in buckets. Each bucket has six accounts: what was `issued` into it is `available`, `held` for work under
way, `spent`, `expired` or `withdrawn`. An entry moves an amount from one of them to another, so nothing can be out of
balance; the columns of the bucket are the balances, kept by a trigger and refused to everybody else. No account can
fall below zero. Entries are only ever inserted, in the statement that inserts their transaction.

Workspaces and people are plain ids here: the ledger outlives them, without naming anybody.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.billing.choices import MOVES, REFERENCES, Account, BucketSource, LedgerKind

CLOSING = (LedgerKind.SETTLE, LedgerKind.RELEASE)


class CreditBucket(models.Model):
    """Credits of one origin that expire together. Spent by priority, then by the earliest expiry."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workspace_id = models.BigIntegerField()
    source = models.CharField(max_length=10, choices=BucketSource)
    priority = models.SmallIntegerField(help_text="The lowest is spent first.")
    expires_at = models.DateTimeField(null=True, blank=True)
    issued = models.BigIntegerField(default=0, db_default=0, editable=False)
    available = models.BigIntegerField(default=0, db_default=0, editable=False)
    held = models.BigIntegerField(default=0, db_default=0, editable=False)
    spent = models.BigIntegerField(default=0, db_default=0, editable=False)
    expired = models.BigIntegerField(default=0, db_default=0, editable=False)
    withdrawn = models.BigIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id"], name="billing_bucket_workspace"),
            models.Index(
                fields=["expires_at"], name="billing_bucket_expiry", condition=Q(expires_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    issued=F("available") + F("held") + F("spent") + F("expired") + F("withdrawn"),
                    available__gte=0,
                    held__gte=0,
                    spent__gte=0,
                    expired__gte=0,
                    withdrawn__gte=0,
                ),
                name="billing_bucket_balanced",
            )
        ]

    def __str__(self) -> str:
        return f"{self.available} of {self.issued} {self.source} credits"

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class LedgerTransaction(models.Model):
    """One thing that happened to a workspace's credits; its key makes a repetition harmless.

    `amount` is what its entries move in all, `change` what that does to the available credits and `balance` what is
    available after it. A settlement, release or refund names the transaction that held the credits.
    """

    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    workspace_id = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=LedgerKind)
    key = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    change = models.BigIntegerField()
    balance = models.BigIntegerField()
    hold = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="later"
    )  # the guard checks it
    reference = models.CharField(
        max_length=120, blank=True, help_text="What it was for, for example signals.firing:UUID."
    )
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "id"], name="billing_ledger_workspace"),
            models.Index(fields=["hold"], name="billing_ledger_refunds", condition=Q(kind=LedgerKind.REFUND)),
            BrinIndex(fields=["created_at"], name="billing_ledger_moment"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="billing_ledger_key"),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(kind__in=CLOSING), name="billing_ledger_closed_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_ledger_amount_gt_0"),
            models.CheckConstraint(
                condition=Q(kind__in=[*CLOSING, LedgerKind.REFUND], hold__isnull=False)
                | (~Q(kind__in=[*CLOSING, LedgerKind.REFUND]) & Q(hold__isnull=True)),
                name="billing_ledger_names_its_hold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def purpose(self) -> str:
        """The reference as people read it: "Firing 0b0a5c39" for signals.firing:UUID, in the reader's language."""
        what, _, name = self.reference.partition(":")
        what = what.rpartition(".")[2]
        if words := REFERENCES.get(what):
            return str(words).format(name=name[:8]).strip()
        return f"{what.replace('_', ' ').capitalize()} {name[:8]}".strip()

    @property
    def used(self) -> int:
        """What a settlement really cost."""
        return self.amount - self.change if self.kind == LedgerKind.SETTLE else 0


class LedgerEntry(models.Model):
    """An amount that left the account `debit` of a bucket and reached its account `credit`."""

    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    bucket = models.ForeignKey(
        CreditBucket, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    debit = models.CharField(max_length=9, choices=Account)
    credit = models.CharField(max_length=9, choices=Account)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_entry_amount_gt_0"),
            models.CheckConstraint(
                condition=models.Q(
                    *(Q(debit=debit, credit=credit) for debit, credit in MOVES), _connector=Q.OR
                ),
                name="billing_entry_known_move",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} from {self.debit} to {self.credit}"


class LedgerNote(models.Model):
    """Why, in words: written by people, so it goes with the workspace while the ledger stays."""

    transaction = models.OneToOneField(LedgerTransaction, on_delete=models.CASCADE, related_name="note")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.text


class LedgerCheck(models.Model):
    """What recomputing every balance from the entries found."""

    checked_at = models.DateTimeField()
    buckets = models.BigIntegerField()
    transactions = models.BigIntegerField()
    faults = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {len(self.faults) or 'no'} faults"


class WorkspaceCredits(Workspace):
    """A workspace as the admin of credits sees it; no table of its own."""

    class Meta:
        proxy = True
        verbose_name = "credits of a workspace"
        verbose_name_plural = "credits of workspaces"
