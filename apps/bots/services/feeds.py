"""What feeds tell: bars to decide at, and that no bars come any more."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from apps.bots.choices import BotState, Cause
from apps.bots.models import Bot, Cohort
from apps.bots.services.holding import hold, release_held
from apps.core.jobs import enqueue
from apps.core.words import gettext_lazy
from apps.markets.choices import FRESH, FeedState
from apps.markets.models import Feed

NAMES = {
    FeedState.STALE: gettext_lazy("The feed {feed} brings no bars in time."),
    FeedState.FAILED: gettext_lazy("The feed {feed} has failed."),
    FeedState.IDLE: gettext_lazy("The feed {feed} was stopped."),
    FeedState.ENDED: gettext_lazy("The feed {feed} has come to its end."),
}


def on_bars_closed(*, feed_id: int, last_number: int) -> None:
    """Queue a job for each cohort of the feed; one that is lost is found by `sweep`."""
    has_members = Exists(Bot.objects.filter(cohort=OuterRef("pk")))
    for cohort_id in Cohort.objects.filter(has_members, feed=feed_id).values_list("pk", flat=True):
        enqueue("bots.step_cohort", cohort_id=cohort_id)


def on_feed_state(*, feed_id: int, state: str) -> None:
    follow_feed(Feed.objects.select_related("instrument").get(pk=feed_id))


def follow_feed(feed: Feed) -> int:
    """Pause the bots of a feed whose bars cannot be relied on, resume them when they can. Returns how many moved."""
    bots = Bot.objects.filter(feed=feed).order_by("id")
    if feed.state in FRESH:
        paused = bots.filter(state=BotState.PAUSED, cause__in=[Cause.FEED_STALE, Cause.FEED_ENDED])
        return sum(
            release_held(
                _ids(paused.filter(cause=cause)),
                cause,
                gettext("The feed {feed} brings bars again.").format(feed=feed),
            )
            for cause in (Cause.FEED_STALE, Cause.FEED_ENDED)
        )
    cause = Cause.FEED_ENDED if feed.state == FeedState.ENDED else Cause.FEED_STALE
    words = NAMES.get(FeedState(feed.state)) or gettext("The feed {feed} is not running.")
    return hold(
        dict.fromkeys(
            _ids(bots.filter(state=BotState.RUNNING)),
            words.format(feed=feed),
        ),
        cause,
    )


def _ids(bots: QuerySet[Bot]) -> list[int]:
    return list(bots.values_list("pk", flat=True))
