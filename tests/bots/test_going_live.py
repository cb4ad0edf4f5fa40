"""What stands between a bot and money, gate by gate: each alone refuses it, says what is missing, and where to go."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.second_factors.sessions import SESSION_KEY
from apps.bots.choices import Act, BotState, Cause, Mode
from apps.bots.errors import LiveRefused
from apps.bots.models import Bot, BotTransition
from apps.bots.services import BotRequest, create_bot, deploy, missing_for_live
from apps.markets.choices import FeedProvider
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import RiskLimits, TradingAccount
from apps.trading.services import set_limits
from tests.bots.conftest import published
from tests.factories import UserFactory

SHORT = "long when close > open\nshort when close < open\n"


@pytest.fixture
def ready(feed, account, version, workspace, user) -> Bot:
    """A draft that may go live: every gate is open."""
    workspace.plan_code = "pro"
    workspace.save()
    user.second_factors_at = timezone.now()
    user.save()
    feed.provider = FeedProvider.CCXT
    feed.save()
    paper = create_bot(workspace, BotRequest("Paper", version, feed, account, Decimal(1000)), actor=user)
    ran(paper, hours=24.01)
    live = TradingAccount.objects.create(
        workspace=workspace,
        name="Binance",
        kind=AccountKind.EXCHANGE,
        exchange="binance",
        currency="USDT",
        state=AccountState.CONNECTED,
    )
    limits = {"max_order_notional": Decimal(500), "max_daily_loss": Decimal(50)}
    set_limits(workspace, limits, actor=user)
    request = BotRequest("Live", version, feed, live, Decimal(1000), mode=Mode.LIVE)
    return create_bot(workspace, request, actor=user)


def ran(bot: Bot, *, hours: float) -> None:
    """It ran so long, in two parts with a pause of a day between."""
    began = timezone.now() - timedelta(days=10)
    parts = (
        (BotState.DRAFT, BotState.RUNNING, timedelta()),
        (BotState.RUNNING, BotState.PAUSED, timedelta(hours=hours / 2)),
        (BotState.PAUSED, BotState.RUNNING, timedelta(hours=hours / 2 + 24)),
        (BotState.RUNNING, BotState.STOPPED, timedelta(hours=hours + 24)),
    )
    for before, after, later in parts:
        BotTransition.objects.create(
            bot=bot, act=Act.PAUSE, before=before, after=after, cause=Cause.PERSON, at=began + later
        )


def lose_plan(bot: Bot) -> None:
    bot.workspace.plan_code = "free"
    bot.workspace.save()


def lose_factor(bot: Bot) -> None:
    bot.workspace.owner.second_factors_at = None
    bot.workspace.owner.save()


def lose_account(bot: Bot) -> None:
    bot.account.state = AccountState.FROZEN
    bot.account.save()


def lose_limits(bot: Bot) -> None:
    RiskLimits.objects.update(max_daily_loss=None)


def lose_feed(bot: Bot) -> None:
    bot.feed.provider = FeedProvider.REPLAY
    bot.feed.save()


def lose_long(bot: Bot) -> None:
    bot.version = published(bot.workspace, bot.workspace.owner, SHORT, name="Both ways")
    bot.save()
    paper = Bot.objects.get(name="Paper")
    Bot.objects.filter(pk=paper.pk).update(version=bot.version)


def lose_hours(bot: Bot) -> None:
    BotTransition.objects.all().delete()
    ran(Bot.objects.get(name="Paper"), hours=23.94)


# gate: how it is shut, what is said, and the page that opens it
GATES = {
    "plan": (lose_plan, "The plan does not include live trading.", "/plans/"),
    "owner_second_factor": (
        lose_factor,
        "The workspace's owner has no second factor: set one up under Security.",
        "/settings/security/",
    ),
    "account": (lose_account, "Its account Binance is frozen.", "/trading/accounts/{account}/"),
    "limits": (
        lose_limits,
        "No risk limits of the workspace: set at least the largest order and the largest loss of a day.",
        "/trading/limits/",
    ),
    "feed": (
        lose_feed,
        "Its feed TEST 1m (replay) replays the past: choose one that brings bars as they close.",
        "/bots/{bot}/edit/",
    ),
    "short": (
        lose_long,
        "Its formula goes short, and a spot account lends nothing: it would sell what is not the bot's.",
        "/formulas/{formula}/",
    ),
    "paper_run": (
        lose_hours,
        "Its version ran 23.9 hours on paper with this market; 24 are asked for.",
        "/bots/new/{formula}/",
    ),
}


def with_second_factor(client: Client, user: User) -> None:
    """As after a log-in with one."""
    session = client.session
    session[SESSION_KEY] = user.second_factors_at.isoformat()
    session.save()


def test_with_every_gate_open_it_goes_live(ready, user):
    assert missing_for_live(ready, actor=user) == []
    assert deploy(ready, actor=user).state == "running"


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_alone_refuses(web, ready, user, gate):
    shut, words, url = GATES[gate]
    shut(ready)
    ready = Bot.objects.select_related(
        "workspace__owner", "account", "feed__instrument", "version__formula"
    ).get(pk=ready.pk)
    url = url.format(account=ready.account.uuid, bot=ready.uuid, formula=ready.version.formula.uuid)
    words = words.replace("TEST 1m (replay)", str(ready.feed))
    with pytest.raises(LiveRefused) as refused:
        deploy(ready, actor=user)
    assert refused.value.extra["missing"] == [{"code": gate, "words": words, "url": url}]
    assert Bot.objects.get(pk=ready.pk).state == "draft"
    if user.second_factors_at:
        with_second_factor(web, user)
    page = web.get(reverse("bots:bot-detail", args=[ready.uuid])).content.decode()
    assert words.replace("'", "&#x27;") in page
    assert not url or f'href="{url}"' in page
    if url and gate != "owner_second_factor":  # the owner's page is not this person's
        assert web.get(url).status_code == 200


def test_who_deploys_has_a_second_factor_too(ready):
    missing = missing_for_live(ready, actor=UserFactory())
    assert [one.code for one in missing] == ["second_factor"]


def test_a_test_network_asks_for_no_run_on_paper(ready, user):
    lose_hours(ready)
    ready.account.is_testnet = True
    assert missing_for_live(ready, actor=user) == []


def test_the_api_says_it_all_at_once(api, ready, user):
    with_second_factor(api, user)
    lose_plan(ready)
    lose_limits(ready)
    body = api.get(f"/api/v1/bots/{ready.uuid}/").json()
    assert [one["code"] for one in body["missing_for_live"]] == ["plan", "limits"]
