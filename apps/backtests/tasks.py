"""Celery entry points of the backtests room."""

from typing import Any

from celery import shared_task

from apps.backtests import services


@shared_task(name="backtests.work_next", bind=True)
def work_next(self: Any, wanted: str = "") -> None:
    """Take what waits first; `wanted` names, for the log, the job whose asking sent this message."""
    services.work_next(self.request.id or "")


@shared_task(name="backtests.resume_jobs", ignore_result=True, expires=15)
def resume_jobs() -> None:
    services.resume_jobs()
