"""Where people are reached: adding, switching off, and what belongs to webhooks."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core import standard_webhooks as signing
from apps.core.errors import Conflict
from apps.core.jobs import enqueue_on_commit
from apps.core.quotas import check_room
from apps.core.words import gettext_lazy, gettext_noop, said_in_words
from apps.engine.lang import FormulaError
from apps.engine.lang.payloads import compile_condition
from apps.journal.services import record
from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DeliveryStatus, DisabledFor
from apps.notifications.errors import NotToBeChosen, TooManyTests
from apps.notifications.models import Contact, Delivery, Notice
from apps.notifications.rules.events import CONTACT_DISABLED, TEST, events
from apps.notifications.services.plans import NewNotice
from apps.notifications.services.queueing import queue_notices

OVERLAP = timedelta(hours=24)
MOST_OVERLAP = timedelta(days=7)
MOST_TESTS_AN_HOUR = 20
MOST_CONTACTS = 50  # of a person, or of a workspace
WHY_OFF = {
    DisabledFor.GONE: gettext_lazy("It answered that it does not exist any more."),
    DisabledFor.BOUNCED: gettext_lazy(
        "Mail to it came back. Switch it on again under Contacts once it takes mail."
    ),
    DisabledFor.COMPLAINED: gettext_lazy(
        "A message to it was reported as spam, so nothing more is sent there."
    ),
    DisabledFor.FAILING: gettext_lazy(
        "Every delivery to it failed for several days. Mend it, switch it on again and replay what it missed."
    ),
}
REPLAYABLE = (
    DeliveryStatus.DELIVERED,
    DeliveryStatus.FAILED,
    DeliveryStatus.CANCELLED,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.DRY_RUN,
)


def target_digest(channel: str, target: str) -> str:
    """Recognises a target without keeping it readable."""
    return salted_hmac("notifications.contact", f"{channel}:{target}", algorithm="sha256").hexdigest()


@transaction.atomic
def add_contact(
    person: User,
    *,
    channel: str,
    target: str,
    actor: User | None,
    workspace: Workspace | None = None,
    secrets: Any = None,
    options: dict[str, Any] | None = None,
    is_verified: bool = False,
) -> Contact:
    """Store a target, not yet used unless it `is_verified`: proving that it is theirs is the caller's to see to.

    Raises BadTarget for one the channel cannot send to, Conflict for one that is there already.
    """
    way = channel_of(channel)
    target = way.check_target(target)
    others = Contact.objects.exclude(disabled_for=DisabledFor.REMOVED)
    others = others.filter(workspace=workspace) if workspace else others.filter(person=person, workspace=None)
    if others.count() >= MOST_CONTACTS:
        raise Conflict(
            gettext("There are {most_contacts} already; remove one first.").format(
                most_contacts=MOST_CONTACTS
            )
        )
    try:
        with transaction.atomic():
            contact = Contact.objects.create(
                person=person,
                workspace=workspace,
                channel=channel,
                label=way.mask(target),
                target=target,
                target_digest=target_digest(channel, target),
                secrets=json.dumps(secrets) if secrets is not None else "",
                options=options or {},
                verified_at=timezone.now() if is_verified else None,
            )
    except IntegrityError:
        raise Conflict(
            gettext("{mask} is among your contacts already.").format(mask=way.mask(target)), field="target"
        ) from None
    _record(contact, "added", actor)
    return contact


@transaction.atomic
def add_webhook(
    person: User,
    *,
    url: str,
    actor: User | None,
    workspace: Workspace | None = None,
    asymmetric: bool = False,
    options: dict[str, Any] | None = None,
) -> tuple[Contact, str]:
    """An endpoint and what its owner verifies signatures with: the shared secret, or the public key (`asymmetric`).

    Raises as `add_contact` does, and 402 when the workspace's plan has no room for another.
    """
    if workspace is not None:
        check_room(workspace, "webhook_destinations")
    key = signing.new_private_key() if asymmetric else signing.new_secret()
    options = {**(options or {})}
    options["filter"] = check_filter(options.get("filter", ""))
    contact = add_contact(
        person,
        channel="webhook",
        target=url,
        actor=actor,
        workspace=workspace,
        secrets=[{"key": key, "until": None}],
        options=options,
        is_verified=True,  # whoever cannot read the signatures learns nothing from what is sent
    )
    return contact, signing.public_key_of(key) if asymmetric else key


@transaction.atomic
def rotate_webhook_key(contact: Contact, *, actor: User | None, overlap: timedelta = OVERLAP) -> str:
    """A new key of the same kind; the old ones go on signing beside it for `overlap`. Returns as `add_webhook` does."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    now = timezone.now()
    until = (now + min(overlap, MOST_OVERLAP)).isoformat()
    held: Any = contact.secrets
    kept = []
    for entry in json.loads(held.reveal()):
        end = entry["until"] or until
        if datetime.fromisoformat(end) > now:
            kept.append({"key": entry["key"], "until": min(end, until, key=datetime.fromisoformat)})
    asymmetric = bool(kept and kept[0]["key"].startswith(signing.PRIVATE))
    key = signing.new_private_key() if asymmetric else signing.new_secret()
    contact.secrets = json.dumps([{"key": key, "until": None}, *kept[:3]])
    contact.save(update_fields=["secrets", "updated_at"])
    _record(contact, "key_rotated", actor)
    return signing.public_key_of(key) if asymmetric else key


@transaction.atomic
def disable_contact(contact: Contact, *, why: DisabledFor, note: str = "", actor: User | None = None) -> bool:
    """Send nothing there any more. Returns whether it was in use.

    Where the contact itself is the cause, its person is told, on the ways that are left.
    """
    now = timezone.now()
    if not Contact.objects.filter(pk=contact.pk, disabled_at=None).update(
        disabled_at=now, disabled_for=why, disabled_note=note[:300], updated_at=now
    ):
        return False
    Delivery.objects.filter(contact=contact, status=DeliveryStatus.WAITING).update(
        status=DeliveryStatus.CANCELLED, ended_at=now, error=gettext_noop("the contact was switched off")
    )
    contact.refresh_from_db()
    _record(contact, "disabled", actor, why=str(why))
    if why in WHY_OFF:
        way = channel_of(contact.channel)
        queue_notices(
            [
                NewNotice(
                    person_id=contact.person_id,
                    workspace_id=contact.workspace_id,
                    event=CONTACT_DISABLED.name,
                    key=f"contact-disabled:{contact.uuid}:{now.isoformat()}",
                    data=lambda: {
                        "title": gettext("{words} {label} is switched off").format(
                            words=way.words, label=contact.label
                        ),
                        "text": WHY_OFF[why],
                        "facts": [[gettext("Last error"), note[:300]]],
                    },
                )
            ]
        )
    return True


@transaction.atomic
def enable_contact(contact: Contact, *, actor: User | None) -> None:
    """Use it again; what it missed meanwhile is not sent by that alone."""
    Contact.objects.filter(pk=contact.pk).exclude(disabled_for=DisabledFor.REMOVED).update(
        disabled_at=None, disabled_for="", disabled_note="", failing_since=None, updated_at=timezone.now()
    )
    contact.refresh_from_db()
    _record(contact, "enabled", actor)


@transaction.atomic
def remove_contact(contact: Contact, *, actor: User | None) -> None:
    """Forget the target. An empty row stays behind the deliveries that it had."""
    disable_contact(contact, why=DisabledFor.PERSON, actor=actor)
    Contact.objects.filter(pk=contact.pk).update(
        target="", secrets="", target_digest="", options={}, disabled_for=DisabledFor.REMOVED
    )
    contact.refresh_from_db()
    _record(contact, "removed", actor)


@transaction.atomic
def replay_deliveries(
    contact: Contact,
    *,
    since: datetime,
    until: datetime,
    actor: User | None,
    also_delivered: bool = False,
    now: datetime | None = None,
) -> int:
    """Send again what failed there (or all of it) in a span of time, under the same keys. Returns how many.

    Raises Conflict for a contact that is off.
    """
    if not contact.is_usable:
        raise Conflict(gettext("{label} is switched off; switch it on first.").format(label=contact.label))
    now = now or timezone.now()
    again = [DeliveryStatus.FAILED, DeliveryStatus.CANCELLED, DeliveryStatus.UNKNOWN, DeliveryStatus.DRY_RUN]
    if also_delivered:
        again.append(DeliveryStatus.DELIVERED)
    number = Delivery.objects.filter(
        contact=contact, created_at__gte=since, created_at__lt=until, status__in=again
    ).update(status=DeliveryStatus.WAITING, send_after=now, tries=0, ended_at=None, error="")
    if number:
        _record(contact, "replayed", actor, deliveries=number)
        enqueue_on_commit("notifications.send_due")
    return number


@transaction.atomic
def replay_delivery(delivery: Delivery, *, actor: User | None) -> None:
    """Send one again, under the same key. Raises Conflict while it is on its way, or its contact is off."""
    contact = delivery.contact
    if contact is None or not contact.is_usable:
        raise Conflict(gettext("Its contact is switched off or removed."))
    if not Delivery.objects.filter(pk=delivery.pk, status__in=REPLAYABLE).update(
        status=DeliveryStatus.WAITING, send_after=timezone.now(), tries=0, ended_at=None, error=""
    ):
        raise Conflict(gettext("It has not ended yet, or was part of a digest."))
    _record(contact, "replayed", actor, deliveries=1)
    enqueue_on_commit("notifications.send_due")


@transaction.atomic
def change_contact(
    contact: Contact, *, actor: User | None, events: list[str] | None = None, **options: Any
) -> Contact:
    """Set what it takes (`events`: names, beginnings like "signals.*", or "*") and other options of its channel.

    Raises NotToBeChosen for an event that nobody tells, and a filter that is no condition.
    """
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    values = dict(options)
    if "filter" in values:
        values["filter"] = check_filter(values["filter"])
    if events is not None:
        values["events"] = check_events(events)
    changes = {
        name: [contact.options.get(name), value]
        for name, value in values.items()
        if contact.options.get(name) != value
    }
    if changes:
        contact.options = {**contact.options, **values}
        contact.save(update_fields=["options", "updated_at"])
        _record(contact, "changed", actor, **changes)
    return contact


def check_filter(text: str) -> str:
    """A condition over what an endpoint would be told. Raises NotToBeChosen with the first thing wrong in it."""
    if not text.strip():
        return ""
    try:
        return compile_condition(text).text
    except FormulaError as error:
        problem = error.errors[0]
        hint = f" ({said_in_words(problem.hint)})" if problem.hint else ""
        raise NotToBeChosen(
            gettext("At character {column}: {message}{hint}.").format(
                column=problem.column, message=said_in_words(problem.message), hint=hint
            ),
            field="filter",
        ) from None


def check_events(patterns: list[str]) -> list[str]:
    """The patterns, each once. Raises NotToBeChosen for one that fits no event."""
    names = [event.name for event in events()]
    for pattern in patterns:
        start = pattern[:-1] if pattern.endswith("*") else None
        if not any(name == pattern if start is None else name.startswith(start) for name in names):
            raise NotToBeChosen(
                gettext("There is no event {pattern!r}.").format(pattern=pattern[:80]), field="events"
            )
    return sorted(set(patterns))


def send_test_notice(contact: Contact) -> str:
    """Send a test to the contact. Returns the notice's key.

    Raises Conflict for a contact that is not confirmed or off, TooManyTests.
    """
    if not contact.is_usable:
        raise Conflict(gettext("It is not confirmed, or switched off, so nothing can be sent there."))
    recent = Notice.objects.filter(
        person_id=contact.person_id, event=TEST.name, created_at__gt=timezone.now() - timedelta(hours=1)
    )
    if recent.count() >= MOST_TESTS_AN_HOUR:
        raise TooManyTests(
            gettext("{most_tests_an_hour} tests were sent within an hour. Try again later.").format(
                most_tests_an_hour=MOST_TESTS_AN_HOUR
            )
        )
    key = f"test:{contact.uuid}:{timezone.now().isoformat()}"
    queue_notices(
        [
            NewNotice(
                person_id=contact.person_id,
                workspace_id=contact.workspace_id,
                event=TEST.name,
                key=key,
                channels=(contact.channel,),
                contact_ids=(contact.pk,),
                data=lambda: {
                    "title": gettext("This is a test"),
                    "text": gettext("It was sent to {label}.").format(label=contact.label),
                    "url": settings.SITE_URL,
                },
                is_test=True,
            )
        ]
    )
    return key


def _record(contact: Contact, verb: str, actor: User | None, **changes: Any) -> None:
    record(
        actor=actor,
        workspace=contact.workspace,
        action=f"notifications.contact.{verb}",
        target=contact,
        changes={"channel": contact.channel, **changes},
        personal={"contact": contact.label},
        subject=contact.person,
    )
