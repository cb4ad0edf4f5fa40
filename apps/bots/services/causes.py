"""Bots follow what stands against them: paused with its name when it comes, going on when it is over."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from django.db.models import F, OuterRef, Q, Subquery

from apps.bots.choices import BotState, Cause, Policy
from apps.bots.models import Bot, BotTransition
from apps.bots.services.guarding import obstacles
from apps.bots.services.holding import hold, release_held
from apps.core.jobs import enqueue
from apps.core.words import gettext_lazy
from apps.markets.models import LiveBar
from apps.trading.choices import AccountState

GUARDED = (Cause.KILL_SWITCH, Cause.ACCOUNT, Cause.PLAN)
OVER = {
    Cause.KILL_SWITCH: gettext_lazy("The kill switch was lifted."),
    Cause.ACCOUNT: gettext_lazy("Its account takes orders again."),
    Cause.PLAN: gettext_lazy("The plan allows it again."),
    Cause.DAILY_LOSS: gettext_lazy("A new day has begun."),
    Cause.BROKEN: gettext_lazy("Stepping it works again."),
}


def on_obstacle(**_: object) -> None:
    """A kill switch, an account or a plan has changed. The sweep finds what is lost here."""
    enqueue("bots.follow_causes")


def follow_causes() -> int:
    """Pause what may not run any more, resume what may run again. Returns how many were moved."""
    stand = obstacles()
    words: dict[Cause, dict[int, str]] = defaultdict(dict)
    running = Bot.objects.filter(state=BotState.RUNNING, pk__in=list(stand)) if stand else Bot.objects.none()
    for pk in running.values_list("pk", flat=True):
        words[stand[pk].cause][pk] = stand[pk].words
    moved = sum(hold(some, cause) for cause, some in words.items())
    waiting = Bot.objects.filter(state=BotState.PAUSED, policy=Policy.RESUME)
    over: dict[Cause, list[int]] = {
        cause: list(waiting.filter(cause=cause).exclude(pk__in=list(stand)).values_list("pk", flat=True))
        for cause in (Cause.KILL_SWITCH, Cause.PLAN)
    }
    connected = waiting.filter(cause=Cause.ACCOUNT, account__state=AccountState.CONNECTED)
    over[Cause.ACCOUNT] = list(connected.values_list("pk", flat=True))
    works = Q(cohort__failures=0, cohort__last_number__gte=F("feed__next_number") - 1)
    over[Cause.BROKEN] = list(waiting.filter(works, cause=Cause.BROKEN).values_list("pk", flat=True))
    over[Cause.DAILY_LOSS] = _with_a_new_day()
    return moved + sum(release_held(ids, cause, OVER[cause]) for cause, ids in over.items() if ids)


def _with_a_new_day() -> list[int]:
    """Bots paused for the loss of a day whose feed has come to another day (UTC, by the close of its bars)."""
    last = BotTransition.objects.filter(bot=OuterRef("pk"), after=BotState.PAUSED).order_by("-pk")
    bar = LiveBar.objects.filter(feed=OuterRef("feed"), number=OuterRef("paused_at")).values("time")
    rows = (
        Bot.objects.filter(state=BotState.PAUSED, policy=Policy.RESUME, cause=Cause.DAILY_LOSS)
        .annotate(paused_at=Subquery(last.values("number")[:1]))
        .annotate(paused_on=Subquery(bar[:1]))
        .values_list("pk", "paused_on", "cohort__last_time", "feed__timeframe_ms")
    )
    return [
        pk
        for pk, then, now, frame in rows
        if then is not None and now is not None and _day(now + frame) > _day(then + frame)
    ]


def _day(epoch_ms: int) -> int:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).toordinal()
