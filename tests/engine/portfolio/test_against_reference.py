"""The compiled portfolio against the readable one, bit for bit; one leg of 100 % against the single backtest."""

from dataclasses import replace

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.portfolio.run import simulate
from apps.engine.portfolio.spec import Instrument, PortfolioParams, SignalLeg
from apps.engine.sim.run import run
from tests.engine.portfolio.reference import ReferencePortfolio
from tests.engine.sim.test_against_reference import finer_inside, random_case

HOUR_MS = 3_600_000
FEW, MANY = 300, 6_000


def leg_of(symbol, case, weight):
    bars, orders, params, finer = case
    return SignalLeg(
        symbol, bars, orders, weight, Instrument(params.tick, params.lot, params.min_size, params.min_notional), finer
    )  # fmt: skip


def conditions(params, **more):
    return PortfolioParams(
        params.cash,
        params.fee,
        params.slippage_bps,
        params.fill,
        params.borrow_per_day,
        params.funding_per_day,
        **more,
    )


def equals_single(seed):
    case = random_case(seed)
    bars, orders, params, finer = case
    one = run(bars, orders, params, finer=finer)
    chunks = None if seed % 2 else 3
    many = simulate([leg_of("A", case, 1.0)], conditions(params), chunk_moments=chunks, first_rows=1)
    assert many.equity.tobytes() == one.equity.tobytes(), seed
    assert many.time.tolist() == one.time.tolist(), seed
    for name in (
        "side", "reason", "entry_index", "exit_index", "entry_time", "exit_time", "size", "entry_price", "exit_price",
        "entry_fee", "exit_fee", "carry", "pnl",
    ):  # fmt: skip
        assert getattr(many.trades, name).tobytes() == getattr(one.trades, name).tobytes(), (seed, name)
    assert many.open_trades.get(0) == one.open_trade, seed
    assert (many.cash, many.fees, many.ended_early) == (one.cash, one.fees, one.ended_early), seed
    assert {name: many.counts[name] for name in one.counts} == one.counts, seed


def portfolio_case(seed):
    """Two to four legs of random cases under one account's conditions, with calendars that differ."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 5))
    shared = random_case(seed)[2]
    weights = rng.random(count) + 0.2
    weights = weights / weights.sum() * rng.choice([1.0, 1.0, 0.7])
    shifted = rng.random() < 0.3
    crash = rng.random() < 0.25
    legs = []
    for k in range(count):
        bars, orders, params, finer = random_case(int(rng.integers(1 << 30)))
        shift = int(rng.integers(0, 24)) * HOUR_MS if shifted else 0
        length = int(rng.choice([1, 1, 1, 2])) if shifted else 1
        prices = np.stack([bars.open, bars.high, bars.low, bars.close])
        if crash:  # of shorts: prices are many times as high from the middle on
            prices = prices * np.where(np.arange(len(bars)) < len(bars) // 2, 1.0, 8.0)
            finer = None
        moved = Bars(bars.time + shift, *prices, bars.volume, length * bars.timeframe_ms)  # fmt: skip
        if finer is not None:
            finer = replace(finer, time=finer.time + shift) if length == 1 else None
        own = replace(
            params,
            cash=shared.cash,
            fee=shared.fee,
            slippage_bps=shared.slippage_bps,
            fill=shared.fill,
            borrow_per_day=shared.borrow_per_day,
            funding_per_day=shared.funding_per_day,
        )
        legs.append((moved, orders, own, finer, float(weights[k])))
    rebalance = str(rng.choice(["none", "daily", "weekly", "monthly", "threshold"]))
    return legs, shared, rebalance, float(rng.choice([0.02, 0.1]))


def equals_reference(seed):
    legs, shared, rebalance, threshold = portfolio_case(seed)
    rows = []
    for bars, orders, own, finer, weight in legs:
        columns = (bars.time, bars.open, bars.high, bars.low, bars.close)
        inside = None
        if finer is not None:
            fine = list(zip(finer.open.tolist(), finer.high.tolist(), finer.low.tolist(), strict=True))
            inside = [[fine[at] for at in rows_inside] for rows_inside in finer_inside(bars, finer)]
        plain = list(zip(*(column.tolist() for column in columns), strict=True))
        rows.append((plain, orders, own, weight, bars.timeframe_ms, inside))
    drift = threshold if rebalance == "threshold" else None
    expected = ReferencePortfolio(rows, shared.cash, rebalance, drift).run()
    found = simulate(
        [leg_of(str(k), leg[:4], leg[4]) for k, leg in enumerate(legs)],
        conditions(shared, rebalance=rebalance, threshold=threshold),
        first_rows=1,
        chunk_moments=None if seed % 2 else 7,
    )
    assert found.equity.tolist() == expected.equity, seed
    assert (found.cash, found.ended_early) == (expected.cash, expected.ended), seed
    assert found.trades.reasons() == [trade["reason"] for trade in expected.trades], seed
    for name in ("side", "entry_index", "exit_index", "entry_price", "exit_price", "size", "entry_fee", "exit_fee",
                 "carry", "pnl", "leg"):  # fmt: skip
        assert getattr(found.trades, name).tolist() == [trade[name] for trade in expected.trades], (
            seed,
            name,
        )
    for k, leg in enumerate(expected.legs):
        assert {name: found.leg_counts[k][name] for name in leg.counts} == leg.counts, seed
        assert found.leg_counts[k]["rebalances"] == leg.rebalances, seed
        assert found.leg_counts[k]["cut_rebalances"] == leg.cut_rebalances, seed
        assert found.legs[k]["units"] == leg.signed(), seed
        assert found.legs[k]["fees"] == leg.fees, seed
    # What the legs brought is what the account gained, and the trades say the same.
    gained = found.equity[-1] - shared.cash
    assert found.contributions[-1].sum() == pytest.approx(gained, abs=1e-6), seed
    listed = found.trades.pnl.sum() + sum(trade.pnl for trade in found.open_trades.values())
    assert listed == pytest.approx(gained, abs=1e-6), seed
    return found


def test_one_leg_of_everything_is_the_single_backtest():
    for seed in range(FEW):
        equals_single(seed)


def test_equals_the_reference():
    found = [equals_reference(seed) for seed in range(FEW)]
    # the cases reach what they are for
    assert sum(each.counts["rebalances"] for each in found) > 30
    assert sum(each.counts["cut_sizes"] for each in found) > 20
    assert any(each.ended_early for each in found)


@pytest.mark.prove
def test_many_cases():
    for seed in range(FEW, MANY):
        equals_single(seed)
        equals_reference(seed)
