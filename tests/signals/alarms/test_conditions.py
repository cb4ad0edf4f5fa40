"""Conditions over the payload, in the formula language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.lang import FormulaError
from apps.engine.lang.payloads import compile_condition

FIELDS = {
    "price": "45000.5",
    "rsi": 28,
    "timeframe": "1h",
    "strategy": "UT Bot",
    "confirmed": True,
    "note": {"mood": "calm", "deep": {"n": 1.5}},
    "list": [1],
    "empty": None,
}


@pytest.mark.parametrize(
    "text, holds",
    [
        ("price > 45000", True),  # a number in quotes
        ("price > 45000.5", False),
        ("45000.5 == price", True),
        ("rsi < 30 and price > 1", True),
        ("rsi < 20 or price > 1", True),
        ("not (rsi < 20)", True),
        ("rsi * 2 + 4 == 60", True),
        ("rsi % 5 == 3", True),
        ("rsi / 0 > 1", False),
        ("rsi / 0 < 1", False),
        ("confirmed", True),
        ("not confirmed", False),
        ("confirmed == true", True),
        ('timeframe == "1h"', True),
        ('timeframe != "4h"', True),
        ('timeframe > "4h"', False),  # texts have no order
        ("timeframe == 1", False),
        ('contains(strategy, "Bot")', True),
        ('contains(strategy, "bot")', False),
        ('note.mood == "calm"', True),
        ("note.deep.n == 1.5", True),
        ("note.deep.n.x == 1.5", False),
        ("list == 1", False),
        ("missing > 1", False),
        ("missing <= 1", False),
        ("missing != 1", False),
        ("na(missing) and na(empty)", True),
        ("na(price)", False),
        ("rsi < 30 ? price > 1 : price < 1", True),
        ("max(rsi, 50, price) > 45000", True),
        ("abs(-rsi) == 28", True),
        ("min(rsi, missing) < 100", False),
        ("rsi > 3%", True),
    ],
)
def test_what_it_says(text, holds):
    assert compile_condition(text).holds(FIELDS) is holds


@pytest.mark.parametrize(
    "text, column, words",
    [
        ("price", None, None),
        ("price + 1", 1, "neither true nor false"),
        ("45000", 1, "neither true nor false"),
        ("price >", 8, "expected a value"),
        ("price = 5", 7, ""),
        ("close[1] > 2", 6, "no bars before it"),
        ("price > 1 and ema(price, 9) > 2", 15, "no function `ema`"),
        ("abs(price, 2) > 1", 1, "does not take 2"),
        ("price > 1\nexit when rsi > 1", 1, "one line"),
        ("price > 1 # why", 1, "one line"),
        ("", 1, ""),
    ],
)
def test_what_is_wrong_with_it(text, column, words):
    if column is None:
        compile_condition(text)  # a field may be true
        return
    with pytest.raises(FormulaError) as caught:
        compile_condition(text)
    problem = caught.value.errors[0]
    assert problem.column == column
    assert words in problem.message


@given(st.text(max_size=60) | st.text(alphabet='ab<>=!+-*/%().?: "0129andortnxm,[]', max_size=60))
def test_any_text_is_refused_or_holds_or_not(text):
    try:
        condition = compile_condition(text)
    except FormulaError:
        return
    assert condition.holds(FIELDS) in (True, False)
    assert condition.holds({}) in (True, False)
