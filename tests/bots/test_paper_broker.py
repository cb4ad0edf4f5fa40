"""The paper broker is the simulator's own fill step: without options the same bits, with them the same draw of chances."""

from __future__ import annotations

from decimal import Decimal

from apps.bots.models import Bot, Cohort, Decision
from apps.bots.services import check_parity
from apps.bots.services.crew import crew_of
from apps.bots.services.memory import load_memory
from apps.engine.lang import compile_formula
from apps.engine.sim.run import run
from apps.engine.sim.spec import SimParams
from apps.trading.models import Fill
from apps.trading.services import amount_of
from tests.bots.conftest import CROSS, bring, run_all, wave

BEFORE, AFTER = 60, 240
OPTIONS = {"latency_bars": 1, "partial_fill_rate": Decimal("0.4"), "rejection_rate": Decimal("0.3")}


def test_without_options_fills_and_cash_are_the_backtests_to_the_last_bit(feed, new_bot) -> None:
    bars = wave(BEFORE + AFTER)
    bring(feed, bars.slice(0, BEFORE))
    bot = new_bot()
    run_all()
    bring(feed, bars.slice(BEFORE, len(bars)))
    run_all()
    orders = compile_formula(CROSS, {}).evaluate(bars).orders
    orders.flags[:BEFORE] = 0  # before it joined
    expected = run(bars, orders, SimParams(cash=10_000.0, fee=0.001, slippage_bps=2.0))
    trades, opened = expected.trades, expected.open_trade
    rows = []
    for i in range(len(trades.pnl)):
        rows += [(trades.entry_price[i], trades.size[i]), (trades.exit_price[i], trades.size[i])]
    if opened is not None:
        rows.append((opened.entry_price, opened.size))
    assert len(rows) > 10
    kept = Fill.objects.filter(book=bot.book).order_by("at", "id").values_list("price", "units")
    assert list(kept) == [(amount_of(price), amount_of(size)) for price, size in rows]
    cohort = Cohort.objects.get()
    account = load_memory(cohort, crew_of(cohort)).accounts.account(0)
    assert account.cash == expected.cash  # as floats, to the last bit
    assert account.position.units == (opened.size if opened is not None else 0.0)


def test_with_options_the_seed_decides_and_nothing_else(feed, new_bot, account) -> None:
    """The batch engine, given the seed, draws the same chances at the same bars; given another, others."""
    for name, value in OPTIONS.items():
        setattr(account, name, value)
    account.seed = 5
    account.save()
    bars = wave(BEFORE + AFTER)
    bring(feed, bars.slice(0, BEFORE))
    bot = new_bot()
    run_all()
    for at in range(BEFORE, len(bars), 60):  # as they come, in several jobs
        bring(feed, bars.slice(at, min(at + 60, len(bars))))
        run_all()
    entry = Fill.objects.filter(book=bot.book).order_by("id")[0]
    assert 3_900 < entry.units * entry.price < 4_000  # 40 % of all the 10,000, its fee included
    assert Decision.objects.filter(bot=bot, refused__contains="rejected").exists()
    assert check_parity(bot).difference is None
    account.seed = 6
    account.save()
    bot = Bot.objects.get(pk=bot.pk)
    assert check_parity(bot).difference is not None
