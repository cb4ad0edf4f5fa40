"""UT Bots in the browser and by program."""

from __future__ import annotations

import html
import json
import re

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.formulas.models import Formula
from apps.formulas.services.cases import run_tests
from apps.journal.models import Entry
from apps.markets.models import BarSet
from apps.signals.errors import UtBotRefused
from apps.signals.models import AlertSource, Signal, UtBot
from apps.signals.services import create_source, create_ut_bot, process_alerts, set_source_active
from tests.factories import UserFactory, with_second_factor

VALUES = {
    "name": "Bitcoin hours",
    "symbols": "BINANCE:BTCUSDT",
    "timeframe": "60",
    "ema_period": "9",
    "atr_period": "10",
    "multiplier": "3.7",
}


@pytest.fixture
def alert_source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def make(source: AlertSource, user: User, **changed: object) -> UtBot:
    values = {**VALUES, "ema_period": 9, "atr_period": 10, "source": source, **changed}
    return create_ut_bot(source.workspace, values, actor=user)


def text_of(response) -> str:
    return response.content.decode()


def test_set_up_in_the_browser_and_copied_from_there(web: Client, alert_source: AlertSource):
    assert "Set up a UT Bot" in text_of(web.get(reverse("signals:ut-bot-list")))
    response = web.post(reverse("signals:ut-bot-new"), {**VALUES, "source": alert_source.uuid}, follow=True)
    bot = UtBot.objects.get()
    assert (bot.strategy, bot.timeframe, bot.symbols) == ("UTB-1", "1h", ["BINANCE:BTCUSDT"])
    copied = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', text_of(response))]
    assert any(text.startswith("//@version=6") and "UTB-1" in text for text in copied)
    assert "UTB_1|BINANCE:BTCUSDT|60|" in html.unescape(text_of(response))
    assert "Bitcoin hours" in text_of(web.get(reverse("signals:ut-bot-list")))
    entry = Entry.objects.get(action="signals.ut_bot.created")
    assert entry.changes["multiplier"] == "3.7"


def test_every_wrong_value_says_so_at_its_field(web: Client, alert_source: AlertSource):
    wrong = {
        "symbols": "BTCUSDT",
        "timeframe": "5s",
        "ema_period": "0",
        "atr_period": "300",
        "multiplier": "99",
    }
    page = text_of(web.post(reverse("signals:ut-bot-new"), {**VALUES, **wrong, "source": alert_source.uuid}))
    for part in (
        "expected exchange and ticker",
        "not a timeframe of TradingView",
        "The EMA period must be a whole number of bars from 1 to 200, not 0.",
        "The ATR period must be a whole number of bars from 1 to 200, not 300.",
        "The multiplier must be a number from 0.1 to 50",
    ):
        assert part in html.unescape(page), part
    assert not UtBot.objects.exists()


def test_without_a_source_the_page_leads_to_one(web: Client):
    assert "First make a source" in text_of(web.get(reverse("signals:ut-bot-new")))


def test_only_sources_for_tradingview_are_offered_and_taken(web: Client, user: User, workspace: Workspace):
    rest = create_source(workspace, name="Own program", kind="rest", actor=user)[0]
    assert "First make a source" in text_of(web.get(reverse("signals:ut-bot-new")))
    with pytest.raises(UtBotRefused, match="a source for TradingView"):
        make(rest, user)


def test_a_source_that_asks_for_a_passphrase_is_warned_of(web: Client, user: User, alert_source: AlertSource):
    bot = make(alert_source, user)
    where = reverse("signals:ut-bot-detail", args=[bot.uuid])
    assert "asks for more than its address" not in text_of(web.get(where))
    alert_source.passphrase = "open sesame"
    alert_source.save()
    assert "asks for more than its address" in text_of(web.get(where))


def test_numbers_count_on_in_each_workspace(alert_source: AlertSource, user: User, stranger: User):
    theirs = create_source(stranger.owned_workspaces.get(), name="Theirs", actor=stranger)[0]
    made = [make(alert_source, user), make(theirs, stranger), make(alert_source, user)]
    assert [bot.strategy for bot in made] == ["UTB-1", "UTB-1", "UTB-2"]


def test_several_symbols_get_one_script(web: Client, user: User, alert_source: AlertSource):
    bot = make(alert_source, user, symbols="BINANCE:BTCUSDT NASDAQ:AAPL")
    page = text_of(web.get(reverse("signals:ut-bot-detail", args=[bot.uuid])))
    assert "It watches all 2 symbols" in page
    file = web.get(reverse("signals:ut-bot-script", args=[bot.uuid]), {"kind": "strategy"})
    assert "UTB-1.pine" in file["Content-Disposition"]
    assert text_of(file).count("request.security(") == 2


def test_edit_and_delete(web: Client, user: User, alert_source: AlertSource):
    bot = make(alert_source, user)
    before = bot.formula_hash
    edit = reverse("signals:ut-bot-edit", args=[bot.uuid])
    assert 'value="3.7"' in text_of(web.get(edit))
    web.post(edit, {**VALUES, "multiplier": "2.5", "source": alert_source.uuid})
    bot.refresh_from_db()
    assert str(bot.multiplier) == "2.50"
    assert bot.formula_hash != before
    entry = Entry.objects.get(action="signals.ut_bot.changed")
    assert entry.changes == {"multiplier": ["3.7", "2.5"]}
    web.post(reverse("signals:ut-bot-delete", args=[bot.uuid]))
    assert not UtBot.objects.exists()


def test_the_test_button_goes_through_the_intakes_door(web: Client, user: User, alert_source: AlertSource):
    bot = make(alert_source, user)
    for _ in range(2):
        page = web.post(reverse("signals:ut-bot-test", args=[bot.uuid]), follow=True)
        assert "Test alert stored" in text_of(page)
    process_alerts()
    signals = list(Signal.objects.all())
    assert len(signals) == 2
    assert all(
        s.is_test and s.strategy == "UTB-1" and s.payload["formula"] == bot.formula_hash for s in signals
    )
    set_source_active(alert_source, active=False, actor=user)
    page = web.post(reverse("signals:ut-bot-test", args=[bot.uuid]), follow=True)
    assert "switched off" in text_of(page)


def test_the_scripts_message_posted_five_times_is_one_signal(
    post, source: tuple[AlertSource, str], user: User, client: Client
):
    """Through a real intake process: one bar's message is one signal, the next bar's another."""
    bot = make(source[0], user)
    client.force_login(user)
    page = html.unescape(text_of(client.get(reverse("signals:ut-bot-detail", args=[bot.uuid]))))
    found = re.search(r'\{\s+"v": 1,\s+"id": "UTB_1\|.*?\n\}', page, re.DOTALL)
    assert found
    message = json.loads(found[0])
    answers = [post(message) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 5
    assert [answer.json()["duplicate"] for answer in answers] == [False, *[True] * 4]
    later = {**message, "id": message["id"].replace("|long", "|short"), "action": "sell", "seq": 2}
    answer: httpx.Response = post(later)
    assert answer.json()["duplicate"] is False
    process_alerts()
    assert [signal.action for signal in Signal.objects.order_by("id")] == ["buy", "sell"]
    assert [signal.seq for signal in Signal.objects.order_by("id")] == [1, 2]


def test_one_click_makes_the_formula_and_its_test_passes(web: Client, user: User, alert_source: AlertSource):
    bot = make(alert_source, user)
    where = reverse("signals:ut-bot-formula", args=[bot.uuid])
    first = web.post(where)
    formula = Formula.objects.get()
    assert first["Location"] == reverse("formulas:formula-detail", args=[formula.uuid])
    assert "input key = 3.7 in 0.1..50" in formula.text
    assert [result["ok"] for result in run_tests(formula)] == [True]
    web.post(where)
    assert Formula.objects.count() == 1
    formula.text += "\n# mine"
    formula.save()
    web.post(where)
    assert Formula.objects.count() == 2


def test_one_click_backtests_on_bars_of_its_symbol(
    web: Client, user: User, alert_source: AlertSource, bar_set: BarSet
):
    ticker = bar_set.instrument.symbol
    bot = make(alert_source, user, symbols=f"NASDAQ:{ticker}", timeframe="1D")
    page = text_of(web.get(reverse("signals:ut-bot-detail", args=[bot.uuid])))
    form = dict(re.findall(r'name="(next|bar_set|cash|fee|slippage_bps|fill)" value="([^"]*)"', page))
    assert form["bar_set"] == str(bar_set.uuid)
    sent_on = web.post(reverse("signals:ut-bot-formula", args=[bot.uuid]), form)
    assert sent_on.status_code == 307
    result = web.post(sent_on["Location"], form)
    assert "/backtests/" in result["Location"]
    elsewhere = make(alert_source, user, symbols="NASDAQ:OTHER")
    plain = web.post(reverse("signals:ut-bot-formula", args=[elsewhere.uuid]), {"next": "backtest"})
    assert plain.status_code == 302


def test_by_program(api: APIClient, alert_source: AlertSource):
    body = {
        **VALUES,
        "symbols": ["binance:btcusdt"],
        "ema_period": 9,
        "atr_period": 10,
        "source": str(alert_source.uuid),
    }
    made = api.post("/api/v1/ut-bots/", body, format="json")
    assert made.status_code == 201, made.content
    assert (made.data["strategy"], made.data["symbols"], made.data["timeframe"]) == (
        "UTB-1",
        ["BINANCE:BTCUSDT"],
        "1h",
    )
    where = f"/api/v1/ut-bots/{made.data['uuid']}/"
    pine = api.get(f"{where}pine/")
    assert pine.data["script"].startswith("//@version=6")
    assert pine.data["message"]["strategy"] == "UTB-1"
    changed = api.patch(where, {"timeframe": "4h"}, format="json", HTTP_IF_MATCH=api.get(where)["ETag"])
    assert changed.data["timeframe"] == "4h", changed.content
    refused = api.post("/api/v1/ut-bots/", {**body, "timeframe": "7s"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_ut_bot")
    assert "timeframe" in refused.json()["errors"]
    formula = api.post(f"{where}formula/")
    assert str(Formula.objects.get().uuid) == formula.data["formula"]
    assert api.post(f"{where}test/").status_code == 202
    assert api.delete(where).status_code == 204


def test_staff_set_one_up_in_the_admin(client: Client, alert_source: AlertSource):
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    with_second_factor(client, staff)
    values = {**VALUES, "source": alert_source.pk}
    add = reverse("admin:signals_utbot_add")
    assert "exchange and ticker" in text_of(client.post(add, {**values, "symbols": "BTC"}))
    assert client.post(add, values).status_code == 302
    bot = UtBot.objects.get()
    assert (bot.workspace, bot.timeframe) == (alert_source.workspace, "1h")
    change = reverse("admin:signals_utbot_change", args=[bot.pk])
    assert "//@version=6" in text_of(client.get(change))
    assert client.post(change, {**values, "ema_period": "1"}).status_code == 302
    bot.refresh_from_db()
    assert bot.ema_period == 1
    entry = Entry.objects.get(action="signals.ut_bot.changed")
    assert (entry.actor_id, entry.changes) == (staff.pk, {"ema_period": [9, 1]})
