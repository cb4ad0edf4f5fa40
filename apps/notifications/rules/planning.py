"""When a delivery is to be sent, and whether it still is when its time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.notifications.choices import Mode, Urgency
from apps.notifications.rules.events import Event
from apps.notifications.rules.hours import next_digest, quiet_until

DIGEST_AT = time(8)


@dataclass(frozen=True, slots=True)
class Clock:
    """A person's zone, quiet hours (None: none) and time of the digest."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None = None
    breaks_through: Urgency = Urgency.CRITICAL
    digest_at: time = DIGEST_AT


class Plan(NamedTuple):
    """When to send, and whether as part of the digest."""

    send_after: datetime
    in_digest: bool = False


def earliest(now: datetime, clock: Clock, event: Event, urgency: int, *, interrupts: bool) -> datetime:
    """`now`, or the end of the person's quiet hours where they hold this back."""
    if not interrupts or event.required or clock.quiet is None or urgency >= clock.breaks_through:
        return now
    return quiet_until(now, clock.zone, *clock.quiet) or now


def plan(
    now: datetime,
    clock: Clock,
    event: Event,
    mode: Mode,
    urgency: int,
    *,
    interrupts: bool,
    is_test: bool = False,
) -> Plan | None:
    """What becomes of a notice on one channel; None when the person does not want it there."""
    if is_test:
        return Plan(now)
    if mode == Mode.OFF:
        return None
    if mode == Mode.DIGEST and interrupts and urgency < Urgency.CRITICAL:
        return Plan(next_digest(now, clock.zone, clock.digest_at), in_digest=True)
    return Plan(earliest(now, clock, event, urgency, interrupts=interrupts))
