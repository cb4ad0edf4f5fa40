"""Marking feeds whose bars stay away: by the process that runs them, and by a periodic job should that have ended."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone as clock
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.markets.choices import FeedState
from apps.markets.events import FEED_STALE
from apps.markets.models import Feed
from apps.markets.services.feeds import change_state, state_at
from apps.notifications.services import NewNotice, queue_notices


def watch_feeds(*, now: datetime | None = None) -> int:
    """Mark active feeds late, stale, or in time again, by the age of their last bar. Returns how many changed."""
    now = now or clock.now()
    changed = 0
    for feed in Feed.objects.filter(is_active=True).order_by("pk"):
        if state_at(feed, now) != feed.state and _mark(feed.pk, now):
            changed += 1
    return changed


@transaction.atomic
def _mark(feed_id: int, now: datetime) -> bool:
    locked = Feed.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        pk=feed_id, is_active=True
    )
    feed = locked.select_related("instrument", "workspace").first()
    if feed is None:
        return False  # it was stopped, or a bar is being written at this moment
    state = state_at(feed, now)
    if state == feed.state:
        return False
    change_state(feed, state, feed.error)
    if state == FeedState.STALE:
        _tell(feed, now)
    return True


def _tell(feed: Feed, now: datetime) -> None:
    """The owner, or staff of a shared feed."""
    if feed.workspace is not None:
        people = [feed.workspace.owner_id]
    else:
        people = list(User.objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True))
    last = (
        datetime.fromtimestamp(feed.last_time / 1000, tz=now.tzinfo) if feed.last_time is not None else None
    )
    notices = [
        NewNotice(
            person_id=person,
            event=FEED_STALE.name,
            key=f"stale:{feed.uuid}:{feed.state_at.isoformat()}:{person}",
            data=lambda: {
                "title": gettext("No bars of {symbol} {timeframe}").format(
                    symbol=feed.instrument.symbol, timeframe=feed.timeframe
                ),
                "text": gettext("The feed is stale: {value}. Bots on it do not trade.").format(
                    value=feed.error or "its source sends nothing"
                ),
                "facts": [
                    ["Source", feed.get_provider_display()],
                    [gettext("Last bar"), f"{last:%Y-%m-%d %H:%M} UTC" if last else "none yet"],
                ],
                "url": f"/data/feeds/{feed.uuid}/",
                "url_words": gettext("Open the feed"),
            },
            workspace_id=feed.workspace_id,
        )
        for person in people
    ]
    queue_notices(notices, now=now)
