"""Pauses and stops that no person asked for, and what goes on by itself once their cause is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.billing.services import release
from apps.bots.choices import ON_FEED, Act, BotState, Cause, Mode, Policy
from apps.bots.services.flattening import close_at_market
from apps.bots.services.guarding import obstacles
from apps.bots.services.moving import Step, effect_of, holding, locked_bots, move
from apps.trading.choices import Refusal

if TYPE_CHECKING:
    from apps.bots.services.booking import Booking
    from apps.bots.services.crew import Crew

METER = "bots"
LIMITS = {Refusal.DAILY_LOSS: Cause.DAILY_LOSS, Refusal.DRAWDOWN: Cause.DRAWDOWN}


@transaction.atomic
def hold(words: Mapping[int, str], cause: str, *, flatten: bool = False) -> int:
    """Pause those of these bots that run, by themselves, and tell their people; `words` say why, by id.

    Positions are closed with `flatten`, and where a bot's policy says so. Returns how many were paused.
    """
    bots = [bot for bot in locked_bots(words) if bot.state == BotState.RUNNING]
    holds = holding(bots)
    steps = []
    for bot in bots:
        closes = (flatten or bot.policy == Policy.FLATTEN) and bot.pk in holds
        bot.cause, bot.words = cause, words[bot.pk]
        bot.wants_flat = bot.wants_flat or closes
        effect = effect_of(bot, holds=bot.pk in holds, flatten=closes, pausing=True)
        steps.append(Step(bot, words[bot.pk], effect))
    move(steps, Act.PAUSE, cause)
    close_at_market([bot for bot in bots if bot.wants_flat and bot.mode == Mode.LIVE], timezone.now())
    return len(steps)


@transaction.atomic
def release_held(ids: Collection[int], cause: str, words: str) -> int:
    """Resume those of these bots that `hold` paused for this cause, where their policy is to go on by themselves and
    nothing else stands against it. Returns how many were resumed."""
    found = [
        bot
        for bot in locked_bots(ids)
        if bot.state == BotState.PAUSED and bot.cause == cause and bot.policy == Policy.RESUME
    ]
    stand = obstacles([bot.pk for bot in found])
    steps = []
    for bot in found:
        if bot.pk not in stand:
            bot.cause, bot.words = "", ""
            steps.append(Step(bot, words))
    move(steps, Act.RESUME, Cause.RECOVERED)
    return len(steps)


def end_ruined(crew: Crew, bookings: Sequence[Booking]) -> None:
    """Stop the bots whose equity fell to zero; the caller holds their cohort's row."""
    words = gettext("Its equity fell to zero; what it held was closed at that bar's close.")
    slots = sorted({slot for booking in bookings for slot in booking.ended})
    bots = [bot for bot in locked_bots([crew.members[slot].id for slot in slots]) if bot.state in ON_FEED]
    for bot in bots:
        bot.cause, bot.words, bot.stopped_at = Cause.ACCOUNT_AT_ZERO, words, timezone.now()
        bot.save(update_fields=["stopped_at"])
        release(bot.meter_key)
    move([Step(bot, words) for bot in bots], Act.STOP, Cause.ACCOUNT_AT_ZERO)


def hold_limited(crew: Crew, bookings: Sequence[Booking]) -> None:
    """Pause the bots whose request a limit on losses refused; the caller holds their cohort's row."""
    by_cause: dict[Cause, dict[int, str]] = defaultdict(dict)
    for booking in bookings:
        for slot, refused in booking.limited.items():
            by_cause[LIMITS[refused.code]].setdefault(crew.members[slot].id, refused.words)
    for cause, words in by_cause.items():
        hold(words, cause)
