"""Positions at average cost, by hand; whatever happens, profit is what the trades brought plus what is still open."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.trading.rules.amounts import ZERO, amount_of, on_step
from apps.trading.rules.positions import Held, fold, open_profit

AT = datetime(2024, 3, 1, tzinfo=UTC)


def after(*fills: tuple[str, str, str]) -> Held:
    held = Held()
    for side, units, price in fills:
        held = fold(held, side, Decimal(units), Decimal(price), ZERO, AT).held
    return held


@pytest.mark.parametrize(
    ("fills", "units", "cost", "realised"),
    [
        ([("buy", "10", "100")], "10", "1000", "0"),
        ([("buy", "10", "100"), ("buy", "10", "110")], "20", "2100", "0"),
        ([("buy", "10", "100"), ("buy", "10", "110"), ("sell", "5", "120")], "15", "1575", "75"),
        ([("buy", "10", "100"), ("sell", "10", "90")], "0", "0", "-100"),
        ([("sell", "10", "100")], "-10", "-1000", "0"),
        ([("sell", "10", "100"), ("buy", "4", "90")], "-6", "-600", "40"),
        # through zero: ten are closed at a profit of 100, five are a short of their own
        ([("buy", "10", "100"), ("sell", "15", "110")], "-5", "-550", "100"),
        ([("sell", "10", "100"), ("buy", "15", "110")], "5", "550", "-100"),
        # the doubled position of nautilus_trader 1001: an exit that comes twice must not open a short twice as large
        ([("buy", "1", "100"), ("sell", "1", "101"), ("sell", "1", "102")], "-1", "-102", "1"),
        # thirds: the last place is given out once, and nothing is left when flat
        (
            [("buy", "3", "0.333333333333"), ("sell", "1", "1"), ("sell", "1", "1"), ("sell", "1", "1")],
            "0",
            "0",
            "2.000000000001",
        ),
    ],
)
def test_by_hand(fills, units, cost, realised):
    held = after(*fills)
    assert (held.units, held.cost, held.realised) == (Decimal(units), Decimal(cost), Decimal(realised))
    assert (held.opened_at is None) == (held.units == 0)


@pytest.mark.parametrize("seed", range(20))
def test_profit_is_what_trades_brought_plus_what_is_open_to_the_last_place(seed):
    chance = random.Random(seed)
    held, cash = Held(), ZERO
    for _ in range(200):
        units = Decimal(chance.randrange(1, 10**9)).scaleb(-6)
        price = Decimal(chance.randrange(1, 10**12)).scaleb(-8)
        folded = fold(held, chance.choice(["buy", "sell"]), units, price, ZERO, AT)
        assert folded.held.realised - held.realised == folded.realised
        held, cash = folded.held, cash + folded.cash
        assert held.realised == cash + held.cost
        assert (held.cost > 0) == (held.units > 0)


def test_a_fill_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a fill of 0 units"):
        fold(Held(), "buy", ZERO, Decimal(1), ZERO, AT)


def test_amounts():
    assert open_profit(Decimal(-2), Decimal(-200), Decimal(90)) == 20
    assert amount_of(0.1 + 0.2) == Decimal("0.3")  # 0.30000000000000004 to twelve places
    assert on_step(Decimal("1.239"), Decimal("0.01")) == Decimal("1.23")
    assert on_step(Decimal("1.239"), ZERO) == Decimal("1.239")
