"""Many accounts stepped together: bit for bit what each does alone, and what its backtest does."""

import math

import numpy as np
import pytest

from apps.engine.sim.account import GO_LONG, NOTHING, Bar
from apps.engine.sim.accounts import Accounts
from apps.engine.sim.rules import REASONS
from apps.engine.sim.run import run
from apps.engine.sim.spec import LONG, Orders, Requests, SimParams, Size
from apps.engine.sim.state import SimState
from tests.engine.sim.test_against_reference import flat_values, random_case, same

BOTS = 48
BARS = 40
NONE = np.full(1, math.nan)


def cases(seed: int) -> tuple[list[tuple[Orders, SimParams]], object]:
    """Orders and conditions of their own for BOTS accounts, over the bars of the first case long enough."""
    found, bars = [], None
    while len(found) < BOTS:
        seed += 1
        case_bars, orders, params, _ = random_case(seed, longest=300)
        if len(case_bars) < BARS:
            continue
        bars = bars or case_bars
        found.append((orders, params))
    return found, bars


def column(protection, i):
    return math.nan if protection is None or protection.series is None else float(protection.series[i])


def requests_at(orders: Orders, i: int) -> Requests:
    return Requests(
        int(orders.flags[i]), *(column(each, i) for each in (orders.stop, orders.target, orders.trail))
    )


def columns_at(members, i):
    asked = [requests_at(orders, i) for orders, _ in members]
    flags = np.array([each.flags for each in asked], np.uint8)
    return flags, *(np.array([each[k] for each in asked]) for k in (1, 2, 3))


@pytest.mark.parametrize("seed", [0, 1_000, 2_000])
def test_each_account_is_as_if_alone(seed: int) -> None:
    members, bars = cases(seed)
    alone = [SimState.initial(orders, params) for orders, params in members]
    together = Accounts.new([state.rules for state in alone], [params.cash for _, params in members])
    fills_seen = 0
    for i in range(BARS):
        bar = bars.bar(i)
        if i == BARS // 2:  # saved and loaded between two bars
            together = Accounts.from_bytes(together.rules, together.to_bytes())
        fills = together.step(bar, *columns_at(members, i))
        events = []
        for bot, (orders, _) in enumerate(members):
            alone[bot], made = alone[bot].step(bar, requests_at(orders, i))
            events += [(bot, event) for event in made]
            ours, theirs = flat_values(together.account(bot)), flat_values(alone[bot].account)
            assert all(same(a, b) for a, b in zip(ours, theirs, strict=True)), (seed, i, bot)
            assert together.equity[bot] == alone[bot].equity
        assert len(events) == len(fills)
        for row, (bot, event) in enumerate(events):
            assert fills.account[row] == bot
            assert REASONS[int(fills.reason[row])] == event.reason
            assert ("buy" if fills.side[row] > 0 else "sell") == event.side
            assert (fills.units[row], fills.price[row], fills.fee[row]) == (
                event.size,
                event.price,
                event.fee,
            )
            assert event.pnl is None or fills.pnl[row] == event.pnl
        fills_seen += len(fills)
    assert fills_seen > BOTS, "too few fills to show anything"


@pytest.mark.parametrize("seed", [3, 8, 21, 34])
def test_stepping_equals_the_backtest(seed: int) -> None:
    bars, orders, params, _ = random_case(seed, longest=300)
    result = run(bars, orders, params)
    rules = SimState.initial(orders, params).rules
    accounts = Accounts.new([rules, rules], [params.cash, params.cash])
    equity = []
    for i in range(len(bars)):
        accounts.step(bars.bar(i), *columns_at([(orders, params)] * 2, i), is_last=i == len(bars) - 1)
        equity.append(float(accounts.equity[1]))
    assert equity[: len(result.equity)] == result.equity.tolist()
    ours, theirs = flat_values(accounts.account(0)), flat_values(result.account)
    if not result.account.ended:
        assert all(same(a, b) for a, b in zip(ours, theirs, strict=True))


def two(size: Size) -> Accounts:
    rules = SimState.initial(Orders(np.zeros(0, np.uint8), size=size), SimParams(fee=0.0)).rules
    return Accounts.new([rules, rules], [1_000.0, 1_000.0])


def test_an_entry_gets_its_share() -> None:
    accounts = two(Size("units", 4.0))
    na = np.full(2, math.nan)
    accounts.step(Bar(0, 10.0, 10.0, 10.0, 10.0), np.full(2, LONG, np.uint8), na, na, na)
    fills = accounts.step(
        Bar(1, 10.0, 10.0, 10.0, 10.0), np.zeros(2, np.uint8), na, na, na, shares=np.array([1.0, 0.25])
    )
    assert fills.units.tolist() == [4.0, 1.0]
    assert fills.account.tolist() == [0, 1]


def test_what_is_cancelled_is_not_carried_out() -> None:
    accounts = two(Size("percent", 1.0))
    na = np.full(2, math.nan)
    accounts.step(Bar(0, 10.0, 10.0, 10.0, 10.0), np.full(2, LONG, np.uint8), na, na, na)
    assert accounts.whole_row("request").tolist() == [GO_LONG, GO_LONG]
    accounts.cancel(np.array([0]))
    assert accounts.account(0).pending.request == NOTHING
    fills = accounts.step(Bar(1, 10.0, 10.0, 10.0, 10.0), np.zeros(2, np.uint8), na, na, na)
    assert fills.account.tolist() == [1]
    assert accounts.row("units").tolist() == [0.0, 100.0]


def test_bytes_of_other_accounts_are_refused() -> None:
    accounts = two(Size("percent", 1.0))
    data = accounts.to_bytes()
    assert len(data) == 16 + 176 * 2
    with pytest.raises(ValueError, match="not 1 saved accounts of format 1"):
        Accounts.from_bytes(accounts.rules[:1], data)
    with pytest.raises(ValueError, match="not 2 saved accounts"):
        Accounts.from_bytes(accounts.rules, b"\x02" + data[1:])
    with pytest.raises(ValueError, match="one request each"):
        accounts.step(Bar(0, 1.0, 1.0, 1.0, 1.0), np.zeros(1, np.uint8), NONE, NONE, NONE)
