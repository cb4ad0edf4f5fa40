"""From a claim to what is sent: is it still wanted, to whom does it go, what does it say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.language import writing_to
from apps.accounts.models import User
from apps.notifications.channels.base import AfterCrash, Channel, Message, Recipient, Rendered
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.choices import DeliveryStatus, Mode, Until
from apps.notifications.models import Contact, Delivery, Notice, Preference
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import TEST, Content, Event, event_of
from apps.notifications.rules.planning import earliest
from apps.notifications.rules.tokens import make_token
from apps.notifications.selectors import Reader, readers_of
from apps.notifications.services.sending.claiming import Claim
from apps.notifications.services.sending.outcomes import Ended, Held, Outcome

# how it ends without being sent, or until when it is held back
Verdict = tuple[DeliveryStatus, str] | datetime

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything an attempt needs; nothing in it touches the database."""

    claim: Claim
    channel: Channel
    to: Recipient
    rendered: Rendered
    key: str
    provider: str
    tries: int
    is_doubtful: bool
    doubtful_since: datetime
    contact_id: int | None


def load(claims: Sequence[Claim], *, now: datetime) -> tuple[list[Parcel], list[Outcome]]:
    """Parcels of what is to be sent, and the outcomes of what is not: by a constant number of queries."""
    numbers = {claim.delivery_id: claim for claim in claims}
    rows = (
        Delivery.objects.filter(pk__in=numbers)
        .select_related("notice", "contact", "person__preferences")
        .order_by("send_after", "id")
    )
    deliveries = list(rows)
    people = {delivery.person_id for delivery in deliveries}
    readers = readers_of(people)
    events = {delivery.notice.event for delivery in deliveries}
    chosen = {
        (person, event, channel): mode
        for person, event, channel, mode in Preference.objects.filter(
            person_id__in=people, event__in=events
        ).values_list("person_id", "event", "channel", "mode")
    }
    unread = _unread({delivery.person_id for delivery in deliveries if delivery.channel == "inbox"})
    parcels: list[Parcel] = []
    outcomes: list[Outcome] = []
    for delivery in deliveries:
        claim = numbers[delivery.pk]
        try:
            verdict: Parcel | Verdict | None = _verdict(
                delivery, readers.get(delivery.person_id), chosen, now
            )
            if verdict is None:
                verdict = _parcel(claim, delivery, unread)
        except Exception as error:  # one that cannot be rendered must not hold up the others
            log.exception("delivery_not_rendered", delivery=delivery.pk)
            verdict = (DeliveryStatus.FAILED, f"cannot be rendered: {type(error).__name__}")
        if isinstance(verdict, Parcel):
            parcels.append(verdict)
        elif isinstance(verdict, datetime):
            outcomes.append(Held(claim, verdict, "held back by quiet hours"))
        elif verdict is not None:
            outcomes.append(Ended(claim, *verdict))
    return parcels, outcomes


def _unread(people: set[int]) -> dict[int, int]:
    if not people:
        return {}
    rows = Notice.objects.filter(person_id__in=people, read_at=None, in_inbox=True).values("person_id")
    return {row["person_id"]: row["number"] for row in rows.annotate(number=Count("id"))}


def _verdict(
    delivery: Delivery,
    person: Reader | None,
    chosen: dict[tuple[int, str, str], str],
    now: datetime,
) -> Verdict | None:
    """How it ends without being sent, until when it is held back, or None: it is to be sent."""
    notice, contact = delivery.notice, delivery.contact
    cancelled = DeliveryStatus.CANCELLED
    if person is None:
        return cancelled, "the account is not active any more"
    if delivery.channel not in CHANNELS:
        return cancelled, "the channel does not exist any more"
    channel = channel_of(delivery.channel)
    if channel.is_internal:
        return None
    if delivery.is_doubtful and channel.after_crash == AfterCrash.GIVE_UP:
        return DeliveryStatus.UNKNOWN, "an attempt got no answer, and this channel cannot be asked"
    if notice.acknowledged_at is not None:
        return cancelled, "acknowledged before it was sent"
    if notice.deadline_at is not None and notice.deadline_at <= now:
        return DeliveryStatus.FAILED, "it could not be sent before its deadline"
    if contact is not None and not contact.is_usable and not _is_code_for(contact, notice):
        return cancelled, "the contact was switched off"
    if contact is None and channel.needs_contact:
        return cancelled, "there is no contact any more"
    if not channel.is_set_up:
        return DeliveryStatus.FAILED, "this installation is not set up for the channel any more"
    event = event_of(notice.event)
    if contact is None and delivery.channel == "email" and not person.has_mail:
        return cancelled, "the account's e-mail address is not confirmed, or mail to it came back"
    if notice.is_test:
        return None
    wish = chosen.get((delivery.person_id, notice.event, delivery.channel))
    if wish == Mode.OFF and not event.required:
        return cancelled, "switched off before it was sent"
    due = earliest(now, person.clock, event, delivery.urgency, interrupts=channel.interrupts)
    return due if due > now else None


def _is_code_for(contact: Contact, notice: Notice) -> bool:
    """Whether it is the code that will confirm the contact."""
    return notice.event == CODE.name and contact.disabled_at is None


def _parcel(claim: Claim, delivery: Delivery, unread: dict[int, int]) -> Parcel:
    channel = channel_of(delivery.channel)
    with writing_to(delivery.person):
        rendered = channel.render(message_of(delivery, unread=unread.get(delivery.person_id, 0)))
    return Parcel(
        claim=claim,
        channel=channel,
        to=recipient_of(delivery.contact, delivery.person),
        rendered=rendered,
        key=str(delivery.uuid),
        provider=delivery.provider,
        tries=delivery.tries,
        is_doubtful=delivery.is_doubtful,
        doubtful_since=delivery.created_at,
        contact_id=delivery.contact_id,
    )


def recipient_of(contact: Contact | None, person: User) -> Recipient:
    """The contact in the clear; without one, the account's own address."""
    if contact is None:
        return Recipient(person.pk, None, person.email)
    target: Any = contact.target
    held: Any = contact.secrets
    secrets = json.loads(held.reveal()) if held else None
    return Recipient(person.pk, contact.pk, target.reveal(), contact.options, secrets)


def message_of(delivery: Delivery, *, unread: int = 0) -> Message:
    """The delivery's notice with the links that belong to this delivery. Also for previews and dry runs."""
    notice, person = delivery.notice, delivery.person
    event: Event = event_of(notice.event)
    content = event.content(notice.data)
    is_discreet = _is_discreet(delivery)
    if is_discreet:
        content = Content(
            title=gettext("There is something new in your inbox"),
            url=reverse("notifications:notice", args=[notice.uuid])
            if notice.in_inbox
            else reverse("notifications:inbox"),
            url_words=gettext("Read it"),
        )
    waits_for_answer = notice.until == Until.ACKNOWLEDGED and notice.acknowledged_at is None
    can_be_off = not event.required and not notice.is_test
    return Message(
        uuid=str(notice.uuid),
        event="" if is_discreet else notice.event,
        title=content.title,
        text=content.text,
        facts=content.facts,
        url=_whole(content.url),
        url_words=content.url_words,
        urgency=delivery.urgency,
        created_at=notice.created_at,
        person_name=person.name,
        zone=person.timezone,
        data={} if is_discreet else notice.data,
        ack_url=_link("acknowledge", "ack", notice.pk, delivery.channel) if waits_for_answer else "",
        unsubscribe_url=_link("unsubscribe", "unsubscribe", person.pk, notice.event, delivery.channel)
        if can_be_off
        else "",
        is_test=notice.is_test,
        unread=unread,
    )


def _is_discreet(delivery: Delivery) -> bool:
    """Whether the contact wants the message itself to stay behind the log-in. Codes and tests hold nothing to hide."""
    contact, event = delivery.contact, delivery.notice.event
    return (
        contact is not None and bool(contact.options.get("discreet")) and event not in (CODE.name, TEST.name)
    )


def _whole(url: str) -> str:
    return settings.SITE_URL + url if url.startswith("/") else url


def _link(view: str, purpose: str, *parts: Any) -> str:
    return str(settings.SITE_URL + reverse(f"notifications:{view}", args=[make_token(purpose, *parts)]))
