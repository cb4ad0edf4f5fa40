"""Completion, hover and signature help: what is offered where, on whole and on broken texts. | marks the cursor."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.lang import check
from apps.engine.lang.complete import Completion, Hover, complete, hover, signature_help
from apps.engine.lang.facts import facts
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.parser import RESERVED, STATEMENT_WORDS
from tests.engine.lang.programs import formulas

HEAD = """input fast = 9 in 2..50 "Fast length"
input risk_share = 1% in 0.5%..5%
input mode = "slow" in "slow", "quick"
fast_ma = ema(close, fast)
up = close > open
"""


def place(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the mark's line and column."""
    before, _, after = text.partition("|")
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def offered(text: str) -> list[Completion]:
    return complete(*place(text))


def labels(text: str) -> list[str]:
    return [completion.label for completion in offered(text)]


def applied(text: str, label: str) -> str:
    """The line as it is once the completion `label` has been taken."""
    written, line, column = place(text)
    (chosen,) = (c for c in complete(written, line, column) if c.label == label)
    content = written.split("\n")[line - 1]
    return content[: chosen.start - 1] + chosen.insert + content[chosen.end - 1 :]


# where what is offered


@pytest.mark.parametrize(
    "text", ["|", HEAD + "|", "long when close > 1\n|", "x = close\n|\nlong when close > 1"]
)
def test_a_line_may_begin_with_any_statement(text: str) -> None:
    assert labels(text)[: len(STATEMENT_WORDS)] == list(STATEMENT_WORDS)


def test_an_open_bracket_goes_on_with_the_expression() -> None:
    assert "close" in labels("x = (close +\n|")


def test_names_that_are_used_but_not_defined_are_offered_as_new_lines() -> None:
    found = offered("long when crossover(quick, close)\n|")
    (new,) = (c for c in found if c.kind == "definition")
    assert (new.label, new.insert) == ("quick", "quick = ")
    assert "used on line 1" in new.summary


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit |", ["when", "long", "short", "after"]),
        ("exit long |", ["when"]),
        ("exit after 3 |", ["bars"]),
        ("long |", ["when"]),
        ("long when close > open |", ["and", "or"]),
        ("long when (close > open |", ["and", "or"]),
        ("plot close |", ["as"]),
        ("size 2 |", ["units"]),
        ("size risk 2% |", []),
        ('alert "x" |', ["when"]),
        ("input n = 3 |", ["in"]),
        ("input n = 3 in 1..5 |", ["step"]),
        ("input n = |", ["true", "false"]),
        ("input n|", []),
        ("x|", ["exit"]),
        ("# clo|", []),
        ("long when close > 1 # clo|", []),
        ("x = 12e|", []),
        ("long when macd(close, 12, 26, 9).|", ["macd", "signal", "hist"]),
        ("long when bb(sma(close, 2), 20, (2)).|", ["upper", "middle", "lower"]),
        ("long when bb(close, 20, 2).up|", ["upper"]),
        ("long when rsi(close, 14).|", []),
        ("x = close.|", []),
        ('plot close as "clo|', []),
    ],
)
def test_what_fits_a_place(text: str, expected: list[str]) -> None:
    assert labels(text) == expected


def test_an_expression_may_begin_with_anything_that_has_a_value() -> None:
    found = {c.label: c for c in offered(HEAD + "long when |")}
    assert [*found][:5] == ["fast", "risk_share", "mode", "fast_ma", "up"]
    assert set(FUNCTIONS) <= set(found)
    assert {"tf", "not", "na", "true", "false"} <= set(found)
    assert not set(STATEMENT_WORDS) & set(found)
    assert (found["fast"].kind, found["fast"].summary) == ("input", "a whole number, line 1")
    assert (found["up"].kind, found["up"].signature, found["up"].summary) == (
        "definition",
        "up = close > open",
        "true/false, line 5",
    )
    assert found["fast_ma"].summary == "a number, line 4"
    assert found["close"].kind == "series"
    rsi = found["rsi"]
    assert (rsi.kind, rsi.signature, rsi.insert) == ("function", "rsi(src, n)", "rsi(${src}, ${n})")
    assert rsi.summary == FUNCTIONS["rsi"].summary
    assert rsi.parameters == (
        ("src", "a number or a series of numbers"),
        ("n", "a whole number or input from 1 to 5,000"),
    )


@pytest.mark.parametrize(
    "text", ["x = ema(close, |", "x = close[|", "exit after |", "stop_loss |", "size risk |"]
)
def test_constants_come_first_where_nothing_may_change(text: str) -> None:
    found = [c.label for c in offered(HEAD + text) if c.kind != "keyword"]
    assert found[:3] == ["fast", "risk_share", "fast_ma"]
    assert not {"close", "rsi", "mode", "up"} & set(found)


def test_a_distance_may_change_from_bar_to_bar() -> None:
    assert {"close", "atr"} <= set(labels("stop_loss by |"))
    assert labels("trailing_stop |")[0] == "by"
    assert "at" not in labels("trailing_stop |")


def test_texts_know_what_may_stand_in_them() -> None:
    assert {"15m", "4h", "1d", "1w", "1M"} <= set(labels('x = tf("|'))
    assert labels('x = tf("1|", close)')[:2] == ["15m", "1h"]
    assert applied('x = tf("1|", close)', "1d") == 'x = tf("1d", close)'
    assert labels(HEAD + 'long when mode == "|') == ["slow", "quick"]
    braces = labels(HEAD + 'alert "a {|} b" when up')
    assert braces[:7] == ["fast", "risk_share", "mode", "fast_ma", "up", "symbol", "time"]
    assert "close" in braces
    assert "rsi" not in braces
    assert labels(HEAD + 'alert "a {fast} |b" when up') == []
    assert applied(HEAD + 'alert "a {fast_|} b" when up', "fast_ma") == 'alert "a {fast_ma} b" when up'
    assert applied(HEAD + 'alert "a {fast_|', "fast_ma") == 'alert "a {fast_ma}'


def test_the_whole_word_is_replaced() -> None:
    assert applied("x = clo|xyz + 1", "close") == "x = close + 1"
    assert applied("x = macd(close, 12, 26, 9).s|ig", "signal") == "x = macd(close, 12, 26, 9).signal"


def test_the_nearest_words_come_first() -> None:
    assert labels("x = cross|")[:3] == ["cross", "crossover", "crossunder"]
    assert labels("x = crs|") == ["cross", "crossover", "crossunder"]
    assert labels("x = EMA|")[0] == "ema"
    assert labels(HEAD + "x = fas|")[:2] == ["fast", "fast_ma"]


def test_a_name_may_use_its_own_past() -> None:
    assert labels("trail_line = max(trail|")[0] == "trail_line"


def test_names_stay_known_while_a_line_is_broken() -> None:
    assert {"fast", "fast_ma"} <= set(labels(HEAD + "long when ((rsi(fast_ma, |\nplot as as"))


# hover and signature help


def test_hover_over_a_function_shows_its_parameters() -> None:
    found = hover("x = ema(close, 9)", 1, 5)
    assert found == Hover(
        "function",
        "ema(src, n)",
        FUNCTIONS["ema"].summary,
        (),
        (("src", "a number or a series of numbers"), ("n", "a whole number or input from 1 to 5,000")),
        "ema",
        1,
        5,
        8,
    )


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x = em|a(fast_ma, fast)", "function", "ema(src, n)"),
        (
            "x = fas|t + 1",
            "input",
            'The default is 9. It may be set from 2 to 50. It is shown as "Fast length".',
        ),
        ("x = risk|_share", "input", "It may be set from 0.5% to 5%."),
        ("x = fast_m|a", "definition", "Its first value is on bar 8, the first bar being 0."),
        ("x = clo|se", "series", "the bar's close"),
        ("x = close * 3|%", "number", "0.03 as a number"),
        ('x = tf("4|h", close)', "timeframe", "bars of 4 hours"),
        ('x = tf("60|m", close)', "timeframe", "bars of 1 hour"),
        ("x = macd(close, 1, 2, 3).sig|nal", "field", "macd(src, fast, slow, signal).signal"),
        ("x = bb(close, 1, 2).mid|dle", "field", "Bollinger"),
        ("lo|ng when up", "keyword", "long when CONDITION"),
        ("x = n|a", "keyword", "the missing value"),
        ("x = n|a(close)", "function", "x is missing"),
        ("x = bar_index |% 5", "operator", "remainder"),
        ("x = sma(|close, 3", "series", "the bar's close"),
    ],
)
def test_hover_says_what_stands_there(text: str, kind: str, said: str) -> None:
    found = hover(*place(HEAD + text))
    assert found is not None
    assert found.kind == kind
    assert said in f"{found.title} {found.summary} {' '.join(found.details)}"


@pytest.mark.parametrize("text", ["x =| close", "# clo|se", "x = nothing|_known", "x = close.hi|gh"])
def test_hover_is_silent_where_there_is_nothing_to_say(text: str) -> None:
    assert hover(*place(HEAD + text)) is None


def test_hover_agrees_with_the_checker_on_look_back() -> None:
    text = "long when rsi(close, 14) > 50\nx = rsi(close, 14)"
    found = hover(text, 2, 1)
    assert found is not None
    assert found.details == (f"Its first value is on bar {check(text).lookback}, the first bar being 0.",)


@pytest.mark.parametrize(
    ("text", "name", "active"),
    [
        ("x = ema(|", "ema", 0),
        ("x = ema(close, |", "ema", 1),
        ("x = ema(close, 9, |", "ema", None),
        ("x = ema(sma(close, |), 9)", "sma", 1),
        ("x = ema((close + open|), 9)", "ema", 0),
        ("x = ema(close[|1], 9)", "ema", 0),
        ('x = tf("1d", |', "tf", 1),
        ("x = max(close, open, high, |", "max", 1),
    ],
)
def test_signature_help_knows_the_parameter_being_written(text: str, name: str, active: int | None) -> None:
    found = signature_help(*place(text))
    assert found is not None
    assert (found.name, found.active) == (name, active)
    assert found.parameters


@pytest.mark.parametrize(
    "text", ["x = |ema(close, 9)", "x = ema(close, 9)|", "x = (close|)", "# ema(|", "x = close(|"]
)
def test_signature_help_is_silent_outside_of_calls(text: str) -> None:
    assert signature_help(*place(text)) is None


# any text, any place


def ask(text: str, line: int, column: int) -> list[Completion]:
    found = complete(text, line, column)
    over, help_ = hover(text, line, column), signature_help(text, line, column)
    json.dumps([c.as_dict() for c in found])
    json.dumps([over and over.as_dict(), help_ and help_.as_dict()])
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.data())
def test_mutated_texts_are_answered(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(0, 4))):
        at, until = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        noise = data.draw(
            st.sampled_from(["", "(", ")", '"', "#", "\n", ".", "{", "[", ",", "é", "\r", "exit ", "tf("])
        )
        text = text[:at] + noise + (text[until:] if data.draw(st.booleans()) else text[at:])
    line, column = data.draw(st.integers(-1, 12)), data.draw(st.integers(-1, 60))
    lines = text.split("\n")
    for completion in ask(text, line, column):
        assert 1 <= completion.start <= completion.end
        assert completion.end <= max(len(part) for part in lines) + 1


@pytest.mark.prove
@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200), st.integers(-3, 9), st.integers(-3, 99))
def test_any_text_is_answered(text: str, line: int, column: int) -> None:
    ask(text, line, column)


HOSTILE = {
    "long": "a" * 16_000,
    "too long": "x = " + "close + " * 100_000,
    "brackets": "x = " + "(" * 8_000,
    "quotes": '"' * 16_000,
    "backslashes": 'alert "' + "\\" * 16_000,
    "lines": "\n" * 16_000,
    "names": "\n".join(f"n{i} = n{i + 1}" for i in range(1_000)),
    "operators": "long when " + "- " * 3_900,
    "surrogates": "x = \ud800" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_little(name: str) -> None:
    text = HOSTILE[name]
    facts.cache_clear()
    began = time.process_time()
    last = text.split("\n")[-1]
    ask(text, text.count("\n") + 1, len(last) + 1)
    ask(text, 1, 20)
    assert (
        time.process_time() - began < 2 * 0.75
    )  # a hostile text may cost what checking it does: 250 ms a time


def test_every_kept_word_is_explained() -> None:
    """A word that cannot be a name has something to say for itself."""
    for word in RESERVED:
        found = hover(word, 1, 1)
        assert found is not None, word
        assert found.summary
