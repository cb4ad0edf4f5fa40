"""Settings come from anywhere: whatever is in them, there is an answer, and it is short."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.lang import check

TEXT = """input n = 3 in 1..9
input x = 0.5
input share = 3%
input on = true
input word = "a" in "a", "b"
input frame = "1d"
long when close > n + x + share and on and word == "a" and tf(frame, close) > 0"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["n", "x", "share", "on", "word", "frame"]) | st.text(), JSON))
def test_no_setting_raises(given_settings: dict[str, Any]) -> None:
    result = check(TEXT, given_settings)
    assert result.ok or result.errors


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n", 10**400, "setting `n`: expected a whole number, found a number that is too large"),
        ("x", math.inf, "setting `x`: expected a number, found inf"),
        ("x", "1e999", "setting `x`: expected a number, found '1e999'"),
        ("x", "9" * 1_000_000, f"setting `x`: expected a number, found '{'9' * 80}'"),
        ("n", [[1] * 1000] * 1000, "setting `n`: expected a whole number, found a list"),
        ("on", {"a": 1}, "setting `on`: expected true or false, found an object"),
        ("word", "c" * 5000, f"setting `word`: '{'c' * 40}' is not one of a, b"),
        ("frame", "d" * 5000, "setting `frame`: expected a text of at most 200 characters, found 5,000"),
        ("frame", "1d\x00", "setting `frame`: expected a text, found control characters in it"),
        ("frame", "\ud800", "setting `frame`: expected a text, found control characters in it"),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) else "",
)
def test_messages_for_what_cannot_be(name: str, value: Any, message: str) -> None:
    assert [error.message for error in check(TEXT, {name: value}).errors] == [message]


def test_a_number_too_long_to_be_printed() -> None:
    [error] = check(TEXT, {"x": -(10**5000)}).errors
    assert error.message == "setting `x`: expected a number, found a number that is too large"


def test_a_flood_of_unknown_settings_is_answered_in_short() -> None:
    errors = check(TEXT, {f"unknown{i}" * 100: i for i in range(50_000)}).errors
    assert len(errors) == 21
    assert "and 49,980 more settings that are no input" in [error.message for error in errors]
    assert sum(len(error.message) + len(error.hint) for error in errors) < 5_000


def test_a_long_default_may_be_given_back() -> None:
    text = f'input word = "{"a" * 300}"\nlong when close > open and word == "b"'
    assert check(text, {"word": "a" * 300}).ok
