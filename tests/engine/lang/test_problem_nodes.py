"""Every problem names the node of the tree's JSON form that it is about, so that a block can be marked."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.lang import check, formula_json, parse, tree
from apps.engine.lang.canonical import expression_json, statement_json
from tests.engine.lang.programs import formulas

HERE = Path(__file__).parent
PROGRAMS = json.loads((HERE / "wrong_programs.json").read_text(encoding="utf-8"))


def resolve(content: Any, pointer: str) -> Any:
    """RFC 6901, for keys that need no escapes."""
    for part in pointer.split("/")[1:]:
        content = content[int(part)] if isinstance(content, list) else content[part]
    return content


def nodes(node: Any) -> Iterator[tree.Expr | tree.Statement]:
    """Every statement and expression, by looking at all fields of the tree's classes."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, tree.Expr | tree.Statement | tree.Formula):
        if not isinstance(node, tree.Formula):
            yield node
        for field in fields(node):
            yield from nodes(getattr(node, field.name))


def said_of(text: str, line: int, column: int) -> list[Any]:
    """The JSON forms of whatever stands at that place: statements, expressions, and parts of chains."""
    found: list[Any] = []
    for node in nodes(parse(text).formula):
        if isinstance(node, tree.Statement):
            columns = [node.column, getattr(node, "name_column", 0)]
            if node.line == line and (column in columns or isinstance(node, tree.Alert)):
                found.append(statement_json(node, canonical=False))
                found += [getattr(node, key, None) for key in ("name", "text")]
        elif (node.line, node.column) == (line, column):
            found.append(expression_json(node, canonical=False))
            if isinstance(node, tree.Binary):
                found.append([node.operator, expression_json(node.right, canonical=False)])
            if isinstance(node, tree.Unary):
                found.append(node.operator)
            if isinstance(node, tree.Text):
                found.append(node.value)
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["name"])
def test_the_node_is_what_stands_there(program: dict) -> None:
    text = program["text"]
    content = formula_json(parse(text).formula)
    syntax = {(error.line, error.column, error.message) for error in parse(text).problems}
    for problem in check(text).errors:
        if problem.node:
            assert resolve(content, problem.node) in said_of(text, problem.line, problem.column), problem
        else:
            is_whole = (problem.line, problem.column) == (1, 1)
            assert is_whole or (problem.line, problem.column, problem.message) in syntax, problem


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("x = a + close + open\nlong when close > x", "/statements/0/value/first"),
        ("x = close + a + open\nlong when close > x", "/statements/0/value/rest/0/1"),
        ("x = (close + a) + close\nlong when close > x", "/statements/0/value/first/rest/0/1"),
        ("long when close > 1 ? true : close > 2 ? a : true", "/statements/0/when/cases/1/1"),
        ("long when not not a", "/statements/0/when/of"),
        ("long when not -true", "/statements/0/when/operators/1"),
        ("long when ema(a, 9)[1] > 0", "/statements/0/when/first/of/arguments/0"),
        ("long when close[a] > 0", "/statements/0/when/first/ago"),
        ("long when bb(a, 9, 2).upper > 0", "/statements/0/when/first/of/arguments/0"),
        ("input n = 3 in 5..9\nlong when close > n", "/statements/0/default"),
        ("input n = 3 in 1..9 step 0\nlong when close > n", "/statements/0/step"),
        ("input n = 3\ninput n = 4\nlong when close > n", "/statements/1/name"),
        ('alert "{foo}" when close > open', "/statements/0/text"),
        ('plot close as " "\nlong when close > open', "/statements/0/name"),
        ("long when close > open\nexit after a bars", "/statements/1/bars"),
        ("long when close > open\nsize a units", "/statements/1/value"),
        ("# a comment\nlong when close > open\nstop_loss 3%\nstop_loss 4%", "/statements/2"),
        ("x = 3 +\nlong when close > open and a", "/statements/0/when/rest/1/1"),  # a broken one has no place
        ("x = 3 + * 4\nlong when close > open", ""),
        ("x = close", ""),
    ],
)
def test_pointers_by_hand(text: str, node: str) -> None:
    error = check(text).errors[-1]
    assert error.node == node
    assert error.as_dict()["node"] == node


def test_a_setting_points_at_its_input() -> None:
    text = 'input n = 3 in 1..9\ninput word = "a"\nlong when close > n and word == "a"'
    result = check(text, {"n": 99, "other": 1})
    assert [(e.line, e.column, e.node) for e in result.errors] == [(1, 1, ""), (1, 7, "/statements/0")]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_every_node_has_a_pointer_of_its_own(text: str) -> None:
    parsed = parse(text)
    content = formula_json(parsed.formula)
    every = list(nodes(parsed.formula))
    assert parsed.paths.keys() == {id(node) for node in every}
    assert len(set(parsed.paths.values())) == len(every)
    for node in every:
        found = resolve(content, parsed.paths[id(node)])
        if isinstance(node, tree.Statement):
            assert found == statement_json(node, canonical=False)
        else:
            part = found[1] if isinstance(found, list) else found
            if isinstance(part, str) and isinstance(node, tree.Text):
                part = {"type": "text", "value": part}  # one of an input's texts to choose from
            whole = expression_json(node, canonical=False)
            assert whole in (found, part) or whole["type"] in ("chain", "unary", "choice"), (part, whole)
