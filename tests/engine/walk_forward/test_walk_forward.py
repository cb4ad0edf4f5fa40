"""The whole walk-forward: against an independent one, what may influence what, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import FormulaError
from apps.engine.result import SimulationError, run_backtest
from apps.engine.sim.run import Cancelled
from apps.engine.sim.spec import SimParams
from apps.engine.sweep import SweepError
from apps.engine.walk_forward import WalkForwardError, WalkForwardSpec, walk_forward
from apps.engine.walk_forward.span import inside, look_back
from tests.engine.walk_forward import naive

DAY = 86_400_000
START = 1_577_836_800_000  # 2020-01-01

TREND = """
input length = 5 in 2..200
mean = sma(close, length)
long when close > mean
exit long when close < mean
"""
CELLS = [{"length": n} for n in (3, 5, 8, 13, 21)]
SMALL = WalkForwardSpec(folds=4, train_bars=90, test_bars=30, purge_bars=7, min_train_bars=20)


def walk(count=260, seed=1, drift=0.0, step=0.02, timeframe=DAY):
    """Bars of a random walk, round the clock."""
    draw = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(draw.normal(drift, step, count)))
    opening = np.concatenate([[100.0], close[:-1]]) * np.exp(draw.normal(0, step / 8, count))
    high, low = np.maximum(opening, close) * 1.003, np.minimum(opening, close) * 0.997
    time = START + timeframe * np.arange(count)
    return Bars(time, opening, high, low, close, np.ones(count), timeframe_ms=timeframe)


def changed(bars, start, stop, factor):
    """The same bars with the prices of start..stop-1 swung by `factor`."""
    wave = np.ones(len(bars))
    wave[start:stop] = factor ** np.cos(np.arange(stop - start))
    return replace(bars, **{name: getattr(bars, name) * wave for name in ("open", "high", "low", "close")})


# Anchored, 260 bars: 4 x 30 test bars from 140 on, the first training of 90 from 50 on, each less 7.
CUTS = {
    "rolling": [(50, 133, 140, 170), (80, 163, 170, 200), (110, 193, 200, 230), (140, 223, 230, 260)],
    "anchored": [(50, 133, 140, 170), (50, 163, 170, 200), (50, 193, 200, 230), (50, 223, 230, 260)],
}


def numbers(values):
    """nan for None, which pytest.approx knows how to compare."""
    return [np.nan if value is None else value for value in values]


@pytest.mark.parametrize("mode", ["rolling", "anchored"])
@pytest.mark.parametrize("seed", range(6))
def test_against_an_independent_one(mode, seed):
    bars = walk(seed=seed)
    min_trades = 3 if seed % 2 else 13  # with 13 some cells and some folds do not qualify
    spec = replace(SMALL, mode=mode, min_trades=min_trades)
    found = walk_forward(TREND, bars, CELLS, spec, SimParams(cash=5_000.0, fee=0.002))
    folds, curve = naive.walk_forward(
        bars.open.tolist(), bars.close.tolist(), [cell["length"] for cell in CELLS], CUTS[mode], 5_000.0, 0.002,
        min_trades,
    )  # fmt: skip
    assert len(found.folds) == len(folds)
    for one, other in zip(found.folds, folds, strict=True):
        assert numbers(one.scores) == pytest.approx(numbers(other["scores"]), rel=1e-9, nan_ok=True)
        assert one.chosen == other["chosen"]
        assert one.out_of_sample["trades"] == other["trades"]
        efficiencies = numbers([one.efficiency]), numbers([other["efficiency"]])
        assert efficiencies[0] == pytest.approx(efficiencies[1], rel=1e-9, nan_ok=True)
    assert found.simulation.equity == pytest.approx(curve, rel=1e-12)
    assert found.metrics["final_equity"] == pytest.approx(curve[-1], rel=1e-12)
    assert found.metrics["sharpe"] == pytest.approx(naive.sharpe(curve), rel=1e-9)
    assert found.metrics["trades"] == sum(fold["trades"] for fold in folds)
    gained = [
        fold["equity"][-1] > before for fold, before in zip(folds, [5_000.0, *curve[29::30]], strict=False)
    ]
    assert found.profitable_folds == sum(gained) / 4


def test_scores_are_those_of_single_backtests_on_the_training_bars():
    bars = walk(seed=3)
    found = walk_forward(TREND, bars, CELLS, replace(SMALL, metric="sortino"))
    for result, (start, stop, *_) in zip(found.folds, CUTS["rolling"], strict=True):
        single = [run_backtest(TREND, bars.slice(start, stop), cell).metrics for cell in CELLS]
        assert list(result.scores) == [metrics["sortino"] for metrics in single]
        assert result.in_sample == single[result.chosen]


FRAMED = """
input length = 3 in 2..50
slow = tf("1d", ema(close, length))
long when crossover(ema(close, length), slow)
exit long when crossunder(ema(close, length), slow)
stop_loss 4%
trailing_stop by 3 * atr(5)
"""
HOURS = walk(count=1_400, seed=5, step=0.006, timeframe=3_600_000)
FRAMED_CELLS = [{"length": n} for n in (2, 3, 5)]
FRAMED_SPEC = WalkForwardSpec(folds=3, train_bars=600, test_bars=200, min_train_bars=50, embargo_bars=10)
FRAMED_FOUND = {
    mode: walk_forward(FRAMED, HOURS, FRAMED_CELLS, replace(FRAMED_SPEC, mode=mode))
    for mode in ("rolling", "anchored")
}


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(["rolling", "anchored"]),
    st.integers(0, 2),
    st.integers(0, 199),
    st.sampled_from([0.5, 1.1, 3.0]),
)
def test_nothing_later_has_any_influence(mode, number, offset, factor):
    """Bars changed from some bar of a test span on: no choice up to that fold, and no value before that bar, moves."""
    found = FRAMED_FOUND[mode]
    first = found.folds[0].fold.test[0]
    start = found.folds[number].fold.test[0] + offset
    spec = replace(FRAMED_SPEC, mode=mode)
    other = walk_forward(FRAMED, changed(HOURS, start, len(HOURS), factor), FRAMED_CELLS, spec)
    for one, two in zip(found.folds[: number + 1], other.folds[: number + 1], strict=True):
        assert (one.fold, one.scores, one.chosen, one.in_sample) == (
            two.fold,
            two.scores,
            two.chosen,
            two.in_sample,
        )
    for one, two in zip(found.folds[:number], other.folds[:number], strict=True):
        assert one == two
    known = start - first
    assert found.simulation.equity[:known].tobytes() == other.simulation.equity[:known].tobytes()


def test_the_purge_keeps_the_last_training_bars_out():
    found = FRAMED_FOUND["rolling"]
    fold = found.folds[0].fold
    assert fold.purge > 0
    other = walk_forward(
        FRAMED, changed(HOURS, fold.test[0] - fold.purge, fold.test[0], 1.5), FRAMED_CELLS, FRAMED_SPEC
    )
    assert other.folds[0].scores == found.folds[0].scores
    nearer = changed(HOURS, fold.test[0] - fold.purge - 30, fold.test[0], 1.5)
    assert walk_forward(FRAMED, nearer, FRAMED_CELLS, FRAMED_SPEC).folds[0].scores != found.folds[0].scores


def test_the_embargo_keeps_bars_after_a_test_out_of_later_training():
    found = FRAMED_FOUND["anchored"]
    spec = replace(FRAMED_SPEC, mode="anchored")
    (hole,) = found.folds[2].fold.embargoed
    assert hole == (found.folds[0].fold.test[1], found.folds[0].fold.test[1] + 10)
    assert (
        walk_forward(FRAMED, changed(HOURS, *hole, 1.5), FRAMED_CELLS, spec).folds[2].scores
        == found.folds[2].scores
    )
    after = (hole[1], hole[1] + 10)
    assert (
        walk_forward(FRAMED, changed(HOURS, *after, 1.5), FRAMED_CELLS, spec).folds[2].scores
        != found.folds[2].scores
    )


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_each_test_span_begins_and_ends_flat(fill):
    bars = walk(drift=0.01, step=0.002)  # always above its average
    found = walk_forward(TREND, bars, CELLS, replace(SMALL, min_trades=0), SimParams(fill=fill))
    trades = found.simulation.trades
    assert found.simulation.open_trade is None
    assert found.fold_of_trades == [1, 2, 3, 4]
    # asked for at the first close of the span, not at the one before
    first = 0 if fill == "close" else 1
    assert trades.entry_index.tolist() == [first, 30 + first, 60 + first, 90 + first]
    # an exit asked for at the last close but one
    left = np.array([28, 58, 88, 118]) + first
    assert trades.exit_index.tolist() == left.tolist()
    prices = bars.close if fill == "close" else bars.open
    assert trades.exit_price.tolist() == prices[140 + left].tolist()
    assert trades.exit_fee == pytest.approx(0.001 * trades.size * trades.exit_price)


def test_the_indicators_are_warmed_by_the_bars_before():
    """An average of 21 speaks on the first test bar, and sees what a backtest of all bars sees."""
    bars = walk(drift=0.01, step=0.002)
    found = walk_forward(TREND, bars, [{"length": 21}], replace(SMALL, min_trades=0))
    assert found.simulation.trades.entry_index[0] == 1


def test_no_cell_qualifies():
    found = walk_forward(TREND, walk(), CELLS, replace(SMALL, min_trades=1_000))
    assert [each.chosen for each in found.folds] == [None] * 4
    assert all(each.qualified == 0 and each.in_sample is None for each in found.folds)
    assert found.simulation.equity.tolist() == [10_000.0] * 120
    assert (found.efficiency, found.hindsight, found.profitable_folds) == (None, None, 0.0)
    assert found.verdict.level == "too little to judge"
    assert "In no fold did any cell qualify" in found.verdict.text


def test_the_first_of_equal_cells_is_chosen():
    found = walk_forward(TREND, walk(), [{"length": 5}, {"length": "5"}, {"length": 5.0}], SMALL)
    assert {each.chosen for each in found.folds} == {0}
    assert found.cells == ({"length": 5},) * 3


def test_an_account_that_fell_to_zero_ends_there():
    """Short all the while, and the price triples within the second test span."""
    bars = walk(drift=-0.004, step=0.002)
    leap = np.where(np.arange(260) >= 180, 3.5, 1.0)
    bars = replace(bars, **{name: getattr(bars, name) * leap for name in ("open", "high", "low", "close")})
    text = "input n = 3 in 2..20\nshort when close < sma(close, n)\nexit short when close > 1000\n"
    found = walk_forward(text, bars, [{"n": 3}, {"n": 5}], replace(SMALL, min_trades=0))
    assert found.ended_early
    assert len(found.folds) == 2
    assert len(found.simulation.equity) == 30 + 11  # the first test span, and the second up to bar 180
    assert found.folds[1].efficiency is None
    assert found.verdict.level == "fails"
    assert "It fell to 0 in fold 2 of 4; later folds were not run." in found.verdict.text
    json.dumps(found.as_dict(), allow_nan=False)


def test_hindsight_is_the_best_fixed_cell_over_all_test_bars():
    bars = walk(seed=4)
    found = walk_forward(TREND, bars, CELLS, SMALL)
    sharpes = []
    for cell in CELLS:
        equity, _ = naive.trade(
            bars.open.tolist(), bars.close.tolist(), cell["length"], 10_000.0, 0.001, 140, True
        )
        sharpes.append(naive.sharpe(equity))
    assert found.hindsight.cell == sharpes.index(max(sharpes))
    assert found.hindsight.metrics["sharpe"] == pytest.approx(max(sharpes), rel=1e-9)


def test_the_same_bytes_and_the_identity():
    bars = walk()
    one = walk_forward(TREND, bars, CELLS, replace(SMALL, purge_bars=None))
    assert one.spec.purge_bars == one.warm_up == 20  # an average of 21 closes
    same = walk_forward(
        TREND, bars, [{"length": str(c["length"])} for c in CELLS], replace(SMALL, purge_bars=20)
    )
    assert one.to_json_bytes() == same.to_json_bytes()
    result = json.loads(one.to_json_bytes())
    assert set(result["hashes"]) == {"formula", "data", "parameters", "engine", "result"}
    single = run_backtest(TREND, bars).hashes
    assert result["hashes"]["formula"] == single["formula"]
    assert result["hashes"]["data"] == single["data"]
    others = [
        walk_forward(TREND, bars, CELLS[::-1], replace(SMALL, purge_bars=20)),
        walk_forward(TREND, bars, CELLS, replace(SMALL, purge_bars=19)),
        walk_forward(TREND, bars, CELLS, replace(SMALL, purge_bars=20), SimParams(fee=0.002)),
    ]
    assert len({each.hashes["result"] for each in (one, *others)}) == 4


def test_what_json_tells():
    result = walk_forward(TREND, walk(), CELLS, SMALL).as_dict()
    fold = result["folds"][1]
    assert fold["train"] == {
        "start": 80, "stop": 170, "from": "2020-03-21T00:00:00Z", "to": "2020-06-18T00:00:00Z", "used": 83,
        "purged": 7, "embargoed": [],
    }  # fmt: skip
    assert fold["test"] == {
        "start": 170,
        "stop": 200,
        "from": "2020-06-19T00:00:00Z",
        "to": "2020-07-18T00:00:00Z",
    }
    assert fold["inputs"] == result["cells"][fold["chosen"]]
    assert len(fold["scores"]) == len(CELLS)
    assert result["equity"]["time"][0] == "2020-05-20T00:00:00Z"
    assert len(result["equity"]["value"]) == 120
    assert [trade["fold"] for trade in result["trades"]] == sorted(
        trade["fold"] for trade in result["trades"]
    )
    assert result["stability"]["inputs"]["length"]["values"] == [
        each["inputs"]["length"] for each in result["folds"]
    ]
    assert "nobody could have traded it" in result["hindsight"]["note"]


def test_progress_and_cancelling():
    told = []
    walk_forward(TREND, walk(), CELLS, SMALL, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (25, 25)  # 5 cells in 4 folds, and once more
    for after in range(0, 25, 6):
        told.clear()
        with pytest.raises(Cancelled):
            walk_forward(
                TREND, walk(), CELLS, SMALL,
                progress=lambda done, total: told.append(done), should_cancel=lambda limit=after: len(told) >= limit,
            )  # fmt: skip
        assert len(told) == after


def test_a_higher_timeframe_counts_in_the_look_back():
    from apps.engine.lang import compile_formula

    program = compile_formula('long when tf("1d", sma(close, 10)) > close\n')
    assert program.lookback == 0
    assert look_back(program, HOURS) == 11 * 24  # ten days, and one that may have begun before the bars
    with pytest.raises(WalkForwardError, match=r"264 of warm-up and at least 100 more"):
        walk_forward(
            'input n = 10 in 2..50\nlong when tf("1d", sma(close, n)) > close\n', HOURS, [{"n": 10}],
            WalkForwardSpec(folds=4, train_bars=300),
        )  # fmt: skip


def test_finer_bars_of_a_span():
    bars = walk(count=5)
    finer = walk(count=24 * 5, timeframe=3_600_000)
    holed = replace(
        bars,
        **{name: getattr(bars, name)[[1, 3]] for name in ("time", "open", "high", "low", "close", "volume")},
    )
    kept = inside(finer, holed)
    assert kept.time.tolist() == [*finer.time[24:48].tolist(), *finer.time[72:96].tolist()]
    assert inside(None, bars) is None


def test_finer_bars_decide_in_training_and_in_the_test():
    """Every day holds both the stop and the target; by the hour the target comes first, without hours the stop."""
    count = 200
    flat = np.full(count, 100.0)
    days = Bars(START + DAY * np.arange(count), flat, flat * 1.05, flat * 0.95, flat, flat, timeframe_ms=DAY)
    level = np.tile(np.array([100.0] * 6 + [104.0] * 6 + [96.0] * 6 + [100.0] * 6), count)
    hours = Bars(
        START + 3_600_000 * np.arange(24 * count), level, level, level, level, level, timeframe_ms=3_600_000
    )
    text = "input n = 1 in 1..5\nlong when close >= 100\nstop_loss 3%\ntake_profit 3%\nexit after n bars\n"
    spec = WalkForwardSpec(folds=2, train_bars=100, test_bars=40)
    worse = walk_forward(text, days, [{"n": 1}, {"n": 2}], spec, SimParams(fee=0.0))
    better = walk_forward(text, days, [{"n": 1}, {"n": 2}], spec, SimParams(fee=0.0), finer=hours)
    assert set(worse.simulation.trades.reasons()) <= {"stop_loss", "exit"}
    assert set(better.simulation.trades.reasons()) <= {"take_profit", "exit"}
    assert worse.folds[0].in_sample["total_return"] < 0 < better.folds[0].in_sample["total_return"]


def refused(error, *args, **kwargs):
    with pytest.raises(error) as caught:
        walk_forward(*args, **kwargs, progress=lambda *_: pytest.fail("something ran"))
    return str(caught.value)


def test_refusals_come_before_anything_runs():
    bars = walk()
    assert "at least one cell" in refused(WalkForwardError, TREND, bars, [], SMALL)
    assert "the same inputs" in refused(WalkForwardError, TREND, bars, [{"length": 3}, {}], SMALL)
    told = refused(SweepError, TREND, bars, [{"length": 3}, {"length": 500}], SMALL)
    assert told.startswith("cell length=500: ")
    assert "500 lies outside 2..200" in told
    assert "only alerts" in refused(SimulationError, 'alert "x" when close > 1\n', bars, [{}], SMALL)
    refused(FormulaError, "long when nothing\n", bars, [{}], SMALL)
    assert "fold 1 has" in refused(WalkForwardError, TREND, bars, [{"length": 150}], SMALL)
    assert "cash must be" in refused(SimulationError, TREND, bars, CELLS, SMALL, SimParams(cash=-1.0))
    broken = replace(bars, close=np.where(np.arange(260) == 250, np.nan, bars.close))
    assert "is not a number" in refused(SimulationError, TREND, broken, CELLS, SMALL)
