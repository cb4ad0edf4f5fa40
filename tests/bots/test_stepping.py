"""A bot decides, is filled and booked at each closed bar exactly as its backtest was."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.bots.models import Bot, Cohort, Decision
from apps.bots.services import pause, step_cohort, stop
from apps.bots.services.crew import forget_crews
from apps.engine.lang import compile_formula
from apps.engine.sim.run import run
from apps.engine.sim.spec import SimParams
from apps.trading.models import Book, Fill, Intent, Order, Position
from tests.bots.conftest import CROSS, bring, run_all, wave

BEFORE, AFTER = 60, 300


def backtest(bars, settings=None, cash=10_000.0):
    """What the batch engine says of the same bars: its trades, with nothing asked before the bot joined."""
    program = compile_formula(CROSS, settings or {})
    orders = program.evaluate(bars).orders
    orders.flags[:BEFORE] = 0
    return run(bars, orders, SimParams(cash=cash, fee=0.001, slippage_bps=2.0))


def test_a_bot_trades_as_its_backtest(feed, new_bot):
    bars = wave(BEFORE + AFTER)
    bring(feed, bars.slice(0, BEFORE))
    bot = new_bot()
    run_all()
    bring(feed, bars.slice(BEFORE, len(bars)))
    run_all()
    bot.refresh_from_db()
    assert (bot.slot, bot.joined_number, bot.warm_bars) == (0, BEFORE, BEFORE)
    expected = backtest(bars)
    assert len(expected.trades.pnl) > 5
    fills = list(Fill.objects.filter(book=bot.book).order_by("at", "id"))
    rows = []
    trades = expected.trades
    for i in range(len(trades.pnl)):
        rows += [(trades.entry_price[i], trades.size[i]), (trades.exit_price[i], trades.size[i])]
    if expected.open_trade:
        rows.append((expected.open_trade.entry_price, expected.open_trade.size))
    assert [(float(fill.price), float(fill.units)) for fill in fills] == pytest.approx(
        [pytest.approx(row, rel=1e-12) for row in rows]
    )
    book = Book.objects.get(pk=bot.book_id)
    assert float(book.cash) == pytest.approx(expected.cash, abs=1e-6)
    last = Decision.objects.filter(bot=bot).order_by("number").last()
    assert last.number < BEFORE + AFTER
    assert not Order.objects.filter(book=bot.book, status__in=["pending", "unknown"]).exists()
    assert Intent.objects.filter(book=bot.book).count() == Order.objects.filter(book=bot.book).count()


def test_repeated_lost_and_reordered_messages_change_nothing(feed, new_bot):
    bars = wave(BEFORE + 80)
    bring(feed, bars.slice(0, BEFORE))
    one, two = new_bot("One"), new_bot("Two", inputs={"fast": 2, "slow": 5})
    run_all()
    bring(feed, bars.slice(BEFORE, BEFORE + 40))
    cohort = Cohort.objects.get()
    assert step_cohort(cohort.pk, most=30).more
    before = state_of_all()
    forget_crews()
    bring(feed, bars.slice(BEFORE + 10, BEFORE + 40))  # again
    assert state_of_all() == before
    run_all()
    assert step_cohort(cohort.pk).bars == 0
    bring(feed, bars.slice(BEFORE + 40, BEFORE + 80))
    run_all()
    for bot, settings in ((one, {}), (two, {"fast": 2, "slow": 5})):
        expected = backtest(bars, settings)
        assert float(Book.objects.get(pk=bot.book_id).cash) == pytest.approx(expected.cash, abs=1e-6)


def state_of_all():
    return [
        list(model.objects.order_by("pk").values())
        for model in (Decision, Intent, Order, Fill, Position, Book)
    ] + [
        (bytes(cohort.decisions), bytes(cohort.accounts), cohort.last_number)
        for cohort in Cohort.objects.order_by("pk")
    ]


def test_statements_do_not_grow_with_the_bots(feed, new_bot):
    bars = wave(BEFORE + 40)
    bring(feed, bars.slice(0, BEFORE))
    counts = []
    for bots in (1, 8):
        before = transaction.savepoint()
        for number in range(bots):
            new_bot(f"Bot {number}")
        run_all()
        bring(feed, bars.slice(BEFORE, BEFORE + 40))
        with CaptureQueriesContext(connection) as seen:
            run_all()
        counts.append(len(seen))
        assert Decision.objects.count() >= 4 * bots
        transaction.savepoint_rollback(before)
        forget_crews()
    assert counts[0] == counts[1]


def test_paused_bots_ask_nothing_and_keep_their_protection(feed, new_bot, user):
    bars = wave(BEFORE + 200)
    bring(feed, bars.slice(0, BEFORE))
    bot = new_bot()
    run_all()
    at = BEFORE
    while not Position.objects.filter(book=bot.book).exclude(units=0).exists():
        bring(feed, bars.slice(at, at + 1))
        run_all()
        at += 1
    pause(bot, actor=user)
    bring(feed, bars.slice(at, at + 60))
    run_all()
    asked = Decision.objects.filter(bot=bot, number__gte=at)
    assert all(row.given == 0 for row in asked)
    assert all(fill["reason"] == "stop_loss" for row in asked for fill in row.fills)
    transition = bot.transitions.order_by("id").last()
    assert transition.effect == "Its position stays; stop-loss, take-profit and trail of it still stand."


def test_stopping_with_a_position_closes_it_at_the_next_open(feed, new_bot, user):
    bars = wave(BEFORE + 200)
    bring(feed, bars.slice(0, BEFORE))
    bot = new_bot()
    run_all()
    at = BEFORE
    while not Position.objects.filter(book=bot.book).exclude(units=0).exists():
        bring(feed, bars.slice(at, at + 1))
        run_all()
        at += 1
    stop(bot, flatten=True, actor=user)
    run_all()
    bring(feed, bars.slice(at, at + 2))
    run_all()
    bot.refresh_from_db()
    assert bot.cohort_id is None
    assert bot.state == "stopped"
    assert Position.objects.get(book=bot.book).units == 0
    last = Fill.objects.filter(book=bot.book).order_by("id").last()
    assert float(last.price) == pytest.approx(float(bars.open[at]) * (1 - 0.0002))
    assert last.order.intent.purpose == "flatten"
    run_all()
    assert Bot.objects.get(pk=bot.pk).sim


def test_capital_is_exact(feed, new_bot):
    bot = new_bot(capital=Decimal("1234.56"))
    assert Book.objects.get(pk=bot.book_id).cash == Decimal("1234.56")
    assert np.isfinite(float(bot.capital))
