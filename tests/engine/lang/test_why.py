"""Why a formula said what it said: hand-computed tables, and generated formulas whose values must recombine."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.lang import EvaluationError, FormulaError, compile_formula, formula_json, parse
from apps.engine.lang import why as why_module
from apps.engine.lang.reasons import Part
from apps.engine.lang.why import NoSuchBar, StatementAt, Why, trace, why
from tests.engine.lang.programs import bars_with_holes, formulas
from tests.engine.lang.test_meaning import UT_BOT, day_bars

UT_CLOSES = [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
DAY = 86_400_000


def parts_of(part: Part) -> Iterator[Part]:
    yield part
    for inner in part.parts:
        yield from parts_of(inner)


def tree_of(answer: Why, number: int) -> Part:
    found = answer.statements[number].tree
    assert found is not None
    return found


def table(part: Part) -> dict[str, Any]:
    """Value and whether it decided, by text."""
    return {inner.text: (inner.value, inner.decided) for inner in parts_of(part)}


# hand-computed


def test_the_ut_bots_short_of_bar_6() -> None:
    """The contract's vector: line is 101 on bar 5 and 104.333333 on bar 6, where it turns short."""
    answer = why(UT_BOT, day_bars(UT_CLOSES), 6, {"key": 1, "atr_period": 3, "ema_period": 1})
    by_name = {s.name: s for s in answer.statements if s.name}
    assert by_name["key"].value == 1.0
    assert by_name["prior"].value == 101.0
    assert by_name["line"].value == pytest.approx(104.333333, abs=1e-6)
    assert by_name["average"].value == 101.0
    long, short = answer.statements[-2:]
    assert (long.held, short.held) == (False, True)
    assert short.sentence == (
        "short fired: line 104.333 rose above average 101 (before: 101 < 103), and close is 101, below line 104.333."
    )
    assert long.sentence == (
        "long did not fire: average 101 is not above line 104.333, and close is 101, not above line 104.333."
    )
    crossing = tree_of(answer, len(answer.statements) - 1).parts[0]
    line, average = crossing.parts
    assert (line.before, average.before) == (101.0, 103.0)
    assert (line.definition, average.definition) == ("line", "average")
    chosen = by_name["line"].tree
    assert chosen is not None
    # close 101 is not above prior 101, nor below it: the last value of the choice stands
    assert [part.decided for part in chosen.parts] == [True, False, True, False, True, False, True]


def test_who_decides_an_and_an_or_and_a_not() -> None:
    bars = day_bars([10, 12, 11])  # on bar 2: open 12, high 13, low 10, close 11
    text = "long when (close > 20 or close > 10 or high > 12) and not (low > 9) and close < 12 and open > 99"
    answer = why(text, bars, 2)
    assert table(tree_of(answer, 0)) == {
        text.removeprefix("long when "): (False, True),
        "(close > 20 or close > 10 or high > 12)": (True, False),
        "close > 20": (False, False),
        "close > 10": (True, False),
        "high > 12": (True, False),
        "close": (11.0, False),
        "20": (20.0, False),
        "10": (10.0, False),
        "high": (13.0, False),
        "12": (12.0, False),
        "not (low > 9)": (False, True),
        "(low > 9)": (True, True),
        "low": (10.0, True),
        "9": (9.0, True),
        "close < 12": (True, False),
        "open > 99": (False, True),
        "open": (12.0, True),
        "99": (99.0, True),
    }
    assert answer.statements[0].sentence == (
        "long did not fire: low is 10, above 9, and open is 12, not above 99."
    )
    only = why("long when close > 20 or close > 10 or high > 12", bars, 2)
    assert [part.decided for part in tree_of(only, 0).parts] == [False, True, True]
    assert only.statements[0].sentence == "long fired: close is 11, above 10, and high is 13, above 12."


def test_a_choice_is_decided_by_the_branch_taken() -> None:
    answer = why("x = close > 20 ? 1 : close > 10 ? 2 : 3\nlong when x == 2", day_bars([10, 11]), 1)
    assert [part.decided for part in tree_of(answer, 0).parts] == [True, False, True, True, False]
    assert tree_of(answer, 0).value == 2.0


def test_the_past_shows_the_values_of_its_own_bar() -> None:
    answer = why("long when (close > open)[2] and close[1] == 13", day_bars([10, 12, 11, 13, 9]), 4)
    past, equal = tree_of(answer, 0).parts
    assert (past.value, past.parts[0].value, past.parts[0].bars_ago) == (False, False, 2)
    assert [part.value for part in past.parts[0].parts] == [11.0, 12.0]
    assert equal.value is True
    assert answer.statements[0].sentence == (
        "long did not fire: 2 bars earlier close is 11, not above open 12."
    )


def test_before_the_first_bar_there_is_nothing() -> None:
    answer = why("x = close[3]\nlong when crossover(close, open)", day_bars([10, 12]), 0)
    assert tree_of(answer, 0).value is None
    assert tree_of(answer, 0).parts[0].value is None
    crossing = tree_of(answer, 1)
    assert (crossing.value, crossing.parts[0].before) == (False, None)


def test_a_higher_timeframe_is_opened_up() -> None:
    """Days in threes: on bar 5 the last closed one holds days 3 to 5: close 103, high 105; the one before high 103."""
    text = 'up = close > 102\nlong when tf("3d", highest(high, 2) + close[1]) == 207 and tf("3d", up)'
    answer = why(text, day_bars(UT_CLOSES), 6)
    equal, up = tree_of(answer, 1).parts
    higher = equal.parts[0]
    assert (higher.kind, higher.value, higher.timeframe, higher.time) == ("tf", 207.0, "3d", 3 * DAY)
    total = higher.parts[1]
    assert [part.value for part in total.parts] == [105.0, 102.0]
    assert total.parts[0].parts[0].value == 105.0
    assert (up.value, up.parts[1].value, up.parts[1].definition) == (True, True, "up")
    assert tree_of(answer, 0).value is False  # on the chart itself the close is 101
    (frame,) = answer.frames
    assert (frame.timeframe, frame.time) == ("3d", 3 * DAY)
    (definition,) = frame.definitions
    assert (definition.name, definition.value) == ("up", True)
    assert definition.tree is not None
    assert definition.tree.parts[0].value == 103.0
    assert definition.node == "/statements/0"


def test_a_statement_is_silent_until_its_look_back_has_passed() -> None:
    bars = day_bars([float(i) for i in range(1, 13)])
    text = 'long when sma(close, 3) > 0\nshort when tf("3d", close[1]) > 0\nexit when ema(close, 50) > 0'
    answers = trace(text, bars)
    silent = [[s.silent for s in answers.at(i).statements] for i in range(12)]
    assert [row[0] for row in silent] == [True] * 2 + [False] * 10
    assert [row[1] for row in silent] == [True] * 5 + [False] * 7  # the second 3-day bar closes with bar 5
    assert all(row[2] for row in silent)
    first = answers.at(1)
    assert [s.silent_until for s in first.statements] == [2, 5, None]
    assert first.statements[0].sentence == (
        "long is silent until bar 2: what it looks back on is not there yet."
    )
    assert first.statements[2].sentence == (
        "exit is silent on all of these bars: there are too few for what it looks back on."
    )


def test_an_alert_shows_its_text() -> None:
    answer = why('alert "{symbol} at {close}: {x}" when close > 1\nx = na', day_bars([10, 12]), 1)
    assert answer.statements[0].message == "BTC at 12: na"
    assert answer.statements[0].sentence == 'alert "BTC at 12: na" fired: close is 12, above 1.'


def test_other_statements_have_their_values() -> None:
    text = (
        "input n = 3\nlong when close > n\nstop_loss n * 1%\ntake_profit by close - open\nsize 25%\n"
        'exit after n bars\nplot close * 2 as "Twice"'
    )
    answer = why(text, day_bars([10, 12]), 1)
    assert [(s.kind, s.value) for s in answer.statements] == [
        ("input", 3),
        ("long", True),
        ("stop_loss", 0.03),
        ("take_profit", 2.0),
        ("size", 0.25),
        ("exit_after", 3.0),
        ("plot", 24.0),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("long when crossover(close, 11)", "long fired: close 12 rose above 11 (before: 10 < 11)."),
        (
            "long when crossover(close, 9)",
            "long did not fire: close 12 was already above 9 (before: 10 > 9).",
        ),
        ("long when crossunder(close, 9)", "long did not fire: close 12 is not below 9."),
        ("long when cross(close, 9)", "long did not fire: close 12 did not cross 9 (before: 10 > 9)."),
        ("long when cross(close, 11)", "long fired: close 12 rose above 11 (before: 10 < 11)."),
        ("long when rising(close, 1)", "long fired: close is 12, above the value before it."),
        ("long when na(close)", "long did not fire: close is 12, not missing."),
        ("long when sqrt(0 - close) > 3", "long did not fire: sqrt(0 - close) has no value."),
        ("long when close + 1 > open * 2", "long did not fire: close + 1 is 13, not above (open * 2) 20."),
        ("long when 5 < close", "long fired: 5 is below close 12."),
        ("up = close > open\nlong when up", "long fired: up is true (close is 12, above open 10)."),
        ("long when true", "long fired: true is always true."),
        ("long when close == 12.0000000001", "long did not fire: close is 12.0, not equal to 12.0000000001."),
    ],
)
def test_sentences_read_well(text: str, sentence: str) -> None:
    assert why(text, day_bars([10, 12]), 1).statements[-1].sentence == sentence


@pytest.mark.parametrize("index", [-1, 2, 10**12])
def test_a_bar_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(NoSuchBar, match="these bars are numbered 0 to 1"):
        why("long when close > 1", day_bars([10, 12]), index)


def test_what_cannot_be_evaluated_is_refused() -> None:
    none = Bars(*(np.zeros(0) for _ in range(6)), timeframe_ms=DAY)
    with pytest.raises(NoSuchBar, match="there are no bars"):
        why("long when close > 1", none, 0)
    with pytest.raises(FormulaError, match="unknown name"):
        why("long when clos > 1", day_bars([10, 12]), 0)
    with pytest.raises(FormulaError, match="no input"):
        why("long when close > 1", day_bars([10, 12]), 0, {"fast": 3})
    with pytest.raises(EvaluationError, match="needs bars of a timeframe"):
        why('long when tf("1h", close) > 1', day_bars([10, 12]), 0)


# generated formulas


def same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return a == b and type(a) is type(b)


def arithmetic(operator: str, a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return None
    try:
        result = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: a / b,
            "%": lambda: math.fmod(a, b),
        }[operator]()
    except (ZeroDivisionError, ValueError):
        return None
    return None if math.isnan(result) else result


def comparison(operator: str, a: Any, b: Any) -> bool:
    if a is None or b is None:
        return False
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[operator]


def recombined(part: Part) -> Any:
    """The value of a part by the values of its own parts; `...` where the kind is not one this knows."""
    values = [inner.value for inner in part.parts]
    match part.kind:
        case "chain":
            result = values[0]
            for operator, value in zip(part.operators, values[1:], strict=True):
                if operator == "and":
                    result = result and value
                elif operator == "or":
                    result = result or value
                elif operator in "+-*/%":
                    result = arithmetic(operator, result, value)
                else:
                    result = comparison(operator, result, value)
            return result
        case "unary":
            result = values[0]
            for operator in part.operators:
                result = (not result) if operator == "not" else None if result is None else -result
            return result
        case "choice":
            for i in range(0, len(values) - 1, 2):
                if values[i]:
                    return values[i + 1]
            return values[-1]
        case "history":
            return values[0] if values[0] is not None or part.type != "truth" else False
        case "tf":
            if part.time is None:  # before the first closed bar: nothing, unless it is a constant
                return part.value if part.value in (None, False) else ...
            return values[1]
        case "call" if part.name in ("crossover", "crossunder"):
            a, b = part.parts if part.name == "crossover" else part.parts[::-1]
            return comparison("<=", a.before, b.before) and comparison(">", a.value, b.value)
        case "call" if part.name == "nz":
            return values[0] if values[0] is not None else (values[1] if len(values) == 2 else 0.0)
        case "call" if part.name == "na":
            return values[0] is None
        case "call" if part.name in ("min", "max"):
            known = [value for value in values if value is not None]
            return None if len(known) < len(values) else (min if part.name == "min" else max)(known)
        case "call" if part.name == "abs":
            return None if values[0] is None else abs(values[0])
    return ...


def resolve(content: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


def check_places(text: str, answer: Why) -> None:
    """Each part is what stands at its pointer in the JSON tree, and each pointer is used once."""
    content = formula_json(parse(text).formula)
    lines = text.splitlines()
    seen: set[str] = set()
    for statement in answer.statements:
        if statement.tree is None:
            continue
        for part in parts_of(statement.tree):
            assert part.node not in seen
            seen.add(part.node)
            there = resolve(content, part.node)
            if part.kind in ("name", "call", "tf"):
                assert there["name"] == part.name
                assert lines[part.line - 1][part.column - 1 :].startswith(part.name)
            elif part.kind == "number":
                written = part.text.strip("()")
                assert there["text"] == written
                assert lines[part.line - 1][part.column - 1 :].startswith(written)
            elif part.kind == "chain":
                assert there["rest"][-1][0] == part.operators[-1] if isinstance(there, dict) else True


def check_formula(text: str, seed: int, indexes: list[int]) -> None:
    bars = bars_with_holes(120, seed)
    evaluation = compile_formula(text).evaluate(bars)
    signals = {(s.bar, s.kind): s.text for s in evaluation.signals}
    answers = trace(text, bars)
    for index in indexes:
        answer = answers.at(index)
        json.dumps(answer.as_dict(), allow_nan=False)
        check_statements(answer, index, signals, evaluation)
        check_places(text, answer)
        chart = {s.name: s for s in answer.statements if s.kind == "definition"}
        framed = {f.timeframe: {d.name: d for d in f.definitions} for f in answer.frames}
        for statement in [*answer.statements, *(d for f in answer.frames for d in f.definitions)]:
            if statement.tree is not None:
                check_tree(statement.tree, chart, framed)


def check_statements(answer: Why, index: int, signals: dict[tuple[int, str], str], evaluation: Any) -> None:
    conditions = [s for s in answer.statements if s.held is not None]
    assert {s.kind for s in conditions if s.held} == {kind for bar, kind in signals if bar == index}
    for statement in conditions:
        assert statement.sentence
        if statement.kind == "alert" and statement.held:
            assert statement.message == signals[index, "alert"]
    orders = {"stop_loss": evaluation.orders.stop, "take_profit": evaluation.orders.target}
    for statement in answer.statements:
        if statement.kind in ("definition", "plot"):
            columns = evaluation.series if statement.kind == "definition" else evaluation.plots
            if statement.name in columns:  # texts are not
                expected = float(columns[statement.name][index])
                value = math.nan if statement.value is None else float(statement.value)
                assert (
                    np.float64(value).tobytes() == np.float64(expected).tobytes()
                    or value != value != expected
                )
        order = orders.get(statement.kind)
        if order is not None:
            expected = order.value if order.series is None else float(order.series[index])
            assert same(statement.value, None if math.isnan(expected) else expected)


def check_tree(root: Part, chart: dict[str, StatementAt], framed: dict[str, dict[str, StatementAt]]) -> None:
    assert root.decided
    in_past = any(part.kind == "tf" and part.bars_ago for part in parts_of(root))
    for part in parts_of(root):
        if part.definition and not part.bars_ago and not (part.timeframe and in_past):
            home = framed[part.timeframe] if part.timeframe else chart
            assert same(home[part.definition].value, part.value)
        early = bool(
            part.bars_ago or part.timeframe
        )  # so it may lie before the first bar, where nothing has a value
        if part.value is None and (part.type == "truth" or (part.name == "nz" and early)):
            continue
        result = recombined(part)
        if result is not ...:
            assert same(result, part.value), (part.text, result, part.value)
        if part.decided and part.kind == "chain" and part.operators[0] in ("and", "or"):
            deciding = [inner.value for inner in part.parts if inner.decided]
            assert deciding
            assert set(deciding) == {part.value}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000), st.lists(st.integers(0, 119), min_size=1, max_size=4))
def test_values_are_those_of_the_evaluation_and_recombine(text: str, seed: int, indexes: list[int]) -> None:
    check_formula(text, seed, indexes)


@pytest.mark.prove
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000), st.lists(st.integers(0, 119), min_size=1, max_size=4))
def test_values_of_any_formula_recombine(text: str, seed: int, indexes: list[int]) -> None:
    check_formula(text, seed, indexes)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.integers(0, 1_000), st.lists(st.integers(0, 119), min_size=2, max_size=5))
def test_a_bounded_memory_gives_the_same_values(text: str, seed: int, indexes: list[int]) -> None:
    bars = bars_with_holes(120, seed)
    whole = trace(text, bars)
    expected = [whole.at(index).as_dict() for index in indexes]
    before = why_module.MAX_KEPT
    why_module.MAX_KEPT = 600
    try:
        bounded = trace(text, bars)
        assert [bounded.at(index).as_dict() for index in indexes] == expected
    finally:
        why_module.MAX_KEPT = before


def test_a_long_formula_is_bounded() -> None:
    deep = "((" * 30 + "close" + "[5000])[5000])" * 30
    chain = " and ".join(["close > 1"] * 700)
    text = f"x = {deep}\nlong when {chain}\nexit when {'not ' * 500}(close > 1)"
    answer = why(text, day_bars([10, 12]), 1)
    assert [s.held for s in answer.statements[1:]] == [True, True]
    json.dumps(answer.as_dict())


def test_a_long_chain_of_conditions_is_opened_only_so_far() -> None:
    """Names in a sentence are opened up one within another, and a formula may have hundreds of them."""
    names = "".join(f"a{i} = a{i - 1} and a{i - 1}\n" for i in range(1, 250))
    answer = why("a0 = close > open\n" + names + "long when a249", day_bars(UT_CLOSES), 4)
    sentence = answer.statements[-1].sentence
    assert sentence.startswith("long fired: a249 is true (a248 is true (")
    assert "(a238 is true (a237 is true, and a237 is true)" in sentence
