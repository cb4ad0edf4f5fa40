"""What every piece of research has in common: who asked, how far it is, and which worker holds it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.backtests.choices import FINISHED, Status
from apps.core.models import BaseModel
from apps.core.request_context import origin
from apps.formulas.models import Formula

UNFINISHED = Q(status__in=["queued", "running"])


class Job(BaseModel):
    """Work for one worker at a time.

    Workers take what waits in the order of `queue_key`: the moment of asking, less the head start of the plan. A
    running job's worker renews `lease_until`; once it has passed, any worker may take the job over.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    queue_key = models.DateTimeField(default=timezone.now)
    work_total = models.PositiveBigIntegerField(default=0)
    work_done = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    task_id = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    origin = models.JSONField(default=origin, blank=True)  # who asked, for the journal; emptied at the end

    class Meta:
        abstract = True
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["queue_key", "id"],
                condition=UNFINISHED,
                name="%(app_label)s_%(class)s_waiting",
            ),
        ]

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def percent(self) -> int:
        return round(100 * self.work_done / self.work_total) if self.work_total else 0

    @property
    def per_second(self) -> float:
        """Work done a second since this attempt began; 0 before anything is done."""
        if not (self.started_at and self.work_done):
            return 0.0
        return self.work_done / max((timezone.now() - self.started_at).total_seconds(), 1e-3)

    @property
    def time_left(self) -> str:
        """About how long the rest takes at that rate; empty where nothing can be said."""
        if not self.per_second:
            return ""
        seconds = (self.work_total - self.work_done) / self.per_second
        return (
            gettext("{number} s").format(number=f"{seconds:.0f}")
            if seconds < 90
            else gettext("{number} min").format(number=f"{seconds / 60:.0f}")
        )

    @property
    def kind(self) -> str:
        """`backtest`, `sweep`, `walkforward` ...: the word for it in journal entries, groups and meters."""
        return str(self._meta.model_name)

    @property
    def live_group(self) -> str:
        """The Channels group that hears of this job's progress."""
        return f"{self.kind}.{self.uuid}"


class Question(Job):
    """A job a person asked for, once: `identity` hashes all that decides its result.

    The result is a JSON file on storage, `result_sha256` its hash; only a summary stands in the row.
    """

    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    parameters = models.JSONField()
    engine_version = models.CharField(max_length=20)
    identity = models.CharField(max_length=64)
    hashes = models.JSONField(null=True, blank=True)
    result_hash = models.CharField(max_length=64, blank=True)
    result_path = models.CharField(max_length=200, blank=True)
    result_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
        indexes: ClassVar[list[models.Index]] = [
            *Job.Meta.indexes,
            models.Index(fields=["workspace", "-id"], name="%(app_label)s_%(class)s_recent"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # One finished or waiting run per identity: the same question is answered from store.
            models.UniqueConstraint(
                fields=["workspace", "identity"],
                condition=Q(status__in=["queued", "running", "done"]),
                name="%(app_label)s_%(class)s_identity_unique",
            ),
        ]

    @property
    def meter_key(self) -> str:
        """Names this job's quota reservation."""
        return f"{self.kind}:{self.uuid}"


class FormulaQuestion(Question):
    """A question about one formula's text. `lineage` names the formula in the trial ledger."""

    formula = models.ForeignKey(Formula, null=True, on_delete=models.SET_NULL, related_name="+")
    formula_name = models.CharField(max_length=120)
    formula_text = models.TextField()
    formula_hash = models.CharField(max_length=64)
    lineage = models.UUIDField()
    start: models.DateField[date | None, Any] = models.DateField(null=True, blank=True)
    end: models.DateField[date | None, Any] = models.DateField(null=True, blank=True)

    class Meta(Question.Meta):
        abstract = True
