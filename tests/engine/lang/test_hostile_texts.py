"""No text, however hostile or long, costs the checker much, or makes it raise.

How long an answer takes is measured against the same machine's own pace, in processor time: against checks of a
formula of a hundred lines, which take about 15 ms where nothing else runs. Memory is measured exactly.
"""

import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.lang import FormulaError, check, compile_formula, formula_json, parse
from apps.engine.lang.lexer import MAX_BYTES, MAX_TOKENS
from tests.engine.lang.hostile import HOSTILE

MOST_MEMORY = 50_000_000
MOST_HUNDREDS = 25  # of the time a formula of a hundred lines takes; a quarter of a second is 16 or so
HUNDRED_LINES = "\n".join(
    [
        *(
            f"s{i} = ema(close, {i + 2}) * 0.5 + (close > {i}.5 and open[1] > {i} ? sma(high, {i + 3}) : low) / 2"
            for i in range(96)
        ),
        "long when crossover(s1, s2) and s3 < 70",
        "exit long when crossunder(s1, s2)",
        "stop_loss 3%",
        'plot s4 as "Four"',
    ]
)


def cost(text: str) -> float:
    """Processor seconds of a check."""
    started = time.thread_time()
    check(text)
    return time.thread_time() - started


@pytest.fixture(scope="module")
def hundred_lines() -> float:
    assert check(HUNDRED_LINES).ok
    return min(cost(HUNDRED_LINES) for _ in range(3))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_answered_soon(name: str, hundred_lines: float) -> None:
    most = MOST_HUNDREDS * hundred_lines
    assert any(cost(HOSTILE[name]) < most for _ in range(3))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_answered_in_little_memory(name: str) -> None:
    text = HOSTILE[name]
    tracemalloc.start()
    try:
        result = check(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert result.ok or result.errors
    assert result.errors == sorted(result.errors)
    assert result.warnings == sorted(result.warnings)
    content = formula_json(parse(text).formula)
    for problem in (*result.errors, *result.warnings):
        assert problem.line >= 1
        assert problem.column >= 1
        assert not problem.node or resolves(content, problem.node)


def resolves(content: Any, pointer: str) -> bool:
    for part in pointer.split("/")[1:]:
        content = content[int(part)] if isinstance(content, list) else content[part]
    return True


@pytest.mark.parametrize(
    "name",
    [
        *("signs", "a long sum", "a long choice", "histories", "a chain of names", "a byte order mark"),
        *(
            "timeframes",
            "a circle of timeframes",
            "the most arguments",
            "bands",
            "a long and",
            "names in a text",
        ),
    ],
)
def test_what_only_looks_hostile_is_allowed(name: str) -> None:
    assert check(HOSTILE[name]).ok


def test_the_limits_are_reached_not_missed() -> None:
    """Texts at the limits of length are read whole."""
    rest = "\nlong when close > open"
    filler = "#" * (MAX_BYTES - len(rest))
    assert check(filler + rest).ok
    assert not check(filler + "#" + rest).ok
    words = (MAX_TOKENS - 7) // 2
    assert check("x = close" + " + close" * words + rest).ok is (3 + 2 * words + 5 <= MAX_TOKENS)
    assert [e.message for e in check("x = close" + " + close" * 2_000 + rest).errors] == [
        "the formula has more than 4,000 tokens"
    ]


@settings(deadline=None)
@given(st.text(max_size=300) | st.text('()[]{}.,?:=<>+-*/% \n"#naxtf01long when close', max_size=300))
def test_no_text_raises(text: str) -> None:
    result = check(text)
    assert result.ok or result.errors
    if not result.ok:
        with pytest.raises(FormulaError):
            compile_formula(text)
