"""The words stored in the notifications tables. Channels are named by the folders below `channels/`."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices

from apps.core.words import gettext_lazy


class Urgency(IntegerChoices):
    LOW = 1, gettext_lazy("Low")
    NORMAL = 2, gettext_lazy("Normal")
    HIGH = 3, gettext_lazy("High")
    CRITICAL = 4, gettext_lazy("Critical")


class Mode(TextChoices):
    """What a person wants of an event on a channel."""

    NOW = "now", gettext_lazy("At once")
    DIGEST = "digest", gettext_lazy("In the daily digest")
    OFF = "off", gettext_lazy("Not at all")


class Until(TextChoices):
    """What ends a ladder: somebody who says that they have seen it, or a step that was delivered."""

    ACKNOWLEDGED = "acknowledged", gettext_lazy("Somebody acknowledges it")
    DELIVERED = "delivered", gettext_lazy("A step was delivered")


class DeliveryStatus(TextChoices):
    WAITING = "waiting", gettext_lazy("Waiting")
    SENDING = "sending", gettext_lazy("Being sent")
    DELIVERED = "delivered", gettext_lazy("Delivered")
    FAILED = "failed", gettext_lazy("Failed")
    CANCELLED = (
        "cancelled",
        gettext_lazy("Not sent"),
    )  # muted, acknowledged or without an address meanwhile; `error` says which
    UNKNOWN = "unknown", gettext_lazy("Not known")  # it may have gone out, and nobody can be asked
    DRY_RUN = "dry_run", gettext_lazy("Not sent: dry run")
    BUNDLED = "bundled", gettext_lazy("Part of a digest")  # ends as the digest ends


ENDED = (
    DeliveryStatus.DELIVERED,
    DeliveryStatus.FAILED,
    DeliveryStatus.CANCELLED,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.DRY_RUN,
)


class Outcome(TextChoices):
    """How one attempt ended."""

    DELIVERED = "delivered", gettext_lazy("Delivered")
    REFUSED = "refused", gettext_lazy("Refused")
    FAULT = "fault", gettext_lazy("The provider is at fault")
    UNCLEAR = "unclear", gettext_lazy("No answer")
    LOST = "lost", gettext_lazy("The worker died")
    DRY_RUN = "dry_run", gettext_lazy("Dry run")
    FOUND = "found", gettext_lazy("Found at the provider")  # sent by an attempt that was lost


class DisabledFor(TextChoices):
    """Why nothing goes to a contact any more."""

    GONE = "gone", gettext_lazy("It says that it is gone")
    BOUNCED = "bounced", gettext_lazy("Mail to it came back")
    COMPLAINED = "complained", gettext_lazy("Mail to it was reported as spam")
    FAILING = "failing", gettext_lazy("Every delivery failed for days")
    PERSON = "person", gettext_lazy("Switched off")
    REMOVED = "removed", gettext_lazy("Removed")
