"""Celery entry points of pages that join rooms."""

from __future__ import annotations

from celery import shared_task

from apps.pages.telling import tell_receipts


@shared_task(name="pages.tell_receipts")
def tell_receipts_of_month() -> None:
    """On the first three days of a month: what the last one brought. Repeats tell nobody twice."""
    tell_receipts()
