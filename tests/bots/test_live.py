"""Bots that trade at an exchange, end to end against the loopback exchange: the orders that were meant, and no other.

The formula buys at a close of 30,000 and leaves above 35,000, with a stop 10 % below what was paid. Every price, size and
order below is worked out by hand: 0.01 BTC a trade, of which the exchange keeps 0.1 % as its fee.
"""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.utils import timezone

from apps.bots.choices import Mode
from apps.bots.models import Bot, Cohort, Decision
from apps.bots.services import (
    BotRequest,
    check_parity,
    close_wanted,
    create_bot,
    deploy,
    pause,
    step_cohort,
    stop,
)
from apps.bots.services.crew import forget_crews
from apps.engine.bars import Bars
from apps.formulas.models import FormulaVersion
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.models import Feed, Instrument
from apps.markets.services.feeds import append_bars
from apps.signals.models import Signal
from apps.signals.services import process_alerts
from apps.trading import hooks
from apps.trading.choices import Refusal
from apps.trading.models import Book, Fill, Intent, Order, Position, TradingAccount
from apps.trading.services import place_order, set_limits, throw_switch
from apps.trading.services.exchange import freeze_account, resolve_orders, submit_orders
from apps.trading.services.exchange.speaking import circuit_of
from tests.bots.conftest import MINUTE, published
from tests.exchange import Fault, LoopbackExchange
from tests.trading.exchange.conftest import account as exchange_account  # noqa: F401
from tests.trading.exchange.conftest import exchange, hurried  # noqa: F401

D = Decimal
TEXT = """long when close > 29999 and close < 30001
exit long when close > 35000
stop_loss 10%
size 0.01 units
"""
BUY, SELL = ("BUY", D("0.01")), ("SELL", D("0.00999"))


@pytest.fixture
def instrument(workspace) -> Instrument:
    return Instrument.objects.create(
        workspace=workspace, symbol="BTCUSDT", currency="USDT", lot_size=D("0.00001"), min_size=D("0.00001")
    )


@pytest.fixture
def frame() -> int:
    """How long a bar is, ms."""
    return MINUTE


@pytest.fixture
def feed(instrument, frame) -> Feed:
    """Brings bars of this moment: the last one that can close has just closed."""
    return Feed.objects.create(
        workspace=instrument.workspace,
        instrument=instrument,
        provider=FeedProvider.CCXT,
        timeframe="1m",
        timeframe_ms=frame,
        settings={"exchange": "binance", "symbol": "BTC/USDT", "is_testnet": False, "websocket": True},
        is_active=True,
        state=FeedState.RUNNING,
    )


@pytest.fixture
def earned(user, workspace) -> None:
    """All that is asked for before going live but the run on paper, which a test network does not ask for."""
    workspace.plan_code = "pro"
    workspace.save()
    user.second_factors_at = timezone.now()
    user.save()
    set_limits(workspace, {"max_order_notional": D(10_000), "max_daily_loss": D(1_000)}, actor=user)


@pytest.fixture
def live_account(exchange_account: TradingAccount) -> TradingAccount:  # noqa: F811
    exchange_account.is_testnet = True
    exchange_account.save()
    circuit_of(exchange_account).tell(ok=True)
    return exchange_account


@pytest.fixture
def version(workspace, user) -> FormulaVersion:
    return published(workspace, user, TEXT, name="At 30,000")


class Market:
    """Closes bars at the prices given, each a minute after the last; the newest has just closed."""

    def __init__(self, feed: Feed, exchange: LoopbackExchange, account: TradingAccount) -> None:  # noqa: F811
        self.feed, self.exchange, self.account = feed, exchange, account
        self.time = (int(time.time() * 1000) // MINUTE - 100) * MINUTE - feed.timeframe_ms
        self.price = 29_000.0

    def bring(self, *closes: float, low: float | None = None, age: int = 0) -> None:
        """Bars whose last one closed `age` minutes ago; long ones are brought a minute apart, and closed before now.

        In the second half of a minute it is the one that this minute closes: an entry is wanted for a minute, and would
        be too late where the next one began before it was handed over.
        """
        frame = self.feed.timeframe_ms
        ends = (int(time.time() * 1000 + MINUTE / 2) // MINUTE - age) * MINUTE - frame
        times = np.array([ends - MINUTE * i for i in reversed(range(len(closes)))], np.int64)
        after = self.time + MINUTE * np.arange(1, len(closes) + 1)
        times = np.maximum(times, after) if frame == MINUTE else after
        opens = np.array([self.price, *closes[:-1]])
        close = np.array(closes, float)
        lows = np.minimum(opens, close)
        if low is not None:
            lows[-1] = low
        bars = Bars(times, opens, np.maximum(opens, close), lows, close, np.full(len(closes), 1.0), frame)
        append_bars(self.feed.pk, bars)
        self.price, self.time = float(closes[-1]), int(times[-1])
        self.exchange.set_price("BTCUSDT", f"{closes[-1]:.2f}")
        step()

    def work(self, *, within_s: float = 30.0) -> None:
        """What the workers of the exchange do, until nothing is unsettled."""
        stop_at = time.monotonic() + within_s
        while time.monotonic() < stop_at:
            resolve_orders(self.account.pk)
            submit_orders(self.account.pk)
            circuit_of(self.account).tell(ok=True)
            if not Order.objects.filter(status__in=("pending", "submitting", "unknown")).exists():
                return
            time.sleep(0.05)
        raise AssertionError(list(Order.objects.values_list("status", "words")))

    @property
    def orders(self) -> list[tuple[str, Decimal]]:
        """Every order that ever reached the exchange's book."""
        return [(order.side, order.qty) for order in self.exchange.matching.orders]


def step() -> None:
    for cohort in Cohort.objects.order_by("id"):
        while step_cohort(cohort.pk).bars:
            pass


@pytest.fixture
def market(feed, exchange, live_account) -> Market:  # noqa: F811
    return Market(feed, exchange, live_account)


@pytest.fixture
def bot(workspace, user, feed, live_account, version, earned, market) -> Bot:
    request = BotRequest("Live", version, feed, live_account, D(1_000), mode=Mode.LIVE)
    made = deploy(create_bot(workspace, request, actor=user), actor=user)
    market.bring(29_000.0, 29_000.0, age=30)
    made.refresh_from_db()
    return made


def held(bot: Bot) -> Decimal:
    row = Position.objects.filter(book=bot.book).first()
    return row.units if row else D(0)


def test_it_buys_and_leaves_as_its_formula_says(bot, market, django_capture_on_commit_callbacks) -> None:
    market.bring(30_000.0)
    [intent] = Intent.objects.all()
    assert (intent.side, intent.purpose, intent.kind, intent.units) == ("buy", "enter", "market", D("0.01"))
    market.work()
    assert market.orders == [BUY]
    assert held(bot) == D("0.00999")  # 0.1 % of 0.01 was kept
    market.bring(31_000.0)
    market.bring(36_000.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0
    with django_capture_on_commit_callbacks(execute=True):  # the ledger tells of what it stored
        hooks.filled.send_on_commit(fill_ids=list(Fill.objects.values_list("pk", flat=True)))
    book = Book.objects.get(pk=bot.book_id)
    # 1,000 - 0.01 x 30,000 + 0.00999 x 36,000 less 0.1 % of that
    assert book.cash == D(1_000) - D(300) + D("359.64") - D("0.35964")
    bot.refresh_from_db()
    assert check_parity(bot).difference is None
    while process_alerts():
        pass
    assert sorted(Signal.objects.values_list("action", "price")) == [
        ("buy", D("30000.00")),
        ("exit", D("36000.00")),
    ]


def test_a_stop_is_tested_at_each_close_and_sells_once(bot, market) -> None:
    market.bring(30_000.0)
    market.work()
    market.bring(28_000.0, low=27_001.0)  # the stop is at 27,000
    assert market.orders == [BUY]
    market.bring(28_500.0, low=26_999.0)
    intent = Intent.objects.order_by("id").last()
    assert (intent.purpose, intent.why, intent.units) == ("protect", {"reason": "stop_loss"}, D("0.00999"))
    market.work()
    market.bring(28_500.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0


def test_nothing_is_asked_while_an_order_is_under_way(bot, market) -> None:
    market.bring(30_000.0)
    market.bring(30_000.0)
    market.bring(30_000.0)
    assert Intent.objects.count() == 1
    market.work()
    assert market.orders == [BUY]


def test_a_repeated_lost_or_late_job_does_nothing(bot, market) -> None:
    kept = ("last_number", "last_time", "last_close", "decisions", "accounts", "delayed")
    before = Cohort.objects.values(*kept).get()
    market.bring(30_000.0)
    cohort = Cohort.objects.get()
    forget_crews()
    assert step_cohort(cohort.pk).bars == 0
    submit_orders(market.account.pk)
    submit_orders(market.account.pk)
    market.work()
    assert market.orders == [BUY]
    assert Intent.objects.count() == Order.objects.count() == 1
    # as if a second worker had not seen what the first one did: the intent is there, by the name of its bar
    Cohort.objects.filter(pk=cohort.pk).update(**before)
    Decision.objects.filter(bot=bot).delete()
    Position.objects.filter(book=bot.book).delete()
    forget_crews()
    step()
    market.work()
    assert Intent.objects.count() == 1
    assert market.orders == [BUY]


def test_bars_of_the_past_buy_nothing(bot, market) -> None:
    market.bring(30_000.0, 31_000.0, age=5)  # the worker was away: this entry was asked for six minutes ago
    assert [intent.refused_for for intent in Intent.objects.all()] == [Refusal.EXPIRED]
    market.work()
    assert market.orders == []
    market.bring(30_000.0)  # of now
    market.work()
    assert market.orders == [BUY]


def test_of_bars_that_come_at_once_the_exit_counts_and_no_entry_before_it_is_done(bot, market) -> None:
    market.bring(30_000.0)
    market.work()
    market.bring(36_000.0, 30_000.0, 31_000.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0
    market.bring(31_500.0)
    market.bring(30_000.0)
    market.work()
    assert market.orders == [BUY, SELL, BUY]


FAULTS = [
    pytest.param(Fault.lost_after(), id="accepted, the answer lost"),
    pytest.param(Fault.lost_before(), id="lost before it arrived"),
    pytest.param(Fault.time_out(0.7, carried_out=True), id="time-out, accepted"),
    pytest.param(Fault.time_out(0.7, carried_out=False), id="time-out, not accepted"),
    pytest.param(Fault.status_unknown(carried_out=True), id="status unknown, accepted"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_on_the_way_in_and_out(hurried, bot, market, fault) -> None:  # noqa: F811
    market.exchange.fault(fault)
    market.bring(30_000.0)
    submit_orders(market.account.pk)  # the worker stumbles
    market.bring(30_000.0)  # and the next bar asks again
    market.work()
    assert market.orders == [BUY]
    market.exchange.fault(fault)
    market.bring(36_000.0)
    submit_orders(market.account.pk)
    market.bring(36_500.0)
    market.work()
    market.bring(36_500.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0


REJECTED = {"code": -2010, "msg": "Account has insufficient balance for requested action."}


def test_a_rejected_entry_is_dropped(bot, market) -> None:
    market.exchange.fault(Fault(carried_out=False, status=400, body=REJECTED))
    market.bring(30_000.0)
    market.work()
    assert Order.objects.get().status == "rejected"
    market.bring(31_000.0)
    market.work()
    assert market.orders == []
    assert Intent.objects.count() == 1


@pytest.mark.parametrize("price", [36_000.0, 26_000.0], ids=["exit", "stop"])
def test_what_was_to_close_is_asked_again_until_it_has(bot, market, price) -> None:
    market.bring(30_000.0)
    market.work()
    market.exchange.fault(Fault(carried_out=False, status=400, body=REJECTED))
    market.bring(price)
    market.work()
    assert (market.orders, held(bot)) == ([BUY], D("0.00999"))
    # neither exit nor stop holds any more, and the formula would buy: the exit was asked for
    market.price = 29_500.0  # where the bar opens
    market.bring(30_000.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0


def test_an_entry_filled_in_part_is_protected_and_left_as_it_is(bot, market) -> None:
    market.exchange.matching.slices = 3
    market.bring(30_000.0)
    market.work()
    assert market.orders == [BUY]
    assert Order.objects.get().filled == D("0.00999")
    market.bring(26_000.0)
    market.work()
    assert market.orders == [BUY, SELL]
    assert held(bot) == 0


def test_dust_is_no_position(bot, market) -> None:
    """A fee in coin leaves less than the smallest size: the bot is flat, and may buy again."""
    market.bring(30_000.0)
    market.work()
    Position.objects.filter(book=bot.book).update(units=D("0.000009"), cost=D("0.27"))
    market.bring(31_000.0)
    market.bring(30_000.0)
    market.work()
    assert market.orders == [BUY, BUY]


def test_a_kill_switch_lets_it_leave_and_not_enter(bot, market, workspace, user) -> None:
    market.bring(30_000.0)
    market.work()
    throw_switch(scope="symbol", value="BTCUSDT", reason="Halted.", workspace=workspace, actor=user)
    market.bring(36_000.0)
    market.bring(30_000.0)
    market.work()
    market.bring(30_000.0)
    market.work()
    assert market.orders == [BUY, SELL]
    refused = Intent.objects.exclude(refused_for="")
    assert {one.refused_for for one in refused} == {"kill_switch"}
    assert all(one.purpose == "enter" for one in refused)


def test_a_paused_live_bot_keeps_its_stop_and_enters_nothing(bot, market, user) -> None:
    market.bring(30_000.0)
    market.work()
    pause(bot, actor=user)
    market.bring(36_000.0)
    market.work()
    assert market.orders == [BUY]  # its formula is not heeded
    market.bring(26_000.0)
    market.work()
    assert market.orders == [BUY, SELL]


def test_stopping_closes_at_once_and_again_until_it_is_closed(bot, market, user) -> None:
    market.bring(30_000.0)
    market.work()
    market.exchange.fault(Fault(carried_out=False, status=400, body=REJECTED))
    stopped = stop(bot, flatten=True, actor=user)
    assert (stopped.state, stopped.wants_flat) == ("stopped", True)
    market.work()
    assert (market.orders, held(bot)) == ([BUY], D("0.00999"))
    assert close_wanted(timezone.now() + timedelta(minutes=1)) == 1
    close_wanted(timezone.now() + timedelta(minutes=1))
    market.work()
    assert market.orders == [BUY, SELL]
    assert close_wanted() == 0
    step()
    bot.refresh_from_db()
    assert (bot.wants_flat, bot.cohort_id) == (False, None)


def test_a_frozen_account_is_closed_when_it_is_thawed(bot, market, user) -> None:
    market.bring(30_000.0)
    market.work()
    freeze_account(market.account, reason="Looking into it.", actor=user)
    market.bring(36_000.0)
    assert Intent.objects.order_by("id").last().refused_for == "account"
    TradingAccount.objects.update(state="connected")
    market.bring(31_000.0)
    market.work()
    assert market.orders == [BUY, SELL]


@pytest.mark.parametrize("frame", [4 * 60 * MINUTE])
def test_what_a_person_buys_by_hand_is_not_sold_by_the_bot(bot, market, user) -> None:
    market.bring(30_000.0)
    market.work()
    market.bring(36_000.0)
    market.work()
    book = Book.objects.select_related("account", "workspace").get(pk=bot.book_id)
    place_order(book, market.feed.instrument, side="buy", units=D("0.002"), actor=user)
    market.work()
    market.bring(31_000.0)
    market.work()
    assert market.orders == [BUY, SELL, ("BUY", D("0.002"))]


def test_sizes_and_stops_fit_what_was_paid(bot, market) -> None:
    """The stop counts from the price of the fill, not from the close that asked."""
    market.bring(30_000.0)
    market.exchange.set_price(
        "BTCUSDT", "31000.00"
    )  # it moved before the order arrived: 10 % below is 27,900
    market.work()
    market.bring(28_000.0, low=27_901.0)
    market.work()
    assert market.orders == [BUY]
    market.bring(28_000.0, low=27_899.0)
    market.work()
    assert market.orders == [BUY, SELL]
