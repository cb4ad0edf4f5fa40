"""What a delivery says, as it was or would be sent."""

from __future__ import annotations

import structlog

from apps.notifications.channels.base import Rendered
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.models import Delivery
from apps.notifications.rules.codes import CODE
from apps.notifications.services.sending.loading import message_of

log = structlog.get_logger(__name__)


def preview_of(delivery: Delivery) -> Rendered | None:
    """The rendered message; None for what cannot be shown: a channel or event that is gone, or a code."""
    if delivery.channel not in CHANNELS or delivery.notice.event == CODE.name:
        return None
    try:
        return channel_of(delivery.channel).render(message_of(delivery))
    except Exception:
        log.exception("delivery_not_rendered", delivery=delivery.pk)
        return None
