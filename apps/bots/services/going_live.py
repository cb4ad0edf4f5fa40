"""What stands between a bot and money: the plan, a second factor, limits, and a run on paper."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.billing.services import allows
from apps.bots.choices import BotState, Mode
from apps.bots.errors import LiveRefused
from apps.bots.models import Bot, BotTransition
from apps.bots.services.guarding import CAPABILITY
from apps.bots.services.programs import program_of
from apps.core.manner import written
from apps.markets.choices import FeedProvider
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import RiskLimits

PAPER_RUN = timedelta(hours=24)


class Missing(NamedTuple):
    """Something to be done first. `url` is the page where; empty: there is none yet."""

    code: str
    words: str
    url: str


def missing_for_live(bot: Bot, *, actor: User | None = None) -> list[Missing]:
    """Everything that must still be done before the bot may trade live; empty when nothing is."""
    return [one for one in (*_of_people(bot, actor), *_of_account(bot), *_of_formula(bot)) if one is not None]


def check_live(bot: Bot, *, actor: User | None = None) -> None:
    """Raises LiveRefused with everything that is missing."""
    missing = missing_for_live(bot, actor=actor)
    if missing:
        raise LiveRefused(
            " ".join(one.words for one in missing), extra={"missing": [one._asdict() for one in missing]}
        )


def _of_people(bot: Bot, actor: User | None) -> tuple[Missing | None, ...]:
    security = "/settings/security/"
    has_plan = allows(bot.workspace, CAPABILITY)
    plan = Missing("plan", gettext("The plan does not include live trading."), "/plans/")
    owner = Missing(
        "owner_second_factor",
        gettext("The workspace's owner has no second factor: set one up under Security."),
        security,
    )
    own = Missing("second_factor", gettext("You have no second factor: set one up under Security."), security)
    lacks_owner = bot.workspace.owner.second_factors_at is None
    lacks_own = actor is not None and actor.pk != bot.workspace.owner_id and actor.second_factors_at is None
    return (None if has_plan else plan, owner if lacks_owner else None, own if lacks_own else None)


def _of_account(bot: Bot) -> tuple[Missing | None, ...]:
    account, where = bot.account, f"/trading/accounts/{bot.account.uuid}/"
    found: list[Missing | None] = []
    if account.kind != AccountKind.EXCHANGE:
        words = gettext("Its account is on paper: choose a connected exchange account.")
        found.append(Missing("account", words, f"/bots/{bot.uuid}/edit/"))
    elif account.state != AccountState.CONNECTED:
        words = gettext("Its account {account} is {lower}.").format(
            account=account, lower=account.get_state_display().lower()
        )
        found.append(Missing("account", words, where))
    limits = RiskLimits.objects.filter(
        workspace=bot.workspace,
        account=None,
        book=None,
        max_order_notional__isnull=False,
        max_daily_loss__isnull=False,
    )
    if not limits.exists():
        words = gettext(
            "No risk limits of the workspace: set at least the largest order and the largest loss of a day."
        )
        found.append(Missing("limits", words, "/trading/limits/"))
    return tuple(found)


def _of_formula(bot: Bot) -> tuple[Missing | None, ...]:
    found: list[Missing | None] = []
    if bot.feed.provider == FeedProvider.REPLAY:
        words = gettext(
            "Its feed {feed} replays the past: choose one that brings bars as they close."
        ).format(feed=bot.feed)
        found.append(Missing("feed", words, f"/bots/{bot.uuid}/edit/"))
    asks = {watch.kind for watch in program_of(bot.version.text, bot.inputs).plan.watches}
    if "short" in asks:
        words = gettext(
            "Its formula goes short, and a spot account lends nothing: it would sell what is not the bot's."
        )
        found.append(Missing("short", words, f"/formulas/{bot.version.formula.uuid}/"))
    done = paper_run(bot)
    if done < PAPER_RUN and not bot.account.is_testnet:
        asked, ran = PAPER_RUN.total_seconds() / 3600, done.total_seconds() / 3600
        words = gettext(
            "Its version ran {ran:.1f} hours on paper with this market; {asked:.0f} are asked for."
        ).format(ran=written(ran), asked=written(asked))
        found.append(Missing("paper_run", words, f"/bots/new/{bot.version.formula.uuid}/"))
    return tuple(found)


def paper_run(bot: Bot) -> timedelta:
    """How long bots of the workspace ran this version on this market on paper, all together; pauses do not count."""
    rows = (
        BotTransition.objects.filter(
            bot__workspace=bot.workspace,
            bot__version__content_hash=bot.version.content_hash,
            bot__feed__instrument=bot.feed.instrument,
            bot__mode=Mode.PAPER,
        )
        .order_by("bot_id", "id")
        .values_list("bot_id", "after", "at")
    )
    total = timedelta()
    since: dict[int, datetime] = {}
    for bot_id, state, at in rows:
        began = since.pop(bot_id, None)
        if began is not None:
            total += at - began
        if state == BotState.RUNNING:
            since[bot_id] = at
    for began in since.values():
        total += timezone.now() - began
    return total
