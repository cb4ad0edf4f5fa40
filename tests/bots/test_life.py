"""The table of states, stale feeds, silence, canary upgrades, and what stands before live trading."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.bots.choices import Act, BotState
from apps.bots.errors import ActRefused, BotRefused
from apps.bots.models import Bot, Cohort, Decision
from apps.bots.rules.transitions import TABLE, after
from apps.bots.services import (
    change_bot,
    check_parity,
    fail_cohort,
    finish_upgrades,
    follow_feed,
    pause,
    resume,
    roll_back,
    start_upgrade,
    stop,
    sweep,
    watch_heartbeats,
)
from apps.formulas.services import publish_formula, save_formula
from apps.markets.choices import FeedState
from apps.notifications.models import Notice
from apps.signals.models import Signal
from apps.signals.services import process_alerts
from apps.trading.models import Position
from tests.bots.conftest import CROSS, bring, run_all, wave

# by hand: state, act, state after; whatever stands here not is refused
WAYS = """
draft deploy running | stopped deploy running | running pause paused | paused resume running
running stop stopped | paused stop stopped | draft archive archived | stopped archive archived
archived restore stopped | running switch running | paused switch paused
"""


def test_the_table_is_as_written_by_hand():
    ways = {tuple(way.split()) for way in WAYS.replace("|", "\n").splitlines() if way.strip()}
    assert {(b.value, a.value, s.value) for a, found in TABLE.items() for b, s in found.items()} == ways
    for act in Act:
        for state in BotState:
            if not any(way[:2] == (state.value, act.value) for way in ways):
                with pytest.raises(ActRefused, match=f"A bot that is {state.label.lower()} cannot be"):
                    after(state, act)


def test_a_stale_feed_pauses_and_a_fresh_one_resumes(feed, new_bot, user):
    bring(feed, wave(60))
    goes_on, asks = new_bot("Goes on"), new_bot("Asks", policy="ask")
    by_hand = new_bot("By hand")
    pause(by_hand, actor=user)
    feed.refresh_from_db()
    feed.state = FeedState.STALE
    feed.save()
    assert follow_feed(feed) == 2
    goes_on.refresh_from_db()
    assert (goes_on.state, goes_on.cause) == ("paused", "feed_stale")
    assert "brings no bars in time" in goes_on.words
    with pytest.raises(ActRefused, match="is stale: start the feed first"):
        resume(goes_on, actor=user)
    notice = Notice.objects.get(event="bots.bot.paused")  # one for both
    assert notice.data["title"] == "2 bots are paused"
    assert "Goes on, Asks" in notice.data["text"]
    feed.state = FeedState.RUNNING
    feed.save()
    assert follow_feed(feed) == 1
    states = dict(Bot.objects.values_list("name", "state"))
    assert states == {"Goes on": "running", "Asks": "paused", "By hand": "paused"}
    assert asks.policy == "ask"


def test_the_sweep_finds_what_the_hook_lost(feed, new_bot):
    bring(feed, wave(60))
    bot = new_bot()
    run_all()
    assert sweep() == 0
    bring(feed, wave(62))
    assert sweep() == 1
    feed.refresh_from_db()
    feed.state = FeedState.STALE
    feed.save()
    sweep()
    bot.refresh_from_db()
    assert bot.state == "paused"


def test_silence_is_told_once_and_closes_positions_where_asked(feed, new_bot, user):
    bars = wave(260)
    bring(feed, bars.slice(0, 60))
    careful, calm = new_bot("Careful", flattens_when_silent=True), new_bot("Calm")
    run_all()
    at = 60
    while not Position.objects.filter(book=careful.book).exclude(units=0).exists():
        assert at < len(bars), "it never bought"
        bring(feed, bars.slice(at, at + 1))
        run_all()
        at += 1
    later = timezone.now() + timedelta(seconds=31)
    assert watch_heartbeats(now=timezone.now() + timedelta(seconds=20)) == 0
    assert watch_heartbeats(now=later) == 2
    assert watch_heartbeats(now=later) == 0
    notice = Notice.objects.get(event="bots.bot.silent")
    assert notice.person == user
    careful.refresh_from_db()
    assert (careful.state, careful.cause, careful.wants_flat) == ("paused", "dead_man", True)
    bring(feed, bars.slice(at, at + 1))
    run_all()
    assert Position.objects.get(book=careful.book).units == 0
    assert Position.objects.filter(book=calm.book).exclude(units=0).exists()
    watch_heartbeats()
    careful.refresh_from_db()
    assert careful.state == "running"
    assert check_parity(careful).difference is None


@pytest.mark.parametrize(
    ("silent", "language", "span", "kept"),
    [
        (timedelta(seconds=31), "en", "for 31 seconds: Calm.", "31 seconds"),
        (timedelta(seconds=119), "en", "for 119 seconds: Calm.", "119 seconds"),
        (timedelta(minutes=2), "en", "for 2\xa0minutes: Calm.", "2 minutes"),
        (timedelta(seconds=4642), "en", "for 1\xa0hour: Calm.", "1 h 17 min"),
        (timedelta(hours=54), "en", "for 2\xa0days: Calm.", "54 h 0 min"),
        (timedelta(hours=5), "tr", "5\xa0saat", "5 h 0 min"),
    ],
)
def test_a_silent_bot_says_for_how_long_as_people_do(feed, new_bot, user, silent, language, span, kept):
    user.language = language
    user.save()
    bring(feed, wave(1))
    bot = new_bot("Calm", flattens_when_silent=True)
    now = timezone.now()
    Cohort.objects.update(heartbeat_at=now - silent)
    assert watch_heartbeats(now=now) == 1
    assert span in Notice.objects.get(event="bots.bot.silent").data["text"]
    bot.refresh_from_db()
    assert bot.words == f"Nothing was heard of it for {kept}."


def test_a_cohort_that_fails_again_and_again_pauses_its_bots(feed, new_bot):
    bring(feed, wave(60))
    bot = new_bot()
    run_all()
    cohort = Cohort.objects.get()
    for _ in range(5):
        fail_cohort(cohort.pk, RuntimeError("no"))
    bot.refresh_from_db()
    assert (bot.state, bot.cause) == ("paused", "broken")


def test_a_canary_moves_the_bot_where_the_versions_agree(feed, new_bot, user):
    bars = wave(300)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    formula = bot.version.formula
    same = _publish(formula, CROSS + 'plot ema(close, fast) as "Fast"\n', user)
    upgrade = start_upgrade(bot, same, bars=40, most_different=0, actor=user)
    bring(feed, bars.slice(60, 99))
    run_all()
    assert finish_upgrades() == 0
    bring(feed, bars.slice(99, 130))
    run_all()
    cash = Decision.objects.filter(bot=bot).order_by("number").last().equity
    assert finish_upgrades() == 1
    upgrade.refresh_from_db()
    assert (upgrade.state, upgrade.report["different"], upgrade.report["bars"]) == ("switched", 0, 40)
    assert upgrade.report["asked_before"] > 0
    bring(feed, bars.slice(130, 200))
    run_all()
    bot.refresh_from_db()
    assert (bot.version, bot.joined_number, bot.state) == (same, 130, "running")
    assert check_parity(bot).difference is None
    assert cash != 10_000
    roll_back(upgrade, actor=user)
    bring(feed, bars.slice(200, 300))
    run_all()
    bot.refresh_from_db()
    assert bot.version.number == 1
    assert check_parity(bot).difference is None
    numbers = list(Decision.objects.filter(bot=bot).values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))


def test_a_canary_that_differs_waits_for_a_person(feed, new_bot, user):
    bars = wave(160)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    other = _publish(bot.version.formula, CROSS.replace("crossunder", "crossover"), user)
    upgrade = start_upgrade(bot, other, bars=60, most_different=1, actor=user)
    with pytest.raises(ActRefused, match="runs in shadow already"):
        start_upgrade(bot, other, bars=60, most_different=1, actor=user)
    bring(feed, bars.slice(60, 130))
    run_all()
    assert finish_upgrades() == 1
    upgrade.refresh_from_db()
    bot.refresh_from_db()
    assert upgrade.state == "differs"
    assert upgrade.report["different"] > 1
    assert bot.version.number == 1


def _publish(formula, text, user):
    save_formula(formula, name=formula.name, text=text, actor=user)
    return publish_formula(formula, actor=user)


def test_what_decides_its_trades_stays_while_it_runs(feed, new_bot, user):
    bring(feed, wave(60))
    bot = new_bot()
    with pytest.raises(BotRefused, match="Stop the bot before changing its inputs"):
        change_bot(bot, {"inputs": {"fast": 5}}, actor=user)
    assert change_bot(bot, {"name": "Other", "tags": ["a", "a", " "]}, actor=user).tags == ["a"]
    run_all()
    stop(bot, flatten=False, actor=user)
    run_all()
    with pytest.raises(BotRefused, match="clone the bot"):
        change_bot(bot, {"capital": 5}, actor=user)
    assert change_bot(bot, {"inputs": {"fast": 5}}, actor=user).inputs == {"fast": 5}


def test_fills_become_signals_once(feed, new_bot):
    bars = wave(160)
    bring(feed, bars.slice(0, 60))
    bot = new_bot()
    run_all()
    bring(feed, bars.slice(60, 160))
    run_all()
    while process_alerts():
        pass
    fills = sum(len(row.fills) for row in Decision.objects.filter(bot=bot))
    signals = list(Signal.objects.order_by("id"))
    assert len(signals) == fills > 2
    assert {signal.action for signal in signals} == {"buy", "exit"}
    assert signals[0].strategy == "Bot"
    assert signals[0].payload["formula"] == bot.version.content_hash
