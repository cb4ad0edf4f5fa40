"""What a delivery says, as it was or would be sent."""

from __future__ import annotations

import structlog
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.language import writing_to
from apps.accounts.models import User
from apps.notifications.channels.base import Channel, Rendered
from apps.notifications.channels.registry import CHANNELS, channel_of, channels
from apps.notifications.models import Delivery, Notice
from apps.notifications.rules.codes import CODE
from apps.notifications.rules.events import Event
from apps.notifications.services.plans import settled
from apps.notifications.services.sending.loading import message_of

log = structlog.get_logger(__name__)


def preview_of(delivery: Delivery) -> Rendered | None:
    """The rendered message; None for what cannot be shown: a channel or event that is gone, or a code."""
    if delivery.channel not in CHANNELS or delivery.notice.event == CODE.name:
        return None
    try:
        with writing_to(delivery.person):
            return channel_of(delivery.channel).render(message_of(delivery))
    except Exception:
        log.exception("delivery_not_rendered", delivery=delivery.pk)
        return None


def preview_event(person: User, event: Event) -> list[tuple[Channel, Rendered]]:
    """What an event looks like on every channel: with the newest that the person was told of it, else with a sample.

    Nothing is stored or sent.
    """
    newest = Notice.objects.filter(person=person, event=event.name).order_by("-id").first()
    sample = dict(event.sample) or {
        "title": event.words,
        "text": gettext("Here stands what happened, in a sentence or two."),
        "facts": [[gettext("What"), gettext("a value")], [gettext("Where"), gettext("another one")]],
        "url": "/inbox/",
    }
    notice = newest or Notice(
        pk=0,
        person=person,
        event=event.name,
        data=settled(sample),
        urgency=event.urgency,
        created_at=timezone.now(),
    )
    return [
        (
            channel,
            channel.render(
                message_of(
                    Delivery(notice=notice, person=person, channel=channel.kind, urgency=notice.urgency)
                )
            ),
        )
        for channel in channels()
        if not channel.is_internal
    ]
