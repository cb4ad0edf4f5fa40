"""Mail that somebody asked for: links, invitations, proofs of an address.

`ask_for_mail` stores the request with the change that calls for it; a worker writes and sends the mail and deletes the
request. A lost queue, a dead worker or a mail server that is away only delay it: `send_due_mail` finds what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from apps.accounts.language import writing_to
from apps.accounts.models import MailRequest, User
from apps.accounts.services.outgoing import deliver, lease
from apps.accounts.services.throttling import may_mail
from apps.core.jobs import enqueue_on_commit

Send = TypeVar("Send", bound=Callable[[Any], None])


@dataclass(frozen=True)
class Sender:
    """How mail of one kind is written and sent; `is_limited` means at most three an hour to one address."""

    send: Callable[[Any], None]
    is_limited: bool


_senders: dict[str, Sender] = {}


def sends(kind: str, *, limited: bool = True) -> Callable[[Send], Send]:
    """Register a room's sender of this kind of mail.

    It is called with the id of what the mail is about, or with the address where no id was given, and does nothing
    when that is gone or over. It may be called twice, when a worker died: nobody knows whether the server had taken it.
    """

    def register(send: Send) -> Send:
        _senders[kind] = Sender(send, limited)
        return send

    return register


@transaction.atomic
def ask_for_mail(kind: str, *, to: str, about: int | None = None) -> None:
    """Store the request in the surrounding transaction and queue it once that commits.

    One row, whoever the address belongs to: neither time nor work tells who has an account.
    """
    asked = MailRequest.objects.create(
        kind=kind,
        recipient=to,
        object_id=about,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        next_try_at=timezone.now(),
    )
    enqueue_on_commit("accounts.send_asked_mail", request_id=asked.pk)


def send_asked_mail(request_id: int) -> bool:
    """Send the mail unless somebody else does or did; on failure it is tried again later.

    Returns whether it is done. Mail beyond the limit of its kind is dropped, counted at the first attempt only.
    """
    mine = MailRequest.objects.filter(pk=request_id)
    if not lease(mine):
        return False
    asked = mine.get()
    sender = _senders.get(asked.kind, Sender(partial(_refuse, asked.kind), is_limited=False))
    if asked.attempts == 1 and sender.is_limited and not may_mail(asked.kind, asked.recipient):
        asked.delete()
        return False
    about = asked.recipient if asked.object_id is None else asked.object_id
    person = User.objects.select_related("preferences").filter(email__iexact=asked.recipient).first()
    with writing_to(person) if person else translation.override(asked.language):
        if not deliver(asked, lambda: sender.send(about)):
            return False
    asked.delete()
    return True


def _refuse(kind: str, about: object) -> None:
    raise LookupError(f"No room sends mail of the kind “{kind}”.")
