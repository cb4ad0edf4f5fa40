"""A feed whose bars a test brings itself, an account on paper, and bots on both."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import redis
from django.conf import settings

from apps.accounts.models import User, Workspace
from apps.bots.models import Bot, Cohort
from apps.bots.services import BotRequest, create_bot, deploy, step_cohort
from apps.engine.bars import Bars
from apps.formulas.models import FormulaVersion
from apps.formulas.services import create_formula, publish_formula
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models import Feed, Instrument
from apps.markets.services.feeds import append_bars
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import TradingAccount

MINUTE = 60_000
START = 1_600_000_000_000 // MINUTE * MINUTE
CROSS = """input fast = 3 in 2..50
input slow = 8 in 3..200
long when crossover(ema(close, fast), ema(close, slow))
exit long when crossunder(ema(close, fast), ema(close, slow))
stop_loss 3%
"""


def wave(count: int, seed: int = 7) -> Bars:
    """Minute candles of a price that rises and falls, so that averages cross often."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.4, count) + np.sin(np.arange(count) / 6.0)
    close = np.round(100 + np.cumsum(steps) - np.cumsum(steps).mean() * 0, 4)
    close = np.maximum(close - close.min() + 80, 1)
    opens = np.r_[close[0], close[:-1]]
    high = np.maximum(opens, close) + 0.3
    low = np.minimum(opens, close) - 0.3
    time = START + np.arange(count, dtype=np.int64) * MINUTE
    return Bars(time, opens, high, low, close, np.full(count, 10.0), MINUTE, symbol="TEST")


@pytest.fixture
def instrument(db: None) -> Instrument:
    return Instrument.objects.create(symbol="TEST", venue="SIM", currency="USD")


@pytest.fixture
def feed(instrument: Instrument) -> Feed:
    """Shared, running, without a bar; tests bring bars with `append_bars`."""
    return Feed.objects.create(
        instrument=instrument,
        provider=FeedProvider.REPLAY,
        timeframe="1m",
        timeframe_ms=MINUTE,
        settings={"bar_set": str(uuid4()), "bars_per_second": 0.001},
        is_active=True,
        state=FeedState.RUNNING,
    )


@pytest.fixture
def account(workspace: Workspace) -> TradingAccount:
    return TradingAccount.objects.create(
        workspace=workspace,
        name="Paper",
        kind=AccountKind.PAPER,
        state=AccountState.CONNECTED,
        fee_rate=Decimal("0.001"),
        slippage_bps=Decimal(2),
    )


@pytest.fixture
def version(workspace: Workspace, user: User) -> FormulaVersion:
    return published(workspace, user, CROSS)


def published(workspace: Workspace, user: User, text: str, name: str = "Cross") -> FormulaVersion:
    formula = create_formula(workspace, name=name, text=text, actor=user)
    return publish_formula(formula, actor=user)


@pytest.fixture
def new_bot(
    workspace: Workspace, user: User, feed: Feed, account: TradingAccount, version: FormulaVersion
) -> Callable[..., Bot]:
    def make(name: str = "Bot", *, runs: bool = True, **asked: Any) -> Bot:
        values: dict[str, Any] = {
            "version": version,
            "feed": feed,
            "account": account,
            "capital": Decimal(10_000),
            **asked,
        }
        bot = create_bot(workspace, BotRequest(name=name, **values), actor=user)
        return deploy(bot, actor=user) if runs else bot

    return make


def bring(feed: Feed, bars: Bars) -> None:
    append_bars(feed.pk, bars)


def run_all() -> None:
    """Do every bar that is not done, as the workers would."""
    for cohort in Cohort.objects.order_by("id"):
        while step_cohort(cohort.pk).bars:
            pass


@pytest.fixture
def queued() -> Callable[[], list[str]]:
    """The names of the jobs that have come into the default queue since it was last asked, oldest first."""

    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)

    def names() -> list[str]:
        found = [json.loads(message)["headers"]["task"] for message in broker.lrange("default", 0, -1)]
        broker.delete("default")
        return found[::-1]

    names()
    return names
