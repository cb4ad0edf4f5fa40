"""Which process runs which feed: a lease that it keeps up, and that others take once it has ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone as clock

from apps.markets.models import Feed

LEASE = timedelta(seconds=10)


def take_feeds(
    worker: str,
    *,
    providers: Collection[str] = (),
    feed: UUID | None = None,
    now: datetime | None = None,
) -> list[Feed]:
    """The active feeds that `worker` runs from now on, its own included, each for `LEASE`; by age.

    Others' are taken once their lease is over. Of two workers that ask at once each gets other feeds.
    """
    now = now or clock.now()
    wanted = Q(is_active=True) & (Q(worker__in=["", worker]) | Q(lease_until=None) | Q(lease_until__lt=now))
    if providers:
        wanted &= Q(provider__in=providers)
    if feed is not None:
        wanted &= Q(uuid=feed)
    with transaction.atomic():
        free = list(
            Feed.objects.filter(wanted)
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("instrument", "workspace")
            .order_by("pk")
        )
        Feed.objects.filter(pk__in=[one.pk for one in free]).update(
            worker=worker, lease_until=now + LEASE, heartbeat_at=now
        )
        return free


def held_feeds(worker: str, *, now: datetime | None = None) -> list[Feed]:
    """The active feeds whose lease the worker holds, as they are set now."""
    held = Feed.objects.filter(worker=worker, is_active=True, lease_until__gt=now or clock.now())
    return list(held.select_related("instrument", "workspace").order_by("pk"))


def release_feeds(worker: str) -> None:
    """Give up all leases of the worker, so that another may go on at once."""
    Feed.objects.filter(worker=worker).update(worker="", lease_until=None)
