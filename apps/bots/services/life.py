"""What people do with bots: deploy, pause, resume, stop, archive; by the one table of `rules.transitions`."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.billing.services import release, reserve
from apps.bots.choices import Act, Cause, Mode, Parity
from apps.bots.errors import ActRefused
from apps.bots.models import Bot, Cohort
from apps.bots.rules.transitions import after
from apps.bots.services.crew import price_source
from apps.bots.services.flattening import close_at_market
from apps.bots.services.going_live import check_live
from apps.bots.services.guarding import METER, obstacle_of, obstacles
from apps.bots.services.holding import hold
from apps.bots.services.memory import leave_now
from apps.bots.services.moving import Step, effect_of, holding, locked_bot, move
from apps.core.kept import in_english
from apps.formulas.models import FormulaVersion
from apps.markets.choices import FRESH, FeedProvider
from apps.signals.services import own_source
from apps.trading.services import open_book


@transaction.atomic
def deploy(bot: Bot, *, actor: User | None) -> Bot:
    """Let it run from the feed's next bar on. Raises ActRefused, QuotaExceeded, LiveRefused."""
    bot = locked_bot(bot)
    after(bot.state, Act.DEPLOY)
    if bot.mode == Mode.LIVE:
        check_live(bot, actor=actor)
    stands = obstacle_of(bot)
    if stands is not None:
        raise ActRefused(gettext("It cannot run now. {words}").format(words=stands.words))
    bot.deployments += 1
    reserve(bot.workspace, METER, key=bot.meter_key)
    own_source(bot.workspace_id)
    if bot.book_id is None:
        bot.book = open_book(
            bot.account,
            name=bot.name,
            capital=bot.capital,
            price_source=price_source(bot.feed),
            at=_begins(bot),
            actor=actor,
        )
    bot.cohort = _cohort_for(bot)
    bot.slot, bot.left_number = None, None
    bot.started_at, bot.stopped_at = timezone.now(), None
    bot.wants_flat = False
    bot.save()
    bot.cause, bot.words = "", ""  # goes with the state: what is stopped names its cause
    move([Step(bot)], Act.DEPLOY, Cause.PERSON, actor=actor, number=bot.cohort.last_number)
    if bot.feed.state not in FRESH and bot.feed.last_received_at is not None:
        with in_english():
            words = gettext("The feed {feed} is {lower}.").format(
                feed=bot.feed, lower=bot.feed.get_state_display().lower()
            )
        hold({bot.pk: words}, Cause.FEED_STALE)
        bot = locked_bot(bot)
    return bot


@transaction.atomic
def pause(bot: Bot, *, words: str = "", actor: User | None) -> Bot:
    """Ask for nothing new. A position stays, and with it its stop-loss, take-profit and trail. `words` say why.

    Raises ActRefused.
    """
    bot = locked_bot(bot)
    words = words.strip()[:300]
    bot.cause, bot.words = Cause.PERSON, words or gettext_noop("Paused by a person.")
    effect = effect_of(bot, holds=bool(holding([bot])), flatten=False, pausing=True)
    move([Step(bot, words, effect)], Act.PAUSE, Cause.PERSON, actor=actor)
    return bot


@transaction.atomic
def resume(bot: Bot, *, actor: User | None) -> Bot:
    """Heed its formula again from the next bar on. Raises ActRefused while something stands against it."""
    bot = locked_bot(bot)
    after(bot.state, Act.RESUME)
    if bot.feed.state not in FRESH:
        raise ActRefused(
            gettext("Its feed {feed} is {lower}: start the feed first, or wait for it.").format(
                feed=bot.feed, lower=bot.feed.get_state_display().lower()
            )
        )
    stands = obstacles([bot.pk]).get(bot.pk)
    if stands is not None:
        raise ActRefused(gettext("It cannot run now. {words}").format(words=stands.words))
    bot.cause, bot.words = "", ""
    move([Step(bot)], Act.RESUME, Cause.PERSON, actor=actor)
    return bot


@transaction.atomic
def stop(bot: Bot, *, flatten: bool, actor: User | None) -> Bot:
    """Take it off its feed; with `flatten` its position is closed first: on paper at the next open, at an exchange at
    once. Raises ActRefused."""
    bot = locked_bot(bot)
    after(bot.state, Act.STOP)
    holds = bool(holding([bot]))
    bot.cause, bot.words = Cause.PERSON, gettext_noop("Stopped by a person.")
    bot.wants_flat = flatten and holds
    bot.stopped_at = timezone.now()
    bot.save(update_fields=["stopped_at"])
    release(bot.meter_key)
    effect = effect_of(bot, holds=holds, flatten=flatten, pausing=False)
    move([Step(bot, effect=effect)], Act.STOP, Cause.PERSON, actor=actor)
    if bot.wants_flat and bot.mode == Mode.LIVE:
        close_at_market([bot], timezone.now())
    return bot


@transaction.atomic
def archive(bot: Bot, *, actor: User | None) -> Bot:
    """Put it away; everything it did stays readable. Raises ActRefused."""
    bot = locked_bot(bot)
    move([Step(bot)], Act.ARCHIVE, Cause.PERSON, actor=actor)
    return bot


@transaction.atomic
def restore(bot: Bot, *, actor: User | None) -> Bot:
    """Take it out again, stopped. Raises ActRefused."""
    bot = locked_bot(bot)
    bot.cause, bot.words = Cause.PERSON, gettext_noop("Taken out of the archive.")
    move([Step(bot)], Act.RESTORE, Cause.PERSON, actor=actor)
    return bot


@transaction.atomic
def move_to_version(bot: Bot, version: FormulaVersion, cause: str, *, actor: User | None) -> Bot:
    """Let the bot go on under another version of its formula, with its position and its cash; it joins that version's
    cohort at the feed's next bar. Raises ActRefused for a bot that is on no feed."""
    bot = locked_bot(bot)
    after(bot.state, Act.SWITCH)
    old = bot.cohort
    assert old is not None  # bots in these states have one
    leave_now(old, bot.pk)
    bot.refresh_from_db(fields=["sim", "cohort", "slot", "left_number"])
    before, bot.version = bot.version, version
    bot.left_number = old.last_number
    bot.cohort = _cohort_for(bot, begins=old)
    bot.parity, bot.parity_report = Parity.UNKNOWN, {}
    words = gettext_noop("From version {number} to version {number_2}.").format(
        number=before.number, number_2=version.number
    )
    bot.save()
    move([Step(bot, words)], Act.SWITCH, cause, actor=actor, number=bot.cohort.last_number)
    return bot


def _begins(bot: Bot) -> datetime | None:
    """When its book begins: on a replay at the close of the feed's last bar, for its trades lie in that time too."""
    if bot.feed.provider != FeedProvider.REPLAY or bot.feed.last_time is None:
        return None
    return datetime.fromtimestamp((bot.feed.last_time + bot.feed.timeframe_ms) / 1000, UTC)


def _cohort_for(bot: Bot, *, begins: Cohort | None = None) -> Cohort:
    """The cohort of its feed and formula, its row locked; where there is none, one that begins at the feed's present
    bar, or where another one is."""
    Cohort.objects.bulk_create(
        [
            Cohort(
                feed=bot.feed,
                formula_hash=bot.version.content_hash,
                last_number=begins.last_number if begins else bot.feed.last_number,
                last_time=begins.last_time if begins else bot.feed.last_time,
                heartbeat_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
    return Cohort.objects.select_for_update(no_key=True).get(
        feed=bot.feed, formula_hash=bot.version.content_hash
    )
