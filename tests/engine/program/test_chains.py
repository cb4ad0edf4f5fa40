"""Columns: smoothing operators in one loop, and memory that is used again."""

import numpy as np
from hypothesis import HealthCheck, given, settings

from apps.engine.bars import Bars
from apps.engine.buffers import SMALLEST, Buffers
from apps.engine.generate import chains as writer
from apps.engine.lang import compile_formula
from apps.engine.program.schedule import schedule
from tests.engine.lang.programs import formulas


def test_the_generated_chains_are_up_to_date() -> None:
    assert writer.WRITTEN.read_text(encoding="utf-8") == writer.chains_source()


def test_operators_that_need_not_wait_for_one_another_share_a_loop() -> None:
    """Three averages of one price and the average of the first: two loops, the second of which has the fourth."""
    program = compile_formula(
        "a = ema(close, 3)\nb = rma(close, 5)\nc = rsi(close, 4)\nd = ema(a, 7)\ne = ema(b, 2)\nlong when d > e + c"
    )
    loops = [[i.op for i in batch.instructions] for batch in schedule(program.chart)]
    assert loops == [["ema", "rma", "rsi"], ["ema", "ema"], ["add"], ["gt"]]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_each_instruction_runs_once_and_after_what_it_uses(text: str) -> None:
    program = compile_formula(text)
    for graph in (program.chart, *(graph for _, graph in program.frames.values())):
        made: set[int] = set()
        outputs = {ref for instruction in graph.instructions for ref in instruction.outputs}
        ran = []
        for batch in schedule(graph):
            own = {ref for i in batch.instructions for ref in i.outputs}
            needs = {ref for i in batch.instructions for ref in i.inputs} & outputs
            assert needs <= made | (own if batch.cyclic else set())
            made |= own
            ran += [id(instruction) for instruction in batch.instructions]
        assert sorted(ran) == sorted(id(instruction) for instruction in graph.instructions)


def long_bars(seed: int) -> Bars:
    count = SMALLEST // 8
    rng = np.random.default_rng(seed)
    close = 100 + np.cumsum(rng.normal(0, 1, count))
    time = np.arange(count) * 60_000
    return Bars(time, close, close + 1, close - 1, close, np.ones(count), 60_000)


def test_results_stay_as_they_were_while_others_are_computed() -> None:
    program = compile_formula(
        "a = ema(close, 9)\nb = a > sma(close, 20)\nlong when b and not b[1]\nstop_loss by a - low"
    )
    first = program.evaluate(long_bars(1))
    kept = {name: column.copy() for name, column in first.series.items()}
    part, stop = first.series["a"][5:90], first.orders.stop
    assert stop is not None
    assert stop.series is not None
    stops = stop.series.copy()
    signals = list(first.signals)
    for seed in range(2, 6):
        program.evaluate(long_bars(seed))
    for name, column in kept.items():
        np.testing.assert_array_equal(first.series[name], column)
    np.testing.assert_array_equal(part, kept["a"][5:90])
    np.testing.assert_array_equal(stop.series, stops)
    again = program.evaluate(long_bars(1))
    np.testing.assert_array_equal(again.series["a"], kept["a"])
    assert again.signals == signals


def test_memory_comes_back_once_no_view_is_left() -> None:
    buffers = Buffers(limit=2 * SMALLEST)
    size = SMALLEST // 8
    first = buffers.empty(size, np.float64)
    view = first[10:20].reshape(2, 5)
    place = first.ctypes.data
    del first
    second = buffers.empty(size, np.float64)
    assert second.ctypes.data != place
    del view
    third = buffers.empty(SMALLEST, np.bool_)
    assert third.ctypes.data == place
    beyond = buffers.empty(size, np.float64)
    assert len({beyond.ctypes.data, second.ctypes.data, place}) == 3
    assert sum(kept.nbytes for kept in buffers._kept) <= 2 * SMALLEST


def test_idle_memory_of_another_size_makes_room() -> None:
    buffers = Buffers(limit=3 * SMALLEST)
    buffers.empty(SMALLEST // 4, np.float64)
    large = buffers.empty(3 * SMALLEST // 8, np.float64)
    assert [kept.nbytes for kept in buffers._kept] == [3 * SMALLEST]
    large[:] = 1.0
