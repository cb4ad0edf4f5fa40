"""Exports of a person's data, files that wait to be deleted, and how long the installation keeps things."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.choices import ExportStatus
from apps.accounts.models.people import User
from apps.core.models import BaseModel


class DataExport(BaseModel):
    """A ZIP with everything about a person, made by a job; the file is kept until `expires_at`.

    `done` of `total` parts are written. A running job renews `lease_until`; once that has passed, another takes over.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_exports")
    status = models.CharField(max_length=10, choices=ExportStatus, default=ExportStatus.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    path = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status__in=["queued", "running"]),
                name="accounts_dataexport_one_at_once",
            )
        ]

    def __str__(self) -> str:
        return f"export of {self.created_at:%Y-%m-%d}"

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0

    @property
    def is_open(self) -> bool:
        return self.status in (ExportStatus.QUEUED, ExportStatus.RUNNING)


class FileRemoval(models.Model):
    """A file or folder whose rows are gone: written in their transaction, removed after it, also by another process."""

    path = models.CharField(max_length=200)
    is_folder = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.path


class RetentionRule(BaseModel):
    """For how many days staff want something kept; without a row the register's own days hold."""

    kind = models.CharField(max_length=60, unique=True)
    days = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.days} days"
