"""What looks after cohorts: the sweep that finds what was lost, and the dead-man switch that tells of silence.

The sweep is a job of the bots' own queue and stamps the heartbeat of every cohort that is up to date. The watch is
queued elsewhere and reads those stamps, so that it speaks when the queue, its workers or the stepping stand still.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

from apps.bots.choices import ON_FEED, BotState, Cause, Mode
from apps.bots.events import BOT_SILENT
from apps.bots.models import Bot, Cohort
from apps.bots.services.causes import follow_causes
from apps.bots.services.feeds import follow_feed
from apps.bots.services.flattening import close_at_market, close_wanted
from apps.bots.services.holding import hold, release_held
from apps.bots.services.moving import holding
from apps.core.jobs import enqueue
from apps.core.manner import written
from apps.engine.lang import EvaluationError
from apps.engine.sim.spec import SimulationError
from apps.markets.choices import FRESH
from apps.markets.models import Feed
from apps.notifications.services import NewNotice, queue_notices

log = structlog.get_logger(__name__)

HEARTBEAT = timedelta(seconds=15)
MISSED = 2
MOST_FAILURES = 5
FEED_CAUSES = (Cause.FEED_STALE, Cause.FEED_ENDED)


def manned() -> QuerySet[Cohort]:
    """Cohorts that bots belong to."""
    return Cohort.objects.filter(Exists(Bot.objects.filter(cohort=OuterRef("pk"))))


def sweep() -> int:
    """Queue every cohort that is behind its feed or has somebody waiting, and follow feeds whose news was lost.

    Returns how many were queued.
    """
    now = timezone.now()
    waits = Exists(Bot.objects.filter(cohort=OuterRef("pk"), slot__isnull=True))
    leaves = Exists(
        Bot.objects.filter(cohort=OuterRef("pk"), slot__isnull=False, wants_flat=False).exclude(
            state__in=ON_FEED
        )
    )
    behind = Q(last_number__lt=F("feed__next_number") - 1)
    manned().exclude(behind).exclude(waits).update(heartbeat_at=now)
    queued = 0
    for cohort_id in manned().filter(behind | Q(waits) | Q(leaves)).values_list("pk", flat=True):
        enqueue("bots.step_cohort", cohort_id=cohort_id)
        queued += 1
    _follow_feeds()
    follow_causes()
    close_wanted(now)
    return queued


def _follow_feeds() -> None:
    """What the hook tells at once and may lose."""
    running = Exists(Bot.objects.filter(feed=OuterRef("pk"), state=BotState.RUNNING))
    paused = Exists(Bot.objects.filter(feed=OuterRef("pk"), state=BotState.PAUSED, cause__in=FEED_CAUSES))
    fresh = Q(state__in=FRESH)
    unborn = Q(last_received_at=None)  # its first bar is still to come
    for feed in Feed.objects.filter((~fresh & ~unborn & Q(running)) | (fresh & Q(paused))).select_related(
        "instrument"
    ):
        follow_feed(feed)


def fail_cohort(cohort_id: int, error: Exception) -> None:
    """Note that stepping failed; after some failures in a row its bots are paused, and their people told."""
    words = f"{type(error).__name__}: {error}"[:500]
    Cohort.objects.filter(pk=cohort_id).update(error=words, failures=F("failures") + 1)
    failures = Cohort.objects.filter(pk=cohort_id).values_list("failures", flat=True).first() or 0
    log.error("cohort_failed", cohort_id=cohort_id, failures=failures, error=words)
    if failures == MOST_FAILURES:
        bots = Bot.objects.filter(cohort=cohort_id, state=BotState.RUNNING).values_list("pk", flat=True)
        hold(dict.fromkeys(bots, _why_broken(error)), Cause.BROKEN)


def _why_broken(error: Exception) -> str:
    """What is the formula's or the data's fault is said in full; what is ours is in the log."""
    if isinstance(error, EvaluationError | SimulationError):
        return gettext("Its formula cannot be stepped: {error}").format(error=error)[:300]
    return gettext("Stepping it failed several times; the error was logged.")


def watch_heartbeats(*, now: datetime | None = None) -> int:
    """Tell the people of cohorts that missed two heartbeats, once; close positions where that was asked for.

    Returns how many bots were silent. Those that are heard of again are resumed where their policy says so.
    """
    now = now or timezone.now()
    late = now - MISSED * HEARTBEAT
    silent = 0
    with transaction.atomic():
        for cohort in _claim(manned().filter(heartbeat_at__lt=late, silent_since=None)):
            silent += _tell_silence(cohort, now)
    with transaction.atomic():
        for cohort in _claim(Cohort.objects.filter(heartbeat_at__gte=late).exclude(silent_since=None)):
            Cohort.objects.filter(pk=cohort.pk).update(silent_since=None)
            bots = Bot.objects.filter(cohort=cohort, state=BotState.PAUSED, cause=Cause.DEAD_MAN)
            release_held(bots.values_list("pk", flat=True), Cause.DEAD_MAN, gettext("It is heard of again."))
    close_wanted(now)
    return silent


def _claim(cohorts: QuerySet[Cohort]) -> list[Cohort]:
    """Locked; one that a worker is stepping just now is alive and left out."""
    ids = list(cohorts.order_by("id").values_list("pk", flat=True))
    return list(
        Cohort.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids).order_by("id")
    )


def _tell_silence(cohort: Cohort, now: datetime) -> int:
    Cohort.objects.filter(pk=cohort.pk).update(silent_since=now)
    bots = list(
        Bot.objects.filter(cohort=cohort, state__in=ON_FEED)
        .select_related("workspace", "feed__instrument", "account", "version", "book")
        .order_by("id")
    )
    seconds = (now - cohort.heartbeat_at).total_seconds() if cohort.heartbeat_at else 0.0
    by_workspace: dict[int, list[Bot]] = defaultdict(list)
    for bot in bots:
        by_workspace[bot.workspace_id].append(bot)
    queue_notices([_notice(cohort, mine, seconds) for mine in by_workspace.values()])
    words = _silence(seconds)
    hold(
        {bot.pk: words for bot in bots if bot.flattens_when_silent and bot.state == BotState.RUNNING},
        Cause.DEAD_MAN,
        flatten=True,
    )
    _flatten_paused([bot for bot in bots if bot.flattens_when_silent and bot.state == BotState.PAUSED], now)
    return len(bots)


def _flatten_paused(bots: list[Bot], now: datetime) -> None:
    """One that was paused before keeps its cause, and its position is closed all the same."""
    holds = holding(bots)
    closing = [bot for bot in bots if bot.pk in holds]
    Bot.objects.filter(pk__in=holds).update(wants_flat=True)
    Cohort.objects.filter(pk__in={bot.cohort_id for bot in closing}).update(version=F("version") + 1)
    close_at_market([bot for bot in closing if bot.mode == Mode.LIVE], now)


def _silence(seconds: float) -> str:
    """For how long nothing was heard, as a whole sentence: it is kept, and known again by its pattern."""
    if seconds < 120:
        return gettext("Nothing was heard of it for {seconds:.0f} seconds.").format(seconds=written(seconds))
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return gettext("Nothing was heard of it for {minutes} minutes.").format(minutes=minutes)
    return gettext("Nothing was heard of it for {hours:,} h {minutes} min.").format(
        hours=written(hours), minutes=minutes
    )


def _span(seconds: float) -> str:
    """As "90 seconds", from two minutes on as "1 hour", in the present language."""
    if seconds < 120:
        return gettext("{count} seconds").format(count=round(seconds))
    now = timezone.now()
    return timesince(now - timedelta(seconds=seconds), now, depth=1)


def _notice(cohort: Cohort, bots: list[Bot], seconds: float) -> NewNotice:
    first = bots[0]

    def said() -> dict[str, Any]:
        names = ", ".join(bot.name for bot in bots[:5])
        if len(bots) > 5:
            names = gettext("{names} and {value} more").format(names=names, value=len(bots) - 5)
        return {
            "title": gettext("Nothing is heard of a bot")
            if len(bots) == 1
            else gettext("Nothing is heard of {bots} bots").format(bots=len(bots)),
            "text": gettext(
                "No sign of life for {span}: {names}. Positions are as they were; where you asked "
                "for it, they are being closed."
            ).format(span=_span(seconds), names=names),
            "facts": [["Feed", str(first.feed)], ["Bots", str(len(bots))]],
            "url": "/bots/",
        }

    return NewNotice(
        person_id=first.workspace.owner_id,
        workspace_id=first.workspace_id,
        event=BOT_SILENT.name,
        key=f"bots:silent:{cohort.uuid}:{first.workspace_id}:{cohort.heartbeat_at}",
        data=said,
    )
