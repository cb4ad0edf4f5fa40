"""Celery entry points of the accounts room."""

from celery import shared_task

from apps.accounts import services
from apps.accounts.services import privacy


@shared_task(name="accounts.send_asked_mail")
def send_asked_mail(request_id: int) -> None:
    services.send_asked_mail(request_id)


@shared_task(name="accounts.send_mail")
def send_mail(mail_id: int) -> None:
    services.send_security_mail(mail_id)


@shared_task(name="accounts.send_due_mail")
def send_due_mail() -> None:
    """Mail that was never queued, or whose turn to be tried again has come."""
    services.send_due_mail()


@shared_task(name="accounts.tidy_logins")
def tidy_logins() -> None:
    services.end_expired_impersonations()
    services.forget_spent_tokens()
    services.tell_of_expiring_keys()


@shared_task(name="accounts.build_export")
def build_export(export_id: int) -> None:
    privacy.build_export(export_id)


@shared_task(name="accounts.carry_out_privacy")
def carry_out_privacy() -> None:
    """Exports whose job was lost, deletions whose day has come, and files they left."""
    privacy.resume_exports()
    privacy.erase_due_people()
    privacy.close_due_workspaces()


@shared_task(name="accounts.purge")
def purge() -> None:
    privacy.purge()
