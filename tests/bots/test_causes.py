"""Every pause names its cause, comes for all bots of the scope and no other, and ends when its cause does."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.billing.services import change_plan
from apps.bots.errors import ActRefused
from apps.bots.models import Bot, Cohort
from apps.bots.services import (
    deploy,
    fail_cohort,
    follow_causes,
    follow_feed,
    pause,
    resume,
    step_cohort,
    sweep,
)
from apps.engine.bars import Bars
from apps.engine.program.errors import EvaluationError
from apps.markets.choices import FeedState
from apps.notifications.models import Notice
from apps.trading.choices import AccountState
from apps.trading.models import Intent, Position, TradingAccount
from apps.trading.services import NewIntent, intent_key, lift_switch, place, set_limits, throw_switch
from tests.bots.conftest import MINUTE, bring, published, run_all, wave
from tests.factories import UserFactory, workspace_of

D = Decimal


def said(bot: Bot) -> tuple[str, str, str]:
    bot.refresh_from_db()
    return bot.state, bot.cause, bot.words


# scope, the switch's words; each stops the bot of the test, whose symbol is TEST and whose exchange is binance
SCOPES = {
    "book": "Kill switch (one bot): Halted.",
    "symbol": "Kill switch (a symbol TEST): Halted.",
    "exchange": "Kill switch (an exchange binance): Halted.",
    "workspace": "Kill switch (the workspace): Halted.",
    "platform": "Kill switch (the whole platform): Halted.",
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_kill_switch_is_named_and_lifted(feed, new_bot, account, workspace, user, scope):
    bring(feed, wave(60))
    one, asks = new_bot("One"), new_bot("Asks", policy="ask")
    run_all()
    TradingAccount.objects.update(exchange="binance", kind="exchange")
    values = {"symbol": "test", "exchange": "Binance"}
    of = None if scope == "platform" else workspace
    switch = throw_switch(
        scope=scope, reason="Halted.", workspace=of, book=one.book, value=values.get(scope, ""), actor=user
    )
    assert follow_causes() == (1 if scope == "book" else 2)
    assert said(one) == ("paused", "kill_switch", SCOPES[scope])
    assert said(asks)[0] == ("running" if scope == "book" else "paused")
    step = one.transitions.order_by("id").last()
    assert (step.cause, step.words, step.effect) == ("kill_switch", SCOPES[scope], "It holds no position.")
    assert follow_causes() == 0
    with pytest.raises(ActRefused, match=r"It cannot run now\. Kill switch"):
        resume(one, actor=user)
    assert Notice.objects.filter(event="bots.bot.paused").count() == 1
    lift_switch(switch, actor=user)
    assert follow_causes() == 1
    assert said(one) == ("running", "", "")
    assert said(asks)[0] == ("running" if scope == "book" else "paused")


def test_a_kill_switch_of_another_workspace_stops_nobody_here(feed, new_bot, user):
    bring(feed, wave(60))
    bot = new_bot()
    other = workspace_of(UserFactory())
    throw_switch(scope="workspace", reason="Halted.", workspace=other, actor=other.owner)
    assert follow_causes() == 0
    assert said(bot)[0] == "running"


def test_by_hand_stays_by_hand(feed, new_bot, workspace, user):
    bring(feed, wave(60))
    bot = new_bot()
    pause(bot, actor=user)
    switch = throw_switch(scope="workspace", reason="Halted.", workspace=workspace, actor=user)
    follow_causes()
    lift_switch(switch, actor=user)
    follow_causes()
    assert said(bot) == ("paused", "person", "Paused by a person.")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AccountState.FROZEN, "The account Paper is frozen."),
        (AccountState.REFUSED, "The account Paper was refused: its keys may do too much or too little."),
        (AccountState.FAILED, "The account Paper is not taken by its exchange any more."),
    ],
)
def test_an_account_that_takes_no_orders(feed, new_bot, account, user, state, words):
    bring(feed, wave(60))
    bot, draft = new_bot(), new_bot("Draft", runs=False)
    TradingAccount.objects.update(state=state)
    assert follow_causes() == 1
    assert said(bot) == ("paused", "account", words)
    with pytest.raises(ActRefused, match=words.split(":")[0]):
        deploy(draft, actor=user)
    TradingAccount.objects.update(state=AccountState.CHECKING)
    assert follow_causes() == 0
    TradingAccount.objects.update(state=AccountState.CONNECTED)
    assert follow_causes() == 1
    assert said(bot)[0] == "running"


def test_a_smaller_plan_pauses_the_newest(feed, new_bot, workspace, user):
    bring(feed, wave(60))
    change_plan(workspace, "pro", actor=user)
    bots = [new_bot(f"Bot {number}") for number in range(3)]
    change_plan(workspace, "free", actor=user)
    assert follow_causes() == 2
    states = [said(bot) for bot in bots]
    words = "The plan gives 1 bot at once, and 3 are deployed."
    assert states == [("running", "", ""), ("paused", "plan", words), ("paused", "plan", words)]
    notice = Notice.objects.get(event="bots.bot.paused")
    assert notice.data["title"] == "2 bots are paused"
    assert "Bot 1, Bot 2" in notice.data["text"]
    change_plan(workspace, "pro", actor=user)
    assert follow_causes() == 2
    assert {said(bot)[0] for bot in bots} == {"running"}


def test_the_hooks_queue_the_following(workspace, user, django_capture_on_commit_callbacks, queued):
    with django_capture_on_commit_callbacks(execute=True):
        switch = throw_switch(scope="workspace", reason="Halted.", workspace=workspace, actor=user)
    assert queued() == ["bots.follow_causes"]
    with django_capture_on_commit_callbacks(execute=True):
        lift_switch(switch, actor=user)
        change_plan(workspace, "enterprise", actor=user)
    assert queued().count("bots.follow_causes") == 2


def prices(*closes: float, start: int) -> Bars:
    """Minute candles from one close to the next, 1 wide."""
    close = np.array(closes)
    opens = np.r_[close[0], close[:-1]]
    time = start + np.arange(len(close), dtype=np.int64) * MINUTE
    low, high = np.minimum(opens, close), np.maximum(opens, close)
    return Bars(time, opens, high, low, close, np.full(len(close), 1.0), MINUTE, symbol="TEST")


BUYS_HIGH = "long when close > 109.5\nexit long when close < 100.5\nsize 10 units\n"
MORNING = int(datetime(2024, 3, 1, 8, tzinfo=UTC).timestamp() * 1000)
NEXT_DAY = MORNING + 24 * 60 * MINUTE


@pytest.mark.parametrize(
    ("limit", "value", "cause", "words"),
    [
        # bought 10 at 110, sold at 100: a loss of 100, and of the fees and slippage of the account on top
        ("max_daily_loss", D(100), "daily_loss", "the limit is 100.00."),
        ("max_drawdown", D("0.01"), "drawdown", "the limit is 1.0%."),
    ],
)
def test_a_limit_on_losses_pauses_the_bot_it_refused(
    feed, new_bot, workspace, user, limit, value, cause, words
):
    set_limits(workspace, {limit: value}, actor=user)
    bring(feed, prices(*[105.0] * 5, start=MORNING))
    text = published(workspace, user, BUYS_HIGH, name="High")
    bot, other = new_bot(version=text), new_bot("Small", version=text, inputs={}, policy="ask")
    run_all()
    bring(feed, prices(110, 110, 100, 100, start=MORNING + 10 * MINUTE))
    run_all()
    assert (said(bot)[0], Position.objects.get(book=bot.book).units) == ("running", 0)
    bring(feed, prices(110, start=MORNING + 20 * MINUTE))
    run_all()
    state, found, why = said(bot)
    assert (state, found) == ("paused", cause)
    assert why.endswith(words)
    assert said(other)[:2] == ("paused", cause)
    refused = Intent.objects.filter(book=bot.book).exclude(refused_for="")
    assert [one.refused_for for one in refused] == [cause]
    assert follow_causes() == 0
    bring(feed, prices(105, 105, start=NEXT_DAY))
    run_all()
    goes_on = cause == "daily_loss"
    assert follow_causes() == (1 if goes_on else 0)
    assert said(bot)[0] == ("running" if goes_on else "paused")
    assert said(other)[0] == "paused"


def test_a_formula_that_cannot_be_stepped_is_said_and_goes_on_when_it_can(feed, new_bot):
    bring(feed, wave(60))
    bot = new_bot()
    run_all()
    cohort = Cohort.objects.get()
    for _ in range(5):
        fail_cohort(cohort.pk, EvaluationError("bar 7 does not open later than the bar before it"))
    assert said(bot) == (
        "paused",
        "broken",
        "Its formula cannot be stepped: bar 7 does not open later than the bar before it",
    )
    assert follow_causes() == 0  # it still fails
    bring(feed, wave(61))
    run_all()
    assert follow_causes() == 1
    assert said(bot)[0] == "running"


def test_what_is_over_does_not_hide_what_is_not(feed, new_bot, workspace, user):
    """Two causes: the feed comes back while a kill switch is on."""
    bring(feed, wave(60))
    bot = new_bot()
    feed.refresh_from_db()
    feed.state = FeedState.STALE
    feed.save()
    follow_feed(feed)
    switch = throw_switch(scope="workspace", reason="Halted.", workspace=workspace, actor=user)
    feed.state = FeedState.RUNNING
    feed.save()
    assert follow_feed(feed) == 0
    assert said(bot)[:2] == ("paused", "feed_stale")
    lift_switch(switch, actor=user)
    sweep()
    assert said(bot)[0] == "running"


@pytest.mark.django_db(transaction=True)
def test_within_a_second_in_the_middle_of_a_worker_s_transaction(feed, new_bot, workspace, user):
    """Two connections. A worker holds the cohort and the books and is in the middle of its bars; the switch waits for
    none of them, and the very next request of that transaction is refused, while closing is let through."""
    bring(feed, wave(60))
    bot = new_bot()
    run_all()
    bot.refresh_from_db()
    asked, thrown, thrown_in_time = threading.Event(), threading.Event(), threading.Event()

    def throw() -> None:
        try:
            asked.wait(60)
            with connection.cursor() as cursor:
                # a busy machine may be slow, but nobody is waited for
                cursor.execute("SET lock_timeout = '900ms'")
            throw_switch(scope="workspace", reason="Halted.", workspace=workspace, actor=user)
            thrown_in_time.set()
        finally:
            thrown.set()
            connection.close()

    def intent(number: int, side: str, **more) -> NewIntent:
        return NewIntent(
            intent_key("bot", "hash", number, 0),
            bot.book_id,
            feed.instrument_id,
            side,
            "enter",
            timezone.now(),
            units=D(1),
            reference_price=D(100),
            **more,
        )

    person = threading.Thread(target=throw)
    person.start()
    with transaction.atomic():
        Cohort.objects.select_for_update(no_key=True).get(pk=bot.cohort_id)
        assert place([intent(1, "buy")])[0].refused is None
        now = timezone.now()
        Position.objects.create(
            book=bot.book, instrument=feed.instrument, units=5, cost=500, opened_at=now, updated_at=now
        )
        asked.set()
        assert thrown.wait(30)
        assert thrown_in_time.is_set()
        stopped, closing = place([intent(2, "buy"), intent(3, "sell", reduce_only=True)])
    person.join()
    assert stopped.refused.code == "kill_switch"
    assert closing.refused is None
    assert follow_causes() == 1
    assert said(bot)[:2] == ("paused", "kill_switch")


def test_bots_are_paused_in_a_constant_number_of_statements_but_for_the_journal(
    feed, new_bot, workspace, user, django_assert_max_num_queries
):
    bring(feed, wave(60))
    change_plan(workspace, "enterprise", actor=user)
    for number in range(20):
        new_bot(f"Bot {number}")
    run_all()
    throw_switch(scope="workspace", reason="Halted.", workspace=workspace, actor=user)
    with django_assert_max_num_queries(20 + 45):  # one entry of the journal each
        assert follow_causes() == 20
    assert not step_cohort(Cohort.objects.get().pk).bars
