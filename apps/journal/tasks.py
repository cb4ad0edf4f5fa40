"""Celery entry points of the journal."""

from celery import shared_task

from apps.journal import services


@shared_task(name="journal.seal_entries")
def seal_entries() -> None:
    services.seal_entries()
