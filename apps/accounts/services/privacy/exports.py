"""Exports: asked for, made by one job at a time, taken over from a job that died, downloaded."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta

import structlog
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import ExportStatus
from apps.accounts.errors import ExportNotReady
from apps.accounts.models import DataExport, User
from apps.accounts.selectors.privacy import scope_of
from apps.accounts.services.privacy.archive import Archive
from apps.core.jobs import enqueue_on_commit
from apps.core.privacy import holdings
from apps.journal.services import record

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=7)
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 3


@transaction.atomic
def request_export(user: User, *, actor: User) -> DataExport:
    """Queue an export; while one is being made, that one is the answer."""
    try:
        with transaction.atomic():
            export = DataExport.objects.create(user=user)
    except IntegrityError:
        return DataExport.objects.get(user=user, status__in=[ExportStatus.QUEUED, ExportStatus.RUNNING])
    record(actor=actor, workspace=None, action="accounts.export.requested", target=export)
    enqueue_on_commit("accounts.build_export", export_id=export.pk)
    return export


def build_export(export_id: int) -> bool:
    """Make the archive, unless another job is at it. Returns whether this call made it.

    What goes wrong is logged, and the next run of `resume_exports` tries again; after three attempts it has failed.
    """
    now = timezone.now()
    claimed = DataExport.objects.filter(_waiting(now), pk=export_id).update(
        status=ExportStatus.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1, done=0
    )
    if not claimed:
        return False
    export = DataExport.objects.select_related("user").get(pk=export_id)
    if export.attempts > MOST_ATTEMPTS:  # the last one died without a word
        _give_up(export)
        return False
    try:
        return _build(export)
    except Exception:
        log.exception("export_failed", export=export.pk, attempts=export.attempts)
        if export.attempts == MOST_ATTEMPTS:
            _give_up(export)
        else:
            _mine(export).update(lease_until=timezone.now())
        return False


def _build(export: DataExport) -> bool:
    with tempfile.NamedTemporaryFile(prefix="export-", suffix=".zip") as file:
        scope = scope_of(export.user)
        tables = sorted(holdings().values(), key=lambda holding: holding.name)
        with Archive(file, export.user) as archive:
            for number, holding in enumerate(tables):
                archive.add(holding, scope)
                DataExport.objects.filter(pk=export.pk).update(
                    done=number + 1, total=len(tables) + 1, lease_until=timezone.now() + LEASE
                )
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        file.seek(0)
        path = f"exports/{export.uuid}-{export.attempts}.zip"
        default_storage.delete(path)
        default_storage.save(path, File(file))
    return _finish(export, path, size, digest)


@transaction.atomic
def _finish(export: DataExport, path: str, size: int, digest: str) -> bool:
    """Hand the archive over, unless another attempt has taken the export."""
    now = timezone.now()
    kept = _mine(export).update(
        status=ExportStatus.DONE,
        done=F("total"),
        path=path,
        size=size,
        sha256=digest,
        finished_at=now,
        expires_at=now + KEPT_FOR,
    )
    if not kept:
        default_storage.delete(path)
        return False
    record(
        actor=export.user,
        workspace=None,
        action="accounts.export.finished",
        target=export,
        changes={"bytes": size, "until": now + KEPT_FOR},
    )
    return True


def resume_exports() -> int:
    """Make what was never queued or whose job died. Returns how many were made."""
    waiting = DataExport.objects.filter(_waiting(timezone.now())).order_by("id").values_list("pk", flat=True)
    return sum(build_export(pk) for pk in list(waiting))


@transaction.atomic
def note_download(export: DataExport, *, actor: User) -> str:
    """The path of the file, for a download that is written down. Raises ExportNotReady when there is none."""
    if export.status != ExportStatus.DONE:
        raise ExportNotReady(gettext("This export is not ready yet."))
    if not export.path or export.expires_at is None or export.expires_at <= timezone.now():
        raise ExportNotReady(gettext("This export is gone: exports are kept for 7 days. Ask for a new one."))
    record(actor=actor, workspace=None, action="accounts.export.downloaded", target=export)
    return export.path


def _mine(export: DataExport) -> QuerySet[DataExport]:
    """The export's row, unless it is done or another attempt has taken it over."""
    return DataExport.objects.filter(pk=export.pk, status=ExportStatus.RUNNING, attempts=export.attempts)


def _give_up(export: DataExport) -> None:
    _mine(export).update(status=ExportStatus.FAILED, finished_at=timezone.now())


def _waiting(now: object) -> Q:
    return Q(status=ExportStatus.QUEUED) | Q(status=ExportStatus.RUNNING, lease_until__lt=now)
