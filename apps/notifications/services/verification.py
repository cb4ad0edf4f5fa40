"""Proving that a contact is its person's: a code goes there, and comes back by the page."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.journal.services import record
from apps.notifications.errors import TooManyCodes, WrongCode
from apps.notifications.models import Contact, Notice
from apps.notifications.rules.codes import (
    CODE,
    LIFE,
    MOST_AN_HOUR,
    MOST_TRIES,
    PAUSE,
    code_for,
    hash_of,
    is_code,
    new_nonce,
)
from apps.notifications.services.plans import NewNotice
from apps.notifications.services.queueing import queue_notices


@transaction.atomic
def send_code(contact: Contact, *, actor: User) -> str:
    """Send a new code there; the one before it stops counting. Returns it, for who runs the installation without
    sending anything.

    Raises Conflict for a contact that is confirmed or off, TooManyCodes.
    """
    User.objects.select_for_update().only("pk").get(
        pk=contact.person_id
    )  # two at once would both be within the limit
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    now = timezone.now()
    if contact.verified_at is not None:
        raise Conflict(gettext("{label} is confirmed already.").format(label=contact.label))
    if contact.disabled_at is not None:
        raise Conflict(gettext("{label} is switched off.").format(label=contact.label))
    if contact.code_expires_at is not None and (
        wait := contact.code_expires_at - LIFE + PAUSE - now
    ) > timedelta(0):
        raise _too_many(gettext("A code was sent a moment ago"), wait)
    codes = Notice.objects.filter(
        person_id=contact.person_id, event=CODE.name, created_at__gt=now - timedelta(hours=1)
    )
    sent = sorted(codes.values_list("created_at", flat=True))
    if len(sent) >= MOST_AN_HOUR:
        free_at = sent[-MOST_AN_HOUR] + timedelta(hours=1)
        raise _too_many(
            gettext("{most_an_hour} codes were sent within an hour").format(most_an_hour=MOST_AN_HOUR),
            free_at - now,
        )
    nonce = new_nonce()
    code = code_for(str(contact.uuid), nonce)
    contact.code_hash = hash_of(str(contact.uuid), code)
    contact.code_expires_at, contact.code_tries = now + LIFE, 0
    contact.save(update_fields=["code_hash", "code_expires_at", "code_tries", "updated_at"])
    queue_notices(
        [
            NewNotice(
                person_id=contact.person_id,
                workspace_id=contact.workspace_id,
                event=CODE.name,
                key=f"code:{nonce}",
                channels=(contact.channel,),
                contact_ids=(contact.pk,),
                data={"contact": str(contact.uuid), "nonce": nonce},
                deadline_at=contact.code_expires_at,
            )
        ]
    )
    return code


def confirm_contact(contact: Contact, code: str, *, actor: User) -> Contact:
    """Use the contact from now on. Raises WrongCode, and counts it: after five wrong ones a new code is needed."""
    with transaction.atomic():
        contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
        if contact.verified_at is not None:
            return contact
        wrong = _what_is_wrong(contact, "".join(code.split()))
        if wrong is None:
            contact.verified_at = timezone.now()
            contact.code_hash, contact.code_expires_at, contact.code_tries = "", None, 0
            _keep(contact)
            record(
                actor=actor,
                workspace=contact.workspace,
                action="notifications.contact.confirmed",
                target=contact,
                changes={"channel": contact.channel},
                personal={"contact": contact.label},
                subject=contact.person,
            )
            return contact
        contact.code_tries += 1
        _keep(contact)
    raise WrongCode(wrong, field="code")


def _keep(contact: Contact) -> None:
    contact.save(update_fields=["verified_at", "code_hash", "code_expires_at", "code_tries", "updated_at"])


def _what_is_wrong(contact: Contact, code: str) -> str | None:
    if not contact.code_hash or contact.disabled_at is not None:
        return gettext("No code is waiting. Ask for a new one.")
    if contact.code_expires_at is None or contact.code_expires_at <= timezone.now():
        return gettext("The code has expired. Ask for a new one.")
    if contact.code_tries >= MOST_TRIES:
        return gettext("Too many wrong codes. Ask for a new one.")
    if is_code(str(contact.uuid), code, contact.code_hash):
        return None
    left = MOST_TRIES - contact.code_tries - 1
    return ngettext(
        "This is not the code that was sent. {left} try is left.",
        "This is not the code that was sent. {left} tries are left.",
        left,
    ).format(left=left)


def _too_many(why: str, wait: timedelta) -> TooManyCodes:
    seconds = max(1, int(wait.total_seconds()) + 1)
    words = f"{seconds} s" if seconds < 120 else gettext("{value} min").format(value=(seconds + 59) // 60)
    return TooManyCodes(
        gettext("{why}. The next one can be sent in {words}.").format(why=why, words=words),
        headers={"Retry-After": str(seconds)},
    )
