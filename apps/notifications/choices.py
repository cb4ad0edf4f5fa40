"""The words stored in the notifications tables. Channels are named by the folders below `channels/`."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices


class Urgency(IntegerChoices):
    LOW = 1, "Low"
    NORMAL = 2, "Normal"
    HIGH = 3, "High"
    CRITICAL = 4, "Critical"


class Mode(TextChoices):
    """What a person wants of an event on a channel."""

    NOW = "now", "At once"
    DIGEST = "digest", "In the daily digest"
    OFF = "off", "Not at all"


class Until(TextChoices):
    """What ends a ladder: somebody who says that they have seen it, or a step that was delivered."""

    ACKNOWLEDGED = "acknowledged", "Somebody acknowledges it"
    DELIVERED = "delivered", "A step was delivered"


class DeliveryStatus(TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELLED = (
        "cancelled",
        "Not sent",
    )  # muted, acknowledged or without an address meanwhile; `error` says which
    UNKNOWN = "unknown", "Not known"  # it may have gone out, and nobody can be asked
    DRY_RUN = "dry_run", "Not sent: dry run"
    BUNDLED = "bundled", "Part of a digest"  # ends as the digest ends


ENDED = (
    DeliveryStatus.DELIVERED,
    DeliveryStatus.FAILED,
    DeliveryStatus.CANCELLED,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.DRY_RUN,
)


class Outcome(TextChoices):
    """How one attempt ended."""

    DELIVERED = "delivered", "Delivered"
    REFUSED = "refused", "Refused"
    FAULT = "fault", "The provider is at fault"
    UNCLEAR = "unclear", "No answer"
    LOST = "lost", "The worker died"
    DRY_RUN = "dry_run", "Dry run"
    FOUND = "found", "Found at the provider"  # sent by an attempt that was lost


class DisabledFor(TextChoices):
    """Why nothing goes to a contact any more."""

    GONE = "gone", "It says that it is gone"
    BOUNCED = "bounced", "Mail to it came back"
    COMPLAINED = "complained", "Mail to it was reported as spam"
    FAILING = "failing", "Every delivery failed for days"
    PERSON = "person", "Switched off"
    REMOVED = "removed", "Removed"
