"""The published schema, the reader of trees and the text agree on what a formula is."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from apps.engine.lang import formula_json, parse
from apps.engine.lang.parser import RESERVED
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.schema import tree_schema
from apps.engine.lang.tree import LEVELS
from apps.engine.lang.writer import write
from tests.engine.lang.programs import formulas
from tests.engine.lang.syntax import mutated, trees

SCHEMA = Draft202012Validator(tree_schema())
LIBRARY = sorted((Path(__file__).parents[3] / "apps/formulas/library").glob("*.formula"))
FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(tree_schema())
    names = tree_schema()["$defs"]["name"]["pattern"]
    assert set(names[names.index("(?!(") + 4 : names.index(")$)")].split("|")) == RESERVED


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_a_template_is_a_tree_of_the_schema(path: Path) -> None:
    content = formula_json(parse(path.read_text(encoding="utf-8")).formula)
    SCHEMA.validate(content)
    assert formula_json(read_formula_json(content)) == content


def test_there_are_templates() -> None:
    assert len(LIBRARY) >= 16


def assert_the_tree_of_a_text_is_read(text: str) -> None:
    content = json.loads(json.dumps(formula_json(parse(text).formula)))
    SCHEMA.validate(content)
    assert formula_json(read_formula_json(content)) == content


@FEW
@given(formulas())
def test_the_tree_of_a_generated_formula_is_read(text: str) -> None:
    assert_the_tree_of_a_text_is_read(text)


@pytest.mark.prove
@MANY
@given(formulas())
def test_the_tree_of_a_generated_formula_is_read_at_length(text: str) -> None:
    assert_the_tree_of_a_text_is_read(text)


def without_brackets(content: Any) -> Any:
    """What a tree means, its comments included: chains, signs and choices in one piece, and no brackets."""
    if isinstance(content, list):
        return [without_brackets(value) for value in content]
    if not isinstance(content, dict):
        return content
    item = {key: without_brackets(value) for key, value in content.items() if key != "brackets"}
    if item.get("type") == "chain" and item["first"]["type"] == "chain":
        item = {**item, "first": item["first"]["first"], "rest": item["first"]["rest"] + item["rest"]}
    if item.get("type") == "unary" and item["of"]["type"] == "unary":
        item = {**item, "of": item["of"]["of"], "operators": item["operators"] + item["of"]["operators"]}
    if item.get("type") == "choice" and item["otherwise"]["type"] == "choice":
        last = item["otherwise"]
        item = {**item, "cases": item["cases"] + last["cases"], "otherwise": last["otherwise"]}
    return item


def assert_what_is_read_can_be_written(content: Any) -> None:
    """The text of a tree that was read has no error of syntax and is the same tree, but for brackets it needs."""
    formula = read_formula_json(content)
    own = formula_json(formula)
    SCHEMA.validate(own)
    text = write(formula)
    parsed = parse(text)
    assert not parsed.problems, text
    again = formula_json(parsed.formula)
    assert without_brackets(again) == without_brackets(own), text
    assert write(parsed.formula) == text
    assert formula_json(read_formula_json(again)) == again


@FEW
@given(trees())
def test_every_tree_can_be_written(content: dict[str, Any]) -> None:
    assert_what_is_read_can_be_written(content)


@pytest.mark.prove
@MANY
@given(trees())
def test_every_tree_can_be_written_at_length(content: dict[str, Any]) -> None:
    assert_what_is_read_can_be_written(content)


def assert_it_is_read_or_refused(content: Any) -> None:
    """Whatever the reader takes, the schema allows; what it refuses, it refuses with a place that exists."""
    try:
        read_formula_json(content)
    except TreeError as error:
        assert_the_place_exists(content, error)
    else:
        SCHEMA.validate(content)
        assert_what_is_read_can_be_written(content)


def assert_the_place_exists(content: Any, error: TreeError) -> None:
    assert error.message
    assert "\n" not in str(error)
    at(content, error.node)


def at(content: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


@FEW
@given(mutated(trees()))
def test_a_changed_tree_is_read_or_refused(content: Any) -> None:
    assert_it_is_read_or_refused(content)


@pytest.mark.prove
@MANY
@given(mutated(trees()))
def test_a_changed_tree_is_read_or_refused_at_length(content: Any) -> None:
    assert_it_is_read_or_refused(content)


@FEW
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["version", "statements", "type", "when"]), inner, max_size=3)))  # fmt: skip
def test_any_json_is_read_or_refused(content: Any) -> None:
    assert_it_is_read_or_refused(content)


CLOSE = {"type": "name", "name": "close"}
ONE = {"type": "number", "text": "1"}
UP = {"type": "chain", "first": CLOSE, "rest": [[">", ONE]]}


def in_a_formula(statement: Any) -> dict[str, Any]:
    return {"version": 1, "statements": [statement]}


def as_value(expression: Any) -> dict[str, Any]:
    return in_a_formula({"type": "definition", "name": "x", "value": expression})


def an_input(**more: Any) -> dict[str, Any]:
    return in_a_formula({"type": "input", "name": "n", "kind": "integer", "default": ONE, **more})


WRONG: list[tuple[str, Any, str, str]] = [
    ("a list", [], "", "expected an object, found a list"),
    ("no version", {"statements": []}, "", "`version` is missing"),
    ("another version", {"version": 2, "statements": []}, "/version", "expected the number 1, found 2"),
    ("a version that is true", {"version": True, "statements": []}, "/version", "expected the number 1, found true"),
    ("an unknown key", {"version": 1, "statements": [], "closing_comment": []}, "", "unknown key 'closing_comment' (did you mean `closing_comments`?)"),
    ("statements that are a text", {"version": 1, "statements": "x"}, "/statements", "expected a list, found 'x'"),
    ("a statement that is null", in_a_formula(None), "/statements/0", "expected an object, found null"),
    ("an unknown statement", in_a_formula({"type": "buy"}), "/statements/0/type", "expected one of input, definition, long, short, exit_long, exit_short, exit, exit_after, stop_loss, take_profit, trailing_stop, size, alert, plot, found 'buy'"),
    ("a condition without one", in_a_formula({"type": "long"}), "/statements/0", "`when` is missing"),
    ("a line end in a comment", in_a_formula({"type": "long", "when": UP, "comment": "a\nlong when true"}), "/statements/0/comment", "a text of one line expected, found a line end in it"),
    ("a line end in an alert", in_a_formula({"type": "alert", "text": "a\rb", "when": UP}), "/statements/0/text", "a text of one line expected, found a line end in it"),
    ("half a character", in_a_formula({"type": "plot", "name": "\ud800", "value": CLOSE}), "/statements/0/name", "half a character pair (a surrogate) is no text"),
    ("a name with a space", as_value({"type": "name", "name": "a b"}), "/statements/0/value/name", "expected a name (letters a-z, A-Z, digits and _), found 'a b'"),
    ("a name that is a word", in_a_formula({"type": "definition", "name": "long", "value": ONE}), "/statements/0/name", "`long` is a word of the language and cannot be a name"),
    ("na as a definition", in_a_formula({"type": "definition", "name": "na", "value": ONE}), "/statements/0/name", "`na` is a word of the language and cannot be a name"),
    ("a number as a number", as_value({"type": "number", "text": 1}), "/statements/0/value/text", "expected a text, found 1"),
    ("a number with a sign", as_value({"type": "number", "text": "-1"}), "/statements/0/value/text", "expected digits such as 14 or 0.5, found '-1'"),
    ("a number with underscores", as_value({"type": "number", "text": "1_0"}), "/statements/0/value/text", "expected digits such as 14 or 0.5, found '1_0'"),
    ("a percentage without its sign", as_value({"type": "percent", "text": "3"}), "/statements/0/value/text", "expected digits such as 3%, found '3'"),
    ("a number with a line end", as_value({"type": "number", "text": "1\n"}), "/statements/0/value/text", "a text of one line expected, found a line end in it"),
    ("a number beyond all", as_value({"type": "number", "text": "1e999"}), "/statements/0/value/text", "the number 1e999 is too large"),
    ("an unknown operator", as_value({"type": "chain", "first": ONE, "rest": [["**", ONE]]}), "/statements/0/value/rest/0/0", "expected one of or, and, ==, !=, <, <=, >, >=, +, -, *, /, %, found '**'"),
    ("an empty chain", as_value({"type": "chain", "first": ONE, "rest": []}), "/statements/0/value/rest", "expected a list that is not empty"),
    ("a pair of three", as_value({"type": "chain", "first": ONE, "rest": [["+", ONE, ONE]]}), "/statements/0/value/rest/0", "expected a list of two: an operator and an expression"),
    ("a third sign", as_value({"type": "unary", "operators": ["+"], "of": ONE}), "/statements/0/value/operators/0", "expected one of -, not, found '+'"),
    ("too many brackets", as_value({**ONE, "brackets": 65}), "/statements/0/value/brackets", "expected a whole number from 0 to 64, found 65"),
    ("brackets that are true", as_value({**ONE, "brackets": True}), "/statements/0/value/brackets", "expected a whole number from 0 to 64, found true"),
    ("brackets deep below", as_value({"type": "call", "name": "abs", "arguments": [{**ONE, "brackets": 64}]}), "/statements/0", "more than 64 nested brackets"),
    ("a key of elsewhere", as_value({**CLOSE, "arguments": []}), "/statements/0/value", "unknown key 'arguments'"),
    ("a truth in words", as_value({"type": "truth", "value": "true"}), "/statements/0/value/value", "expected true or false, found 'true'"),
    ("a trailing stop at a price", in_a_formula({"type": "trailing_stop", "mode": "at", "value": ONE}), "/statements/0/mode", "expected one of percent, by, found 'at'"),
    ("a default in brackets", an_input(default={**ONE, "brackets": 1}), "/statements/0/default", "unknown key 'brackets'"),
    ("a default that is computed", an_input(default=UP), "/statements/0/default/type", "expected one of number, percent, truth, text, found 'chain'"),
    ("a kind of another default", an_input(kind="number"), "/statements/0/kind", "expected integer, the kind of its default, found number"),
    ("half a range", an_input(low=ONE), "/statements/0", "`low` and `high` stand together"),
    ("a step without a range", an_input(step=ONE), "/statements/0", "a step needs a range: `low` and `high`"),
    ("a range and choices", an_input(low=ONE, high=ONE, choices=["a"]), "/statements/0", "either a range or choices, not both"),
    ("no choices", an_input(choices=[]), "/statements/0/choices", "expected a list that is not empty"),
    ("a gap of one", in_a_formula({"type": "long", "when": UP, "gap": 1}), "/statements/0/gap", "expected true or false, found 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "node", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_tree_is_refused_where_it_is_wrong(content: Any, node: str, message: str) -> None:
    with pytest.raises(TreeError) as caught:
        read_formula_json(content)
    assert (caught.value.node, caught.value.message) == (node, message)
    assert str(caught.value) == (f"{node}: {message}" if node else message)


def nested(depth: int) -> dict[str, Any]:
    result: dict[str, Any] = copy.deepcopy(CLOSE)
    for _ in range(depth):
        result = {"type": "history", "of": result, "ago": ONE}
    return result


def test_size_and_depth_are_bounded() -> None:
    read_formula_json(as_value(nested(150)))
    many = {"type": "chain", "first": ONE, "rest": [["+", ONE]] * 1_990}
    read_formula_json(as_value(many))
    for content, node, message in (
        (as_value(nested(900)), "/statements/0/value" + "/of" * 161, "the expression is nested too deeply"),
        (
            as_value({"type": "chain", "first": ONE, "rest": [["+", ONE]] * 2_100}),
            "/statements/0",
            "the formula has more than 4,000 tokens",
        ),
        (in_a_formula({"type": "alert", "text": "x" * 20_000, "when": UP}), "/statements/0/text", "the text is longer than 16 KiB"),
        ({"version": 1, "statements": [{"type": "alert", "text": "x" * 9_000, "when": UP}] * 2}, "", "the formula is longer than 16 KiB"),
    ):  # fmt: skip
        with pytest.raises(TreeError) as caught:
            read_formula_json(content)
        assert (caught.value.node, caught.value.message) == (node, message)


def test_numbers_keep_their_spelling_and_names_theirs() -> None:
    text = "x = risk + 007 + 1E-3 + .5 * (((2.50%)))  # a\nsize (risk and units)\n"
    assert write(read_formula_json(formula_json(parse(text).formula))) == text


def test_a_word_of_the_language_is_no_value_of_a_function() -> None:
    """`when` at a line's end would go on with the next line."""
    problems = parse("x = close.when\nlong when close > x\n").problems
    assert [(problem.line, problem.message) for problem in problems] == [
        (1, "expected a name after the dot, found `when`")
    ]


@pytest.mark.parametrize("outer", list(LEVELS))
@pytest.mark.parametrize("inner", list(LEVELS))
def test_nesting_without_brackets_gets_those_it_needs(outer: str, inner: str) -> None:
    chain = {"type": "chain", "first": CLOSE, "rest": [[inner, ONE]]}
    right = {"type": "chain", "first": CLOSE, "rest": [[outer, chain]]}
    left = {"type": "chain", "first": chain, "rest": [[outer, CLOSE]]}
    for content in (as_value(right), as_value(left)):
        SCHEMA.validate(content)
        assert_what_is_read_can_be_written(content)


def test_as_many_brackets_as_the_language_allows() -> None:
    content = as_value({**ONE, "brackets": 64})
    SCHEMA.validate(content)
    assert formula_json(read_formula_json(content)) == content
