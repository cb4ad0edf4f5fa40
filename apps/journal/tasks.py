"""Celery entry points of the journal."""

import structlog
from celery import shared_task

from apps.core.live import push
from apps.journal import services

log = structlog.get_logger(__name__)


@shared_task(name="journal.seal_entries")
def seal_entries() -> None:
    services.seal_entries()


@shared_task(name="journal.run_consumers", ignore_result=True, expires=30)
def run_consumers() -> None:
    """Queued at commit for consumers that want to know soon, and by beat for all."""
    services.run_consumers()


@shared_task(name="journal.verify_all", ignore_result=True)
def verify_all() -> None:
    """Every night: all chains and the checkpoints over them. A fault is an error in the log."""
    found = services.verify_journal()
    services.keep_verification(found)
    if found.faults:
        log.error("journal_not_whole", faults=found.faults[:20], count=len(found.faults))


@shared_task(name="journal.verify_workspace", ignore_result=True)
def verify_workspace(workspace_id: int) -> None:
    """Somebody asked on the page, which is told when it is done."""
    found = services.verify_workspace(workspace_id)
    services.keep_verification(found, workspace_id)
    if found.faults:
        log.error(
            "journal_not_whole", workspace_id=workspace_id, faults=found.faults[:20], count=len(found.faults)
        )
    push(services.live_group(workspace_id), {"kind": "verified"})
