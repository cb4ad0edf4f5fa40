"""The bound on a formula's steps and memory: known before it runs, held while it runs, and enforced."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.bars import Bars
from apps.engine.buffers import BUFFERS
from apps.engine.lang import FormulaError, check, compile_formula, evaluation_bytes
from apps.engine.lang.cost import FRAME_STEPS, MOST_MEMORY, MOST_STEPS
from apps.engine.lang.functions import FUNCTIONS
from tests.engine.lang.hostile import HOSTILE
from tests.engine.lang.programs import bars_with_holes, formulas
from tests.engine.lang.test_one_code import example_call

CASES = 1_000 if os.environ.get("PROVE") else 60


def assert_state_fits(text: str) -> None:
    cost = check(text).cost
    assert cost is not None
    program = compile_formula(text)
    state = program.initial_state()
    bars = bars_with_holes(12, 1)
    for i in range(len(bars)):
        assert len(state.to_bytes()) <= cost.memory_bytes
        state, _ = program.step(state, bars.bar(i))


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_states_of_generated_formulas_fit_the_bound(text: str) -> None:
    assert_state_fits(text)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_states_of_every_function_fit_the_bound(name: str) -> None:
    assert_state_fits(f'x = {example_call(name)}\ny = tf("4h", {example_call(name)})\nlong when close > 0')


@pytest.mark.parametrize(
    "name", ["timeframes", "a circle of timeframes", "bands", "histories", "names of names in one timeframe"]
)
def test_states_of_hostile_formulas_fit_the_bound(name: str) -> None:
    text = HOSTILE[name]
    cost = check(text).cost
    assert cost is not None
    assert len(compile_formula(text).initial_state().to_bytes()) <= cost.memory_bytes <= MOST_MEMORY


def test_the_bound_is_near_what_is_taken() -> None:
    """Within what a machine needs besides, for a formula with some memory: it is no use if it refuses too much."""
    text = "x = sma(close, 500) + highest(high, 700)[300] + ema(close, 9)\nlong when close > x"
    cost = check(text).cost
    assert cost is not None
    assert cost.memory_bytes < len(compile_formula(text).initial_state().to_bytes()) + 8 * 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HOSTILE["many windows"],
            r"the formula needs [\d,]+ bytes of memory to run; at most 16,000,000 are allowed",
        ),
        (
            HOSTILE["the widest windows"],
            r"the formula takes [\d,]+ steps for each bar; at most 1,000,000 are allowed",
        ),
        (
            HOSTILE["many names on many timeframes"],
            "the formula's series on all of its timeframes take more than 8,000 operators",
        ),
    ],
)
def test_what_costs_too_much_is_refused_before_it_runs(text: str, message: str) -> None:
    result = check(text)
    assert result.cost is None
    with pytest.raises(FormulaError, match=message):
        compile_formula(text)


def test_cost_is_told_with_its_limits() -> None:
    told = check("x = alma(close, 1000, 0.85, 6)\nlong when close > x").as_dict()["cost"]
    assert told["most_steps"] == MOST_STEPS == 1_000_000
    assert told["most_memory_bytes"] == MOST_MEMORY == 16_000_000
    assert 1_000 <= told["steps"] <= 20_000  # it looks through its window at each bar, a few steps each
    assert 8_000 <= told["memory_bytes"] <= 20_000
    assert check("long when foo").as_dict()["cost"] is None


def test_cost_follows_the_settings() -> None:
    text = "input n = 5 in 1..4000\nx = sma(close, n)\nlong when close > x"
    small, large = check(text).cost, check(text, {"n": 4_000}).cost
    assert small is not None
    assert large is not None
    assert large.memory_bytes - small.memory_bytes >= 8 * 3_900


def test_a_timeframe_costs_its_calendar() -> None:
    one = check("long when close > open").cost
    two = check('long when close > tf("1d", open)').cost
    assert one is not None
    assert two is not None
    assert two.steps - one.steps >= FRAME_STEPS


def many_bars(count: int) -> Bars:
    rng = np.random.default_rng(1)
    close = 100 + np.cumsum(rng.normal(0, 1, count))
    time = np.arange(count, dtype=np.int64) * 3_600_000
    volume = rng.uniform(1, 5, count)
    return Bars(time, close, close + 1, close - 1, close, volume, 3_600_000, "UTC", "TEST")


BATCH = {
    "an average": "x = sma(close, 20)\nlong when close > x",
    "a sum of many": "x = " + " + ".join(f"ema(close, {i})" for i in range(2, 40)) + "\nlong when close > x",
    "many kept": "".join(f"s{i} = ema(close, {i + 2})\n" for i in range(40)) + "long when s1 > s2",
    "conditions": "".join(f"long when close > {i}\n" for i in range(30)),
    "recursion": "a = nz(b[1], 0) / 2 + close\nb = sma(nz(a, 0), 3) > close ? a : b[2]\nlong when a > nz(b, 1)",
    "times": "long when hour + minute + day_of_week + day_of_month + month + year > 5 and vwap > close",
    "timeframes": 'x = tf("4h", ema(close, 5)) + tf("1d", bb(close, 20, 2).upper) + tf("1w", rsi(close, 3))\n'
    'y = tf("4h", supertrend(2, 5).line)\nlong when x > y',
    "protections": "long when close > open\nstop_loss by atr(14) * 2\ntake_profit at close + atr(20) * 3",
    "truths": "".join(f"t{i} = close > {i}\n" for i in range(40)) + "long when t1 and t2",
}


@pytest.mark.parametrize("name", BATCH)
def test_an_evaluation_takes_no_more_memory_than_foretold(name: str) -> None:
    program = compile_formula(BATCH[name])
    bars = many_bars(40_000)
    program.evaluate(bars)  # what is loaded once is not the evaluation's
    BUFFERS.release()  # memory used again would not be seen
    tracemalloc.start()
    try:
        result = program.evaluate(bars)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(result.time) == 40_000
    foretold = evaluation_bytes(program, len(bars))
    assert peak <= foretold + 100_000
    assert foretold <= 12 * peak  # and the bound means something
