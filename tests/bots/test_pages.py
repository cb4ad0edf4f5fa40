"""Pages of bots: what is shown, and what they do."""

from __future__ import annotations

import json
from decimal import Decimal

from django.urls import reverse

from apps.bots.models import Bot, Decision
from apps.bots.services import finish_upgrades
from apps.formulas.services import publish_formula, save_formula
from apps.trading.models import TradingAccount
from tests.bots.conftest import CROSS, bring, run_all, wave


def trading(feed, new_bot) -> Bot:
    bars = wave(200)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    bring(feed, bars.slice(60, 200))
    run_all()
    bot.refresh_from_db()
    return bot


def test_list_and_detail_show_what_the_bot_did(web, feed, new_bot):
    bot = trading(feed, new_bot)
    page = web.get(reverse("bots:bot-list")).content.decode()
    assert "Running" in page
    assert "TEST" in page
    assert "polyline" in page
    page = web.get(reverse("bots:bot-detail", args=[bot.uuid])).content.decode()
    assert "asks to go long" in page
    assert "exit" in page
    decision = Decision.objects.filter(bot=bot, fills__0__reason="entry").order_by("number").first()
    page = web.get(reverse("bots:bot-decision", args=[bot.uuid, decision.number - 1])).content.decode()
    assert "crossover(ema(close, fast), ema(close, slow))" in page
    assert "holds" in page
    for chart in ("price", "equity"):
        data = web.get(reverse("bots:bot-chart", args=[bot.uuid, chart])).json()
        assert len(data["time"]) > 10
    assert web.get(reverse("bots:bot-chart", args=[bot.uuid, "price"])).json()["markers"]


def test_the_journal_comes_whole(web, feed, new_bot):
    bot = trading(feed, new_bot)
    answer = web.get(reverse("bots:bot-journal", args=[bot.uuid]))
    journal = json.loads(b"".join(answer.streaming_content))
    assert len(journal["decisions"]) == Decision.objects.filter(bot=bot).count() > 4
    entry = next(one for one in journal["decisions"] if one["request"] == "go long")
    assert entry["intents"][0]["order"]["status"] == "filled"
    assert journal["transitions"][0]["after"] == "running"


def test_a_bot_is_made_deployed_paused_and_stopped(web, version, feed, account, workspace):
    where = reverse("bots:bot-new", args=[version.formula.uuid])
    form = {
        "name": "Mine",
        "feed": str(feed.uuid),
        "account": str(account.uuid),
        "mode": "paper",
        "capital": "5000",
        "policy": "ask",
        "tags": "first, second",
        "input_fast": "4",
        "input_slow": "99999",
        "deploy": "1",
    }
    assert web.post(where, form).status_code == 422
    assert web.post(where, form | {"input_slow": ""}).status_code == 302
    bot = Bot.objects.get()
    assert (bot.state, bot.capital, bot.tags, bot.inputs) == (
        "running",
        Decimal(5000),
        ["first", "second"],
        {"fast": "4"},
    )
    web.post(reverse("bots:bot-list"), {"act": "pause", "chosen": [str(bot.uuid), "nonsense"]})
    bot.refresh_from_db()
    assert (bot.state, bot.cause) == ("paused", "person")
    page = web.get(reverse("bots:bot-detail", args=[bot.uuid])).content.decode()
    assert "It waits for a person." in page
    web.post(reverse("bots:bot-act", args=[bot.uuid, "resume"]))
    web.post(reverse("bots:bot-stop", args=[bot.uuid]), {"flatten": "1"})
    web.post(reverse("bots:bot-clone", args=[bot.uuid]))
    bot.refresh_from_db()
    assert bot.state == "stopped"
    copy = Bot.objects.exclude(pk=bot.pk).get()
    assert (copy.state, copy.book, copy.inputs, copy.cloned_from) == ("draft", None, {"fast": "4"}, bot)
    life = reverse("bots:bot-life", args=[bot.uuid])
    assert [step.act for step in web.get(life).context["list"].rows] == ["stop", "resume", "pause", "deploy"]
    assert [step.actor for step in web.get(life, {"act": "pause"}).context["list"].rows] == [
        bot.workspace.owner
    ]
    answer = web.post(reverse("bots:bot-act", args=[bot.uuid, "pause"]), follow=True)
    assert "A bot that is stopped cannot be paused." in answer.content.decode()


def test_a_first_bot_brings_a_paper_account_and_a_second_one_shares_it(web, workspace, version, feed):
    address = reverse("bots:bot-new", args=[version.formula.uuid])
    values = {"feed": feed.uuid, "mode": "paper", "capital": "500", "policy": "resume"}
    for name in ("One", "Two"):
        page = web.get(address).content.decode()
        assert ("made with the bot" in page) is (name == "One")
        account = TradingAccount.objects.filter(workspace=workspace).first()
        made = web.post(address, {**values, "name": name, "account": account.uuid if account else ""})
        assert made.status_code == 302, made.content.decode()
    assert TradingAccount.objects.filter(workspace=workspace).count() == 1
    assert {bot.account.name for bot in Bot.objects.filter(workspace=workspace)} == {"Paper"}


def test_a_pause_keeps_the_reason_given(web, new_bot):
    bot = new_bot("Reasoned")
    web.post(reverse("bots:bot-act", args=[bot.uuid, "pause"]), {"words": "Off for lunch"})
    bot.refresh_from_db()
    assert (bot.state, bot.words) == ("paused", "Off for lunch")
    assert bot.transitions.order_by("-id").first().words == "Off for lunch"


def test_another_version_is_tried_decided_and_taken_back(web, feed, new_bot, user):
    bars = wave(260)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    formula = bot.version.formula
    save_formula(formula, name=formula.name, text=CROSS.replace("crossunder", "crossover"), actor=user)
    publish_formula(formula, actor=user)
    where = reverse("bots:bot-detail", args=[bot.uuid])
    assert "Run in shadow" in web.get(where).content.decode()
    tried = reverse("bots:bot-try", args=[bot.uuid])
    page = web.post(tried, {"version": 2, "bars": 0, "most_different": 0}, follow=True).content.decode()
    assert "greater than or equal to 1" in page
    web.post(tried, {"version": 2, "bars": 60, "most_different": 1})
    page = web.get(where).content.decode()
    assert "Stay with version 1" in page
    assert "Run in shadow" not in page
    bring(feed, bars.slice(60, 130))
    run_all()
    assert finish_upgrades() == 1
    page = web.get(where).content.decode()
    report = bot.upgrades.get().report
    assert f"asked otherwise on {report['different']}" in page
    first = report["first"][0]
    assert f"{first['said_before'] or 'nothing'} → {first['said_after'] or 'nothing'}" in page
    decide = reverse("bots:bot-decide", args=[bot.uuid])
    web.post(decide, {"what": "switch"})
    bot.refresh_from_db()
    assert bot.version.number == 2
    assert "Go back to version 1" in web.get(where).content.decode()
    web.post(decide, {"what": "roll_back"})
    bot.refresh_from_db()
    assert bot.version.number == 1


def test_many_are_archived_and_brought_back(web, feed, new_bot):
    bring(feed, wave(60))
    bots = [new_bot("One", runs=False), new_bot("Two", runs=False), new_bot("Runs")]
    chosen = [str(bot.uuid) for bot in bots]
    page = web.post(
        reverse("bots:bot-list"), {"act": "archive", "chosen": chosen}, follow=True
    ).content.decode()
    assert "2 bots are in the archive" in page
    assert "It runs: stop it first." in page
    page = web.get(reverse("bots:bot-list") + "?state=archived").content.decode()
    assert 'value="restore"' in page
    web.post(reverse("bots:bot-list"), {"act": "restore", "chosen": chosen[:2]})
    assert [Bot.objects.get(uuid=uuid).state for uuid in chosen] == ["stopped", "stopped", "running"]
