"""The compiled step against the readable reference, bit for bit, over random histories; and every way to split one."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.sim import kernel
from apps.engine.sim.run import Cancelled, run
from apps.engine.sim.spec import Orders, Protection, Requests, SimParams, SimulationError, Size
from apps.engine.sim.state import SimState
from tests.engine.sim.reference import ReferenceSimulator

DAY_MS = 86_400_000
FEW, MANY = 400, 20_000


def random_case(seed, longest=60):
    """Bars, orders, parameters and finer bars. Prices on a coarse grid, so that levels are often met exactly."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, longest))
    grid = rng.choice([0.5, 1.0, 0.01])
    parts = int(rng.choice([1, 3]))
    walk = 60 + np.cumsum(rng.normal(0, 2, n * parts))
    close = np.maximum(np.round(walk / grid) * grid, 5)
    gap = rng.choice([0, 0, 1, -2, 5], n * parts)
    opening = np.maximum(np.r_[close[0], close[:-1]] + gap, 5)
    high = np.maximum(opening, close) + grid * rng.integers(0, 4, n * parts)
    low = np.maximum(np.minimum(opening, close) - grid * rng.integers(0, 4, n * parts), grid)
    time = np.cumsum(rng.choice([1, 1, 1, 3], n)) * DAY_MS
    bars = Bars(time, opening[::parts], high.reshape(n, parts).max(axis=1), low.reshape(n, parts).min(axis=1),
                close[parts - 1 :: parts], np.ones(n), DAY_MS)  # fmt: skip
    fine_time = (time[:, None] + np.arange(parts) * (DAY_MS // parts)).ravel()
    finer = Bars(fine_time, opening, high, low, close, np.ones(n * parts), DAY_MS // parts)

    density = rng.choice([0.02, 0.05, 0.2, 0.5])
    flags = np.zeros(n, dtype=np.uint8)
    for bit in (1, 2, 4, 8, 16):
        flags |= np.where(rng.random(n) < density * rng.choice([0, 0.5, 1]), bit, 0).astype(np.uint8)

    def protection(kinds, sign):
        kind = rng.choice(["none", "none", *kinds])
        if kind == "none":
            return None
        if kind == "percent":
            return Protection("percent", float(rng.choice([0.01, 0.03, 0.1, 0.5])))
        series = (
            rng.choice([0.5, 1.0, 2.0, 5.0], n)
            if kind == "by"
            else bars.close + sign * rng.integers(-2, 6, n)
        )
        series = np.where(rng.random(n) < 0.1, rng.choice([np.nan, 0.0, -1.0]), series)
        return Protection(str(kind), series=series.astype(float))

    stop = protection(["percent", "by", "at"], -1)
    sizes = [
        Size("percent", 1.0),
        Size("percent", 0.3),
        Size("quote", 300.0),
        Size("units", 4.0),
        Size("units", 0.7),
    ]
    if stop:
        sizes += [Size("risk", 0.01), Size("risk", 0.2)] * 2
    orders = Orders(
        flags=flags,
        stop=stop,
        target=protection(["percent", "by", "at"], 1),
        trail=protection(["percent", "by"], 1),
        size=sizes[rng.integers(len(sizes))],
        exit_after=int(rng.integers(1, 6)) if rng.random() < 0.2 else None,
    )
    params = SimParams(
        cash=1000.0,
        fee=float(rng.choice([0, 0.001, 0.01])),
        slippage_bps=float(rng.choice([0, 0, 5, 200])),
        fill=str(rng.choice(["next_open", "next_open", "close"])),
        tick=float(rng.choice([0, 0, 0.1, 0.25])),
        lot=float(rng.choice([0, 0, 0.1, 3])),
        min_size=float(rng.choice([0, 0, 2])),
        min_notional=float(rng.choice([0, 0, 100])),
        borrow_per_day=float(rng.choice([0, 0, 0.001, 0.2])),
        funding_per_day=float(rng.choice([0, 0, 0, 0.001, -0.02, 0.2])),
    )
    return bars, orders, params, finer if parts > 1 and rng.random() < 0.5 else None


def same(left, right):
    return left == right or (isinstance(left, float) and math.isnan(left) and math.isnan(right))


def flat_values(value):
    return [x for each in value for x in flat_values(each)] if isinstance(value, tuple) else [value]


def assert_equals_reference(seed):
    bars, orders, params, finer = random_case(seed, longest=60 if seed % 5 else 300)
    rows = list(zip(*(column.tolist() for column in (bars.time, bars.open, bars.high, bars.low, bars.close)),
                    strict=True))  # fmt: skip
    inside = None
    if finer is not None:
        fine = list(zip(finer.open.tolist(), finer.high.tolist(), finer.low.tolist(), strict=True))
        inside = [fine[3 * i : 3 * i + 3] for i in range(len(bars))]
    expected = ReferenceSimulator(rows, orders, params, inside).run()
    result = run(bars, orders, params, finer=finer)
    assert result.equity.tolist() == expected.equity, seed
    assert (result.cash, result.fees, result.ended_early) == (expected.cash, expected.fees, expected.ended), (
        seed
    )
    assert {name: result.counts[name] for name in expected.counts} == expected.counts, seed
    assert result.trades.reasons() == [trade["reason"] for trade in expected.trades], seed
    for name in ("side", "entry_index", "exit_index", "entry_price", "exit_price", "size", "entry_fee",
                 "exit_fee", "carry", "pnl"):  # fmt: skip
        assert getattr(result.trades, name).tolist() == [trade[name] for trade in expected.trades], (
            seed,
            name,
        )
    held = expected.held
    assert (result.open_trade is None) == (held is None), seed
    if held:
        units = held.side * held.size
        assert (result.open_trade.size, result.open_trade.entry_index) == (held.size, held.index), seed
        assert result.position[-1] == units, seed
    marked = result.position * bars.close[: len(result.equity)]
    assert np.all((result.position == 0) == (marked == 0)), seed
    return result


def test_equals_the_reference_bit_for_bit():
    reasons = set()
    totals = {}
    for seed in range(FEW):
        result = assert_equals_reference(seed)
        reasons |= set(result.trades.reasons())
        totals = {name: totals.get(name, 0) + value for name, value in result.counts.items()}
    assert reasons == {
        "exit",
        "exit_after",
        "reverse",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "account_at_zero",
    }
    assert all(totals.values()), totals  # every rule that counts was met


@pytest.mark.prove
def test_equals_the_reference_bit_for_bit_at_length():
    for seed in range(FEW, MANY):
        assert_equals_reference(seed)


def requests_at(orders, i):
    values = [
        math.nan if each is None or each.series is None else float(each.series[i])
        for each in (orders.stop, orders.target, orders.trail)
    ]
    return Requests(int(orders.flags[i]), *values)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), data=st.data())
def test_a_run_split_anywhere_and_stepped_by_a_bot_is_the_same_run(seed, data):
    assert_split_changes_nothing(seed, data)


@pytest.mark.prove
@settings(max_examples=3000, deadline=None)
@given(seed=st.integers(0, 10**9), data=st.data())
def test_a_run_split_anywhere_is_the_same_run_at_length(seed, data):
    assert_split_changes_nothing(seed, data)


def assert_split_changes_nothing(seed, data):
    """Saved and loaded between any two bars, as bytes or JSON, the state goes on as if nothing had happened."""
    bars, orders, params, finer = random_case(seed)
    whole = run(bars, orders, params, finer=finer)
    split = data.draw(st.integers(0, len(bars)))
    state = SimState.initial(orders, params)
    equity, exits = [], []
    for i in range(len(whole.equity)):
        if i == split:
            blank = SimState.initial(orders, params)
            state = blank.with_bytes(state.to_bytes()) if seed % 2 else blank.with_dict(
                json.loads(json.dumps(state.to_dict()))
            )  # fmt: skip
        bar = kernel.Bar(*(column[i] for column in (bars.time, bars.open, bars.high, bars.low, bars.close)))
        parts = None
        if finer is not None:
            parts = np.stack([finer.open, finer.high, finer.low])[:, 3 * i : 3 * i + 3]
        state, events = state.step(bar, requests_at(orders, i), parts, is_last=i == len(bars) - 1)
        equity.append(state.equity)
        exits += [(i, event) for event in events if event.reason != "entry"]
    assert equity == whole.equity.tolist()
    assert [(i, event.reason, event.price, event.pnl) for i, event in exits] == list(
        zip(whole.trades.exit_index.tolist(), whole.trades.reasons(), whole.trades.exit_price.tolist(),
            whole.trades.pnl.tolist(), strict=True)
    )  # fmt: skip
    assert all(map(same, flat_values(state.account), flat_values(whole.account)))


@pytest.mark.parametrize("chunk", [1, 7, 8, 9, 64])
def test_chunks_change_nothing(chunk):
    for seed in range(60):
        bars, orders, params, finer = random_case(seed)
        whole = run(bars, orders, params, finer=finer)
        seen = []
        chunked = run(
            bars, orders, params, finer=finer, chunk_bars=chunk, progress=lambda done, n, seen=seen: seen.append(done)
        )  # fmt: skip
        assert chunked.equity.tobytes() == whole.equity.tobytes()
        assert chunked.trades.pnl.tobytes() == whole.trades.pnl.tobytes()
        assert all(map(same, flat_values(chunked.account), flat_values(whole.account)))
        assert seen[-1] == len(whole.equity)


def test_a_run_is_cancelled_when_asked():
    bars, orders, params, _ = random_case(11)
    with pytest.raises(Cancelled):
        run(bars, orders, params, should_cancel=lambda: True)


def test_more_trades_than_room_was_made_for():
    # a flip on every bar: two trades where room was made for one in sixteen bars
    n = 5_000
    price = 100.0 + np.arange(n) % 7
    bars = Bars(np.arange(n) * DAY_MS, price, price, price, price, price, DAY_MS)
    flags = np.where(np.arange(n) % 2, 2, 1).astype(np.uint8)
    result = run(bars, Orders(flags), SimParams(fee=0.0))
    rows = [(int(t), p, p, p, p) for t, p in zip(bars.time, price.tolist(), strict=True)]
    expected = ReferenceSimulator(rows, Orders(flags), SimParams(fee=0.0)).run()
    assert len(expected.trades) == n - 2
    assert result.equity.tolist() == expected.equity
    assert result.trades.entry_index.tolist() == [trade["entry_index"] for trade in expected.trades]
    assert result.trades.pnl.tolist() == [trade["pnl"] for trade in expected.trades]


def finer_of(bars, timeframe_ms):
    return Bars(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, timeframe_ms)


@pytest.mark.parametrize("length", [DAY_MS, 2 * DAY_MS, DAY_MS // 3 * 2])
def test_finer_bars_must_divide_the_bars(length):
    bars, orders, params, _ = random_case(11)
    with pytest.raises(SimulationError, match="shorter timeframe that divides") as refused:
        run(bars, orders, params, finer=finer_of(bars, length))
    assert refused.value.field == "finer"


def test_a_saved_state_of_another_kind_is_refused():
    _, orders, params, _ = random_case(11)
    state = SimState.initial(orders, params)
    with pytest.raises(ValueError, match="format 1"):
        state.with_bytes(b"\x02" + state.to_bytes()[1:])
    with pytest.raises(ValueError, match="cash"):
        state.with_dict({})
