"""A run beyond its budget is refused before it begins, and says how many bars would fit."""

from __future__ import annotations

import re

import pytest

from apps.engine.lang import compile_formula
from apps.engine.lang.cost import MOST_RUN_MEMORY, MOST_RUN_STEPS, cost_of, evaluation_bytes, run_refusal

COSTLY = "\n".join(
    [*(f"x{i} = cci({5000 - i})" for i in range(30)), "long when x0 + " + " + ".join(f"x{i}" for i in range(1, 30)) + " > 0"]
)  # fmt: skip
WIDE = "\n".join([*(f"x{i} = close * {i + 2}" for i in range(400)), "long when close > open"])


@pytest.mark.parametrize("text", [COSTLY, WIDE])
def test_the_number_of_bars_named_is_the_last_that_fits(text: str) -> None:
    program = compile_formula(text)
    refusal = run_refusal(program, 50_000_000)
    fits = int(re.search(r"choose at most ([\d,]+) bars", refusal)[1].replace(",", ""))
    assert run_refusal(program, fits) == ""
    assert run_refusal(program, fits + fits // 1000 + 1) != ""


def test_what_a_trader_runs_fits() -> None:
    program = compile_formula("fast = ema(close, 9)\nslow = ema(close, 21)\nlong when crossover(fast, slow)")
    assert run_refusal(program, 10_000_000) == ""


def test_both_limits_are_met_by_their_own_message() -> None:
    costly, wide = compile_formula(COSTLY), compile_formula(WIDE)
    bars = 1_000_000
    assert cost_of(costly.chart, []).steps * bars > MOST_RUN_STEPS
    assert "steps a bar" in run_refusal(costly, bars)
    assert evaluation_bytes(wide, bars) > MOST_RUN_MEMORY
    assert "GB" in run_refusal(wide, bars)
