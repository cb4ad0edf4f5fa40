"""Celery entry points of the formulas room."""

from celery import shared_task

from apps.formulas import services


@shared_task(name="formulas.send_share")
def send_share(share_id: int) -> None:
    services.send_share(share_id)
