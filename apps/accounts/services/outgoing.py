"""Handing a stored mail to the mail server: once at a time, and again later when the server is away or refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.accounts.models import Outgoing

log = structlog.get_logger(__name__)

# Held while a worker sends, longer than the mail server's time-out; then 2, 4, 8 … minutes.
LEASE = timedelta(minutes=1)
MOST_ATTEMPTS = 10

Mail = TypeVar("Mail", bound=Outgoing)


def due(mails: QuerySet[Mail]) -> QuerySet[Mail]:
    """Those whose turn it is; one that another worker holds comes up when its lease is over."""
    return mails.filter(gave_up_at=None, next_try_at__lte=timezone.now())


def lease(mails: QuerySet[Any]) -> bool:
    """Hold the one mail of this query against all other workers. Returns whether there is one to send."""
    return bool(
        due(mails).update(
            next_try_at=timezone.now() + LEASE, attempts=F("attempts") + 1, updated_at=timezone.now()
        )
    )


def deliver(mail: Outgoing, send: Callable[[], object]) -> bool:
    """Send it. A failure puts it off; returns whether it was taken by the mail server."""
    try:
        send()
    except Exception as error:
        now = timezone.now()
        mail.error = str(error)[:300]
        mail.next_try_at = now + timedelta(minutes=2**mail.attempts)
        mail.gave_up_at = now if mail.attempts >= MOST_ATTEMPTS else None
        mail.save(update_fields=["error", "next_try_at", "gave_up_at", "updated_at"])
        log.warning(
            "mail_not_sent", mail=mail.pk, kind=type(mail).__name__, attempts=mail.attempts, error=mail.error,
            exc_info=not isinstance(error, OSError),
        )  # fmt: skip
        return False
    return True
