"""One bar at a time, the state saved and restored before every bar, every function has the bits of the whole run."""

import os

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import ProgramState, compile_formula
from tests.engine.indicators.references import CASES, Case
from tests.engine.indicators.samples import COLUMNS, tied_bars, with_na

ALL = [case for cases in CASES.values() for case in cases]
THOROUGH = bool(os.environ.get("PROVE"))


def awkward_bars(count: int) -> Bars:
    """Ties, stretches without trade, holes, and jumps after which sums are taken afresh."""
    bars = tied_bars(count, seed=2)
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for at in range(17, count, 45):
        for name in COLUMNS[:4]:
            columns[name][at] *= 1e9
    bars = Bars(bars.time, **columns, timeframe_ms=bars.timeframe_ms)
    for at in range(31, count, 60):
        bars = with_na(bars, ("close", "volume") if at % 2 else COLUMNS, at, 2)
    return bars


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.expression)
@pytest.mark.parametrize("n", [2, 5])
def test_saved_before_every_bar(case: Case, n: int) -> None:
    if n != 5 and not case.has_length:
        return
    program = compile_formula(f"x = {case.expression.format(n=n)}\nlong when close > 0")
    bars = awkward_bars(700 if THOROUGH else 110)
    whole = program.evaluate(bars).series["x"]
    state = program.initial_state().to_bytes()
    for i in range(len(bars)):
        after, result = program.step(ProgramState.from_bytes(state), bars.bar(i))
        state = after.to_bytes()
        assert np.float64(result.series["x"]).tobytes() == np.float64(whole[i]).tobytes() or (
            np.isnan(result.series["x"]) and np.isnan(whole[i])
        ), f"bar {i}: {result.series['x']!r}, at once {whole[i]!r}"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.expression)
def test_a_part_of_the_bars_has_the_same_values(case: Case) -> None:
    """What comes later changes nothing, wherever the series is cut."""
    program = compile_formula(f"x = {case.expression.format(n=3)}\nlong when close > 0")
    bars = awkward_bars(70)
    whole = program.evaluate(bars).series["x"]
    for cut in range(len(bars) + 1):
        np.testing.assert_array_equal(program.evaluate(bars.slice(0, cut)).series["x"], whole[:cut])
