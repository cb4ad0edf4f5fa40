"""What several pages show of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.notifications.channels.base import Rendered
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.choices import DeliveryStatus, Outcome
from apps.notifications.models import Attempt, Delivery, Notice
from apps.notifications.rules.events import event_of
from apps.notifications.rules.routing import duration_words
from apps.notifications.services import preview_of

TONES = {
    DeliveryStatus.DELIVERED: "done",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.UNKNOWN: "attention",
    DeliveryStatus.SENDING: "running",
    DeliveryStatus.DRY_RUN: "attention",
}
OUTCOME_TONES = {
    Outcome.DELIVERED: "done",
    Outcome.FOUND: "done",
    Outcome.REFUSED: "failed",
    Outcome.FAULT: "failed",
    Outcome.UNCLEAR: "attention",
    Outcome.LOST: "attention",
    Outcome.DRY_RUN: "attention",
}


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    attempt: Attempt
    tone: str
    took_ms: int | None


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """A delivery with its attempts, and what was or would be sent (None: it cannot be shown)."""

    delivery: Delivery
    channel_words: str
    tone: str
    attempts: list[ShownAttempt]
    preview: Rendered | None
    is_live: bool
    took_s: float | None  # from the notice to the end


def channel_words(kind: str) -> str:
    return channel_of(kind).words if kind in CHANNELS else kind


def event_words(name: str) -> str:
    try:
        return event_of(name).words
    except KeyError:
        return name


def routing_shown(notice: Notice) -> dict[str, Any] | None:
    """How the channels of a notice were chosen by cost and time, in words."""
    made = notice.routing
    if not made:
        return None
    return {
        **made,
        "within": duration_words(made["within_s"]),
        "percent": made["share"] * 100,
        "chosen_words": [channel_words(kind) for kind in made["chosen"]],
        "then_words": channel_words(made["then"]) if made["then"] else "",
        "considered": [
            {
                **one,
                "words": channel_words(one["channel"]),
                "percent": one["share"] * 100,
                "is_chosen": one["channel"] in made["chosen"],
                "of_words": {"you": "you", "everybody": "all people"}.get(one["of"], "not measured yet"),
            }
            for one in made["considered"]
        ],
    }


def look_again_in(notice: Notice) -> int | None:
    """In how many seconds an open page does well to look again: soon while something moves. None when all has ended."""
    soon = timezone.now() + timedelta(minutes=1)
    rows = [row for row in notice.deliveries.all() if row.ended_at is None]
    if any(row.status == DeliveryStatus.SENDING or row.send_after < soon for row in rows):
        return 2
    return 20 if rows else None


def state_tag(notice: Notice) -> str:
    """It changes with what the page shows of the deliveries."""
    rows = sorted(
        (row.pk, row.status, row.attempts, row.send_after, row.arrived_at) for row in notice.deliveries.all()
    )
    return sha256(repr((rows, notice.acknowledged_at)).encode()).hexdigest()[:16]


def tone_of(status: str) -> str:
    return TONES.get(DeliveryStatus(status), "off")


def deliveries_shown(notice: Notice) -> list[ShownDelivery]:
    """Those of a notice whose deliveries, contacts and attempts were fetched, in the order they were planned."""
    rows = sorted(notice.deliveries.all(), key=lambda delivery: (delivery.step, delivery.pk))
    for delivery in rows:
        delivery.notice, delivery.person = notice, notice.person
    return [shown(delivery) for delivery in rows]


def shown(delivery: Delivery) -> ShownDelivery:
    is_internal = delivery.channel in CHANNELS and channel_of(delivery.channel).is_internal
    ended = delivery.ended_at
    return ShownDelivery(
        delivery=delivery,
        channel_words=channel_words(delivery.channel),
        tone=tone_of(delivery.status),
        attempts=[
            ShownAttempt(
                attempt,
                OUTCOME_TONES.get(Outcome(attempt.outcome), "off") if attempt.outcome else "running",
                (attempt.ended_at - attempt.began_at) // timedelta(milliseconds=1)
                if attempt.ended_at
                else None,
            )
            for attempt in delivery.trace.all()
        ],
        preview=None if is_internal else preview_of(delivery),
        is_live=settings.NOTIFICATIONS_LIVE,
        took_s=(ended - delivery.created_at).total_seconds() if ended else None,
    )
