"""A bot that has done something, for tests that need one of everything."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from apps.accounts.models import User, Workspace
from apps.bots.choices import BotState
from apps.bots.models import Bot
from apps.bots.services import (
    BotRequest,
    archive,
    create_bot,
    deploy,
    pause,
    restore,
    resume,
    step_cohort,
    stop,
)
from apps.formulas.services import create_formula, publish_formula, save_formula
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models import Feed, Instrument
from apps.markets.services.feeds import append_bars
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import TradingAccount
from tests.bots.conftest import CROSS, MINUTE, wave

# the state each operation of the API asks for
ASKS = {
    "bot_archive": BotState.STOPPED,
    "bot_deploy": BotState.STOPPED,
    "bot_pause": BotState.RUNNING,
    "bot_parity": BotState.RUNNING,
    "bot_resume": BotState.PAUSED,
    "bot_restore": BotState.ARCHIVED,
    "bot_stop": BotState.RUNNING,
    "bot_try_version": BotState.RUNNING,
    "bot_decide_version": BotState.RUNNING,
}


def busy_bot(workspace: Workspace, user: User, name: str = "Mine") -> Bot:
    """A running bot on paper, with 120 bars behind it, on a feed and an account of the workspace."""
    instrument = Instrument.objects.create(
        workspace=workspace, symbol=f"{name[:10].upper()}-BOT", currency="USD"
    )
    feed = Feed.objects.create(
        workspace=workspace,
        instrument=instrument,
        provider=FeedProvider.REPLAY,
        timeframe="1m",
        timeframe_ms=MINUTE,
        settings={"bar_set": str(uuid4()), "bars_per_second": 0.001},
        is_active=True,
        state=FeedState.RUNNING,
    )
    account = TradingAccount.objects.create(
        workspace=workspace, name=f"{name} paper", kind=AccountKind.PAPER, state=AccountState.CONNECTED
    )
    formula = create_formula(workspace, name=f"{name} bot", text=CROSS, actor=user)
    version = publish_formula(formula, actor=user)
    save_formula(formula, name=formula.name, text=CROSS.replace("3%", "4%"), actor=user)
    publish_formula(formula, actor=user)
    bars = wave(120)
    request = BotRequest(name=name, version=version, feed=feed, account=account, capital=Decimal(10_000))
    bot = deploy(create_bot(workspace, request, actor=user), actor=user)
    step(bot)
    append_bars(feed.pk, bars)
    step(bot)
    return bot


def step(bot: Bot) -> None:
    bot.refresh_from_db()
    if bot.cohort_id is not None:
        while step_cohort(bot.cohort_id).bars:
            pass
    bot.refresh_from_db()


def bring_to(bot: Bot, state: str, actor: User) -> Bot:
    """Move the bot to a state, by the ways there are."""
    bot.refresh_from_db()
    if bot.state == BotState.ARCHIVED and state != BotState.ARCHIVED:
        bot = restore(bot, actor=actor)
    if state in (BotState.RUNNING, BotState.PAUSED):
        if bot.state == BotState.PAUSED and state == BotState.RUNNING:
            bot = resume(bot, actor=actor)
        if bot.state in (BotState.STOPPED, BotState.DRAFT):
            bot = deploy(bot, actor=actor)
        if state == BotState.PAUSED and bot.state == BotState.RUNNING:
            bot = pause(bot, actor=actor)
    else:
        if bot.state in (BotState.RUNNING, BotState.PAUSED):
            bot = stop(bot, flatten=False, actor=actor)
        if state == BotState.ARCHIVED:
            bot = archive(bot, actor=actor)
    step(bot)
    return bot
