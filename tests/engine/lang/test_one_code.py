"""All bars at once, one by one, and one by one after being saved and restored: the same bits."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import Evaluation, Program, ProgramState, check, compile_formula
from apps.engine.lang.functions import FUNCTIONS
from tests.engine.lang.programs import bars_with_holes, formulas

ZONES = ["UTC", "Europe/Berlin", "America/New_York"]


def same_bits(a: float, b: float) -> bool:
    return (a != a and b != b) or np.float64(a).tobytes() == np.float64(b).tobytes() or a == b == 0.0


def assert_steps_equal(program: Program, bars: Bars, batch: Evaluation, save_at: int) -> None:
    state = program.initial_state()
    signals = []
    for i in range(len(bars)):
        if i == save_at:
            state = ProgramState.from_bytes(state.to_bytes())
        state, result = program.step(state, bars.bar(i))
        assert result.flags == batch.orders.flags[i], f"flags of bar {i}"
        for name, value in (*result.series.items(), *result.plots.items()):
            whole = batch.series[name][i] if name in batch.series else batch.plots[name][i]
            assert same_bits(value, whole), f"{name} of bar {i}: {value!r}, at once {whole!r}"
        for ours, whole_run in ((result.stop, batch.orders.stop), (result.target, batch.orders.target)):
            if whole_run is not None and whole_run.series is not None:
                assert same_bits(ours, whole_run.series[i])
        signals += [(i, kind, text) for kind, text in result.signals]
    assert signals == [(s.bar, s.kind, s.text) for s in batch.signals]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000), st.integers(0, 119), st.sampled_from(ZONES))
def test_steps_equal_the_whole_run(text: str, seed: int, save_at: int, timezone: str) -> None:
    result = check(text)
    assert result.ok, (text, [str(error) for error in result.errors])
    program = compile_formula(text)
    bars = bars_with_holes(120, seed, timezone=timezone)
    assert_steps_equal(program, bars, program.evaluate(bars), save_at)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000), st.integers(1, 119))
def test_a_later_bar_never_changes_an_earlier_value(text: str, seed: int, seen: int) -> None:
    program = compile_formula(text)
    bars = bars_with_holes(120, seed)
    whole, part = program.evaluate(bars), program.evaluate(bars.slice(0, seen))
    for name, column in part.series.items():
        np.testing.assert_array_equal(column, whole.series[name][:seen])
    np.testing.assert_array_equal(part.orders.flags, whole.orders.flags[:seen])
    assert part.signals == [signal for signal in whole.signals if signal.bar < seen]


def example_call(name: str) -> str:
    """A call of the function with plain arguments."""
    function = FUNCTIONS[name]
    if function.bare:
        return name
    arguments = []
    for parameter in function.parameters:
        if parameter.kind == "series":
            arguments.append("close" if not arguments else "open")
        elif parameter.kind == "condition":
            arguments.append("close > open")
        elif parameter.kind == "length":
            arguments.append("5")
        else:
            arguments.append("0.5" if parameter.high <= 1 else "2")
    call = f"{name}({', '.join(arguments)})"
    return f"{call}.{function.outputs[-1]}" if function.outputs else call


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("save_at", [0, 1, 7, 30])
def test_every_function_steps_as_it_runs(name: str, save_at: int) -> None:
    program = compile_formula(
        f'x = {example_call(name)}\ny = tf("4h", {example_call(name)})\nlong when close > 0'
    )
    bars = bars_with_holes(60, 3, holes=0.01)
    assert_steps_equal(program, bars, program.evaluate(bars), save_at)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_na_anywhere_is_survived(name: str) -> None:
    """Whatever bar is missing, no error; and smoothing is not poisoned for ever."""
    program = compile_formula(f"x = {example_call(name)}\nlong when close > 0")
    whole = bars_with_holes(80, 3, holes=0.0)
    for hole in (0, 1, 5, 20):
        columns = {c: getattr(whole, c).copy() for c in ("open", "high", "low", "close", "volume")}
        for column in columns.values():
            column[hole] = np.nan
        values = program.evaluate(Bars(whole.time, **columns, timeframe_ms=whole.timeframe_ms)).series["x"]
        if name not in ("pivothigh", "pivotlow", "na"):
            assert not np.isnan(values[40:]).all(), f"na for ever after bar {hole}"
