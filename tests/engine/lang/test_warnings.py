"""What is legal but suspicious: each warning, its place and its words, and that there are none without a reason."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import check, compile_formula, parse
from apps.engine.lang.analysis import ranges_of
from apps.engine.lang.analysis.ranges import ALWAYS, NEVER, Range
from tests.engine.lang.programs import bars_with_holes, formulas

HERE = Path(__file__).parent
PROGRAMS = json.loads((HERE / "suspicious_programs.json").read_text(encoding="utf-8"))
LIBRARY = sorted((HERE.parents[2] / "apps" / "formulas" / "library").glob("*.formula"))
CASES = 2_000 if os.environ.get("PROVE") else 60


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["name"])
def test_warnings_are_said_in_order(program: dict) -> None:
    result = check(program["text"])
    assert result.ok, result.errors
    assert [[w.line, w.column, w.message, w.hint] for w in result.warnings] == program["warnings"]
    assert all(warning.node for warning in result.warnings)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_templates_leave_nothing_to_doubt(path: Path) -> None:
    assert check(path.read_text(encoding="utf-8")).warnings == []


def test_a_wrong_formula_is_not_warned_about_as_well() -> None:
    result = check("input n = 3\nlong when hour > 24 and foo")
    assert [error.message for error in result.errors] == ["unknown name `foo`"]
    assert result.warnings == []


# what warnings say of ranges is true of real values


def assert_ranges_hold(text: str, bars: Bars) -> tuple[int, int]:
    """Compare the range of every value with its column; how many numbers and truths there was something to say of."""
    program = compile_formula(text)
    ranges = ranges_of(parse(text))
    values = program.chart.values
    refs = [ref for ref, value in enumerate(values) if value.const is None and ref in wanted(program)]
    result = program.evaluate(bars, also=refs)
    columns = {ref: result.value(ref) for ref in refs}
    known = np.ones(len(bars), bool)
    for ref in refs:
        if values[ref].kind == "f":
            known &= np.isfinite(columns[ref])
    for instruction in program.chart.instructions:  # what differs by rounding alone proves nothing
        if instruction.op in ("lt", "le", "gt", "ge", "eq", "ne"):
            sides = [columns[r] if r in columns else values[r].const for r in instruction.inputs]
            gap = np.abs(sides[0] - sides[1])
            known &= (gap == 0.0) | (gap > 1e-9)
    for back in range(1, 10):  # past values count as well
        known[back:] &= known[:-back].copy()
    known[:10] = False
    said = [0, 0]
    for ref in refs:
        column = columns[ref]
        if values[ref].kind == "b":
            truth = ranges.truth(ref)
            said[1] += truth in (NEVER, ALWAYS)
            assert not (truth == NEVER and column[known].any()), (text, ranges.maker[ref])
            assert not (truth == ALWAYS and not column[known].all()), (text, ranges.maker[ref])
            continue
        low, high, whole = ranges.number(ref)
        said[0] += (low, high) != Range()[:2]
        finite = column[np.isfinite(column)]
        slack = 1e-9 * max(1.0, abs(low) if np.isfinite(low) else 0, abs(high) if np.isfinite(high) else 0)
        assert (finite >= low - slack).all(), (text, ranges.maker.get(ref), low)
        assert (finite <= high + slack).all(), (text, ranges.maker.get(ref), high)
        assert not whole or (finite == np.round(finite)).all(), (text, ranges.maker.get(ref))
    return said[0], said[1]


def wanted(program) -> set[int]:
    """Values that some operator makes or that come from a bar."""
    made = {ref for instruction in program.chart.instructions for ref in instruction.outputs}
    return made | set(program.chart.sources.values()) | {use.ref for use in program.chart.frame_uses}


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000))
def test_ranges_hold_for_generated_formulas(text: str, seed: int) -> None:
    assert_ranges_hold(text, bars_with_holes(150, seed, holes=0.0))


TRUTHS = ["r > {a}", "r < {a}", "r >= {b}", "not (r > {b})", "hour < {h}", "hour > {k}", "close > open", "close < open",
          "close == open", "crossover(r, {a})", "crossunder(close, open)", "hour == {h}", "hour != {k}", "r != {a}"]  # fmt: skip
PARTS = st.lists(st.sampled_from(TRUTHS), min_size=2, max_size=5)


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    PARTS,
    st.sampled_from([" and ", " or "]),
    st.integers(-5, 105),
    st.integers(-5, 105),
    st.floats(-1, 24),
    st.integers(-1, 24),
)
def test_ranges_hold_for_joined_conditions(
    parts: list[str], word: str, a: int, b: int, h: float, k: int
) -> None:
    condition = word.join(parts).format(a=a, b=b, h=f"({h:.1f})", k=f"({k})")
    assert_ranges_hold(f"r = rsi(close, 2)\nlong when {condition}", bars_with_holes(300, a + 5, holes=0.0))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["name"])
def test_what_is_called_never_or_always_is_so(program: dict) -> None:
    assert_ranges_hold(program["text"], bars_with_holes(400, 5, holes=0.0))


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("rsi(close, 3) * 2 - 100", -100, 100),
        ("-stoch(5, 3, 3).k", -100, 0),
        ("abs(wpr(5))", 0, 100),
        ("hour * 60 + minute", 0, 1439),
        ("max(rsi(close, 3), 60)", 60, 100),
        ("min(rsi(close, 3), 60)", 0, 60),
        ("nz(cmo(close, 5), 200)", -100, 200),
        ("close > open ? 3 : 5", 3, 5),
        ("highestbars(close, 5)", -4, 0),
        ("bar_index % 7", 0, 6),
        ("rsi(close, 3) / 50", 0, 2),
        ("1 / (rsi(close, 3) + 1)", 1 / 101, 1),
        ("floor(rsi(close, 3) / 3)", 0, 33),
        ("sma(rsi(close, 3), 3)[2]", 0, 100),
        ('tf("4h", aroon(5).up)', 0, 100),
        ("sign(close - open)", -1, 1),
        ("volume - 3", -3, np.inf),
        ("close - open", -np.inf, np.inf),
    ],
)
def test_ranges_by_hand(expression: str, low: float, high: float) -> None:
    text = f"x = {expression}\nlong when x > close"
    found = ranges_of(parse(text)).number(compile_formula(text).plan.series["x"])
    assert (found.low, found.high) == pytest.approx((low, high))
