"""A cell is its single backtest, to the last bit, whatever is shared and in whatever order it comes."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import FormulaError, check
from apps.engine.result import run_backtest
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimParams, SimulationError
from apps.engine.sweep import MOST_CELLS, SweepError, axes_of, chunks, grid, random_cells, run_cells
from apps.engine.sweep import run as sweep_run
from apps.engine.sweep.columns import SharedColumns

MINUTE = 60_000
CROSS = """input fast = 3 in 2..50
input slow = 8 in 2..200
a = ema(close, fast)
b = ema(close, slow)
long when crossover(a, b)
exit long when crossunder(a, b)
"""
SHORTS = """input n = 5 in 2..50
input width = 2.0 in 0.5..4
input stop = 1% in 0.1%..10%
input both = true
lower = bb(close, n, width).lower
upper = bb(close, n, width).upper
long when close < lower
short when close > upper and both
exit when cross(close, sma(close, n)) or rsi(close, n) > 90
stop_loss stop
take_profit by 2 * atr(n)
trailing_stop 2 * stop
size risk 1%
exit after 12 bars
alert "far {symbol} {far}" when far > 1
far = stdev(close, n + 3)
"""
OWN_PAST = """input n = 3 in 1..20
input key = 1.0 in 0.1..5
loss = key * atr(n)
line = close > nz(line[1], 0) ? max(nz(line[1], 0), close - loss) : close + loss
long when crossover(ema(close, 2), line)
short when crossunder(ema(close, 2), line)
stop_loss at line
size 500
"""
FRAMES = """input n = 2 in 1..10
input m = 3 in 1..20
trend = tf("10m", ema(close, n))
up = tf("10m", close > open)
long when close > trend and up[1] and close > highest(high, m)[1]
exit long when close < trend
size 1 units
take_profit at close + tf("10m", atr(n))
"""
CASES = {
    "cross": (CROSS, {"fast": "2..5", "slow": "4..8 step 2"}),
    "shorts": (SHORTS, {"n": "4..6", "width": "1,2", "stop": "0.5%,1%", "both": "true,false"}),
    "own past": (OWN_PAST, {"n": "1..3", "key": "0.5..2 step 0.5"}),
    "frames": (FRAMES, {"n": "1..3", "m": "1..4"}),
}


def walk(count: int, seed: int, minutes: int = 1) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, count)))
    opening = np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.0005, count))
    high = np.maximum(opening, close) * (1 + np.abs(rng.normal(0, 0.003, count)))
    low = np.minimum(opening, close) * (1 - np.abs(rng.normal(0, 0.003, count)))
    time = 1_700_000_000_000 // (10 * MINUTE) * (10 * MINUTE) + np.arange(count) * minutes * MINUTE
    return Bars(time, opening, high, low, close, np.ones(count), timeframe_ms=minutes * MINUTE, symbol="W")


def gathered(finer: Bars, by: int) -> Bars:
    """Bars of `by` finer ones each."""
    rows = len(finer) // by
    cut = {name: getattr(finer, name)[: rows * by].reshape(rows, by)
           for name in ("time", "open", "high", "low", "close", "volume")}  # fmt: skip
    return Bars(
        cut["time"][:, 0], cut["open"][:, 0], cut["high"].max(1), cut["low"].min(1), cut["close"][:, -1],
        cut["volume"].sum(1), timeframe_ms=finer.timeframe_ms * by, symbol="W",
    )  # fmt: skip


def cells_of(name: str) -> tuple[str, list[dict]]:
    text, pairs = CASES[name]
    checked = check(text)
    assert checked.inputs is not None, checked.errors
    return text, grid(axes_of(pairs, checked.inputs))


def same(text, bars, cells, params=None, finer=None):
    results = run_cells(text, bars, cells, params, finer=finer)
    for cell, found in zip(cells, results, strict=True):
        single = run_backtest(text, bars, cell, params, finer=finer)
        assert found.metrics == single.metrics
        assert (found.hashes, found.counts) == (single.hashes, single.counts)
        assert found.inputs == single.parameters["inputs"]
    return results


@pytest.mark.parametrize("name", CASES)
def test_every_cell_is_its_single_backtest(name):
    text, cells = cells_of(name)
    results = same(text, walk(400, 1), cells)
    assert sum(found.metrics["trades"] for found in results) > len(cells)
    assert len({found.metrics["final_equity"] for found in results}) > len(cells) // 3


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cells_over_any_bars(data):
    text, cells = cells_of(data.draw(st.sampled_from(sorted(CASES))))
    cells = data.draw(st.lists(st.sampled_from(cells), min_size=1, max_size=8))
    seed = data.draw(st.integers(0, 10_000))
    params = SimParams(
        cash=data.draw(st.sampled_from([500.0, 10_000.0])),
        fee=data.draw(st.sampled_from([0.0, 0.001])),
        slippage_bps=data.draw(st.sampled_from([0.0, 3.0])),
        fill=data.draw(st.sampled_from(["next_open", "close"])),
        tick=data.draw(st.sampled_from([0.0, 0.05])),
        lot=data.draw(st.sampled_from([0.0, 0.5])),
        borrow_per_day=data.draw(st.sampled_from([0.0, 0.01])),
    )
    count = data.draw(st.integers(1, 200))
    if data.draw(st.booleans()):
        finer = walk(count * 5, seed)
        same(text, gathered(finer, 5), cells, params, finer)
    else:
        same(text, walk(count, seed), cells, params)


@pytest.mark.parametrize("name", CASES)
def test_columns_made_again_are_the_same(name, monkeypatch):
    """With room for no column at all, everything is made anew for each cell."""
    text, cells = cells_of(name)
    bars = walk(300, 5)
    kept = run_cells(text, bars, cells)
    monkeypatch.setattr(sweep_run, "SharedColumns", partial(SharedColumns, limit=0))
    again = run_cells(text, bars, cells[::-1])[::-1]
    assert [cell.metrics for cell in again] == [cell.metrics for cell in kept]


def test_what_cells_have_in_common_is_one_step():
    """fast 5..24 by slow 25..44: 40 averages, 400 crossings each way, one column of prices."""
    cells = grid(axes_of({"fast": "5..24", "slow": "25..44"}, check(CROSS).inputs))
    work, tasks, _ = sweep_run.plan_of(CROSS, walk(50, 1), cells)
    operators = [step.op for step in work.steps if step.op != "constant"]
    assert len(tasks) == 400
    assert {name: operators.count(name) for name in set(operators)} == {
        "source": 1, "ema": 40, "crossover": 400, "crossunder": 400,
    }  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_chunks_together_are_the_whole(name, size):
    text, cells = cells_of(name)
    bars = walk(200, 3)
    whole = run_cells(text, bars, cells)
    pieces = chunks(text, bars, cells, size)
    assert sorted(i for piece in pieces for i in piece) == list(range(len(cells)))
    assert max(map(len, pieces)) <= size
    for piece in pieces:
        for i, found in zip(piece, run_cells(text, bars, [cells[i] for i in piece]), strict=True):
            assert (found.metrics, found.hashes) == (whole[i].metrics, whole[i].hashes)


def test_chunks_keep_the_dearest_input_together():
    """highest looks through a window of hundreds of bars, `level` is a comparison."""
    text = "input level = 1 in 1..9\ninput n = 300 in 2..900\nlong when stdev(close, n) > level\n"
    cells = grid(axes_of({"level": "1..3", "n": "300,400"}, check(text).inputs))
    (first, second) = chunks(text, walk(50, 1), cells, 3)
    assert {cells[i]["n"] for i in first} == {300}
    assert {cells[i]["n"] for i in second} == {400}


def test_moments_are_those_of_daily_returns():
    rng = np.random.default_rng(2)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 400)))
    bars = Bars(np.arange(400) * 86_400_000, close, close, close, close, close, timeframe_ms=86_400_000)
    text = "input n = 3 in 2..9\nlong when close > sma(close, n)\nexit long when close < sma(close, n)\n"
    for found in run_cells(text, bars, [{"n": 3}, {"n": 5}], with_returns=True):
        equity = run_backtest(text, bars, found.inputs).equity
        returns = equity[1:] / equity[:-1] - 1
        assert np.array_equal(found.returns, returns)
        z = (returns - returns.mean()) / returns.std()
        expected = {"sharpe": returns.mean() / returns.std(ddof=1), "skew": (z**3).mean(),
                    "kurtosis": (z**4).mean(), "periods": 399}  # fmt: skip
        assert found.moments == pytest.approx(expected, rel=1e-9)
    assert run_cells(text, bars, [{}])[0].returns is None


REFUSED = [
    (CROSS, [{"fast": 3}, {"fast": 1}], SweepError, ["fast=1", "2..50"]),
    (CROSS, [{"fats": 3}], SweepError, ["fats", "did you mean `fast`"]),
    (CROSS, [], SweepError, ["no cell"]),
    (CROSS, [{}] * (MOST_CELLS + 1), SweepError, [f"{MOST_CELLS + 1:,}", f"{MOST_CELLS:,}"]),
    ("long when clos > 1\n", [{}], FormulaError, ["clos"]),
    ("long when\n", [{}], FormulaError, ["line"]),
    ('alert "x" when close > 1\n', [{}], SimulationError, ["long when"]),
    ('long when tf("30s", close) > 1\n', [{}], FormulaError, ["30s"]),
    ('long when tf("1m", close) > 1\n', [{}], SimulationError, ["1m"]),
]


@pytest.mark.parametrize(("text", "cells", "error", "words"), REFUSED)
def test_refusals_come_before_anything_runs(text, cells, error, words, monkeypatch):
    monkeypatch.setattr(sweep_run, "run", lambda *_args, **_more: pytest.fail("a cell was run"))
    bars = gathered(walk(100, 1), 5) if '"1m"' in text else walk(20, 1)
    with pytest.raises(error) as raised:
        run_cells(text, bars, cells)
    assert [word for word in words if word not in str(raised.value)] == []


def test_too_much_work_is_refused(monkeypatch):
    monkeypatch.setattr(sweep_run, "MOST_STEPS", 1_000)
    with pytest.raises(SweepError, match="at most 1,000"):
        run_cells(CROSS, walk(100, 1), [{}])


def test_progress_and_cancellation():
    text, cells = cells_of("cross")
    told = []
    run_cells(text, walk(50, 1), cells, progress=lambda done, total: told.append((done, total)))
    assert told == [(i + 1, 12) for i in range(12)]
    with pytest.raises(Cancelled):
        run_cells(text, walk(50, 1), cells, should_cancel=lambda: True)


def test_cells_drawn_at_random():
    axes = axes_of(CASES["shorts"][1], check(SHORTS).inputs)
    same(SHORTS, walk(150, 9), random_cells(axes, 7, 3))
