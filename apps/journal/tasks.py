"""Celery entry points of the journal."""

from celery import shared_task

from apps.journal import services


@shared_task(name="journal.seal_entries")
def seal_entries() -> None:
    services.seal_entries()


@shared_task(name="journal.run_consumers", ignore_result=True, expires=30)
def run_consumers() -> None:
    """Queued at commit for consumers that want to know soon, and by beat for all."""
    services.run_consumers()
