"""Celery entry points of the platform."""

from celery import shared_task

from apps.core.api import idempotency


@shared_task(name="core.purge_idempotency_keys")
def purge_idempotency_keys() -> None:
    idempotency.purge_idempotency_keys()
