"""Celery entry points of the notifications room."""

from celery import shared_task

from apps.notifications import services


@shared_task(name="notifications.measure_speeds", ignore_result=True, expires=600)
def measure_speeds() -> None:
    """How fast each channel is, for routing by cost. Every quarter of an hour."""
    services.measure_speeds()


@shared_task(name="notifications.send_due", ignore_result=True, expires=30)
def send_due() -> None:
    """Send what is due. Queued when something was stored and, in case that got lost, by beat."""
    if services.send_due():
        send_due.delay()
