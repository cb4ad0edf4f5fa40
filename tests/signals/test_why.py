"""Why a signal of one of our formulas fired, told on its page."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.engine.bars import Bars
from apps.formulas.services import create_formula, publish_formula
from apps.markets.services import store_bars
from apps.signals.models import AlertSource, Signal
from apps.signals.services import create_source, create_ut_bot, delete_ut_bot, process_alerts
from tests.signals.test_processing import store
from tests.signals.ut_bot.vector import vector_bars

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


@pytest.fixture
def bars(user: User, workspace: Workspace) -> None:
    columns = np.array(vector_bars(), dtype=np.float64).T
    times = int(BEGIN.timestamp() * 1000) + np.arange(16, dtype=np.int64) * 3_600_000
    made = Bars(times, *(c.copy() for c in columns), np.ones(16), timeframe_ms=3_600_000, symbol="BTCUSDT")
    store_bars(workspace, made, actor=user)


def page_of(web: Client, source: AlertSource, **fields: object) -> str:
    values = {"symbol": "BINANCE:BTCUSDT", "timeframe": "1h", "bar_time": "2026-11-02T10:00:00Z"}
    alert = store(source, id=str(fields), **(values | fields))
    process_alerts()
    signal = Signal.objects.get(alert=alert)
    return html.unescape(web.get(reverse("signals:signal-detail", args=[signal.uuid])).content.decode())


UT_BOT = {
    "name": "Mine",
    "symbols": "BINANCE:BTCUSDT",
    "timeframe": "1h",
    "multiplier": 1,
    "atr_period": 3,
    "ema_period": 1,
}


def test_a_ut_bots_signal_shows_what_held_on_its_bar(
    web: Client, api: APIClient, source: AlertSource, user: User, workspace: Workspace, bars: None
):
    bot = create_ut_bot(workspace, {**UT_BOT, "source": source}, actor=user)
    parameters = {"key": 1, "atr_period": 3, "ema_period": 1}
    page = page_of(web, source, formula=bot.formula_hash, parameters=parameters)  # bar 10 of the vector: long
    assert "Why it fired" in page
    assert "long fired:" in page
    assert "short did not fire" in page
    assert "does not fire on this bar" not in page
    assert "97.0699" in page  # the line on that bar, from the library's vector
    answer = api.get(f"/api/v1/signals/{Signal.objects.get().uuid}/why/").json()
    assert (answer["agrees"], answer["missing"], answer["time"]) == (True, "", "2026-11-02T10:00:00Z")
    held = {one["kind"]: one["held"] for one in answer["statements"] if one["held"] is not None}
    assert held == {"long": True, "short": False}
    wrong = page_of(web, source, formula=bot.formula_hash, action="sell", parameters=parameters)
    assert "Computed here, it does not fire on this bar" in wrong
    delete_ut_bot(bot, actor=user)
    assert "long fired:" in page_of(web, source, formula=bot.formula_hash, parameters=parameters, note=1)


def test_a_published_versions_signal_with_the_settings_it_names(
    web: Client, source: AlertSource, user: User, workspace: Workspace, bars: None
):
    formula = create_formula(
        workspace, name="Above", text="input level = 500\nlong when close > level\n", actor=user
    )
    version = publish_formula(formula, actor=user)
    page = page_of(web, source, formula=version.content_hash, parameters={"level": 100, "other": 1})
    assert "Above v1" in page
    assert "long fired:" in page
    page = page_of(web, source, formula=version.content_hash, parameters={"level": "much"})
    assert "Why it fired" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"bar_time": None}, "does not name its bar and timeframe"),
        ({"timeframe": "4h"}, "There are no 4h bars of BTCUSDT"),
        ({"symbol": "ETHUSDT"}, "There are no 1h bars of ETHUSDT"),
        ({"bar_time": "2026-11-03T10:00:00Z"}, "The stored bars have none of that time"),
        ({"formula": "f" * 64}, "No published formula of this workspace has the hash"),
    ],
)
def test_what_is_missing_is_said(
    web: Client, source: AlertSource, user: User, workspace: Workspace, bars: None, fields: dict, said: str
):
    bot = create_ut_bot(workspace, {**UT_BOT, "source": source}, actor=user)
    assert said in page_of(web, source, **{"formula": bot.formula_hash, **fields})


def test_other_signals_say_nothing_of_it(
    web: Client, api: APIClient, source: AlertSource, stranger: User, bars: None
):
    assert "Why it fired" not in page_of(web, source)
    answer = api.get(f"/api/v1/signals/{Signal.objects.get().uuid}/why/").json()
    assert (answer["missing"], answer["statements"]) == ("The alert names no formula.", [])
    assert "Why it fired" not in page_of(web, source, formula="my own words")
    theirs = stranger.owned_workspaces.get()
    version = publish_formula(
        create_formula(theirs, name="Secret", text="long when close > 1\n", actor=stranger), actor=stranger
    )
    page = page_of(web, source, formula=version.content_hash)
    assert "Secret" not in page
    assert "No published formula of this workspace" in page
