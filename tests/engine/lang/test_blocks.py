"""Text, tree and blocks hold the same formula; the palette offers only blocks that work."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from apps.engine.lang import FUNCTIONS, check, format_text, formula_hash, formula_json, parse
from apps.engine.lang.blocks import block_ids, block_palette, from_blocks, to_blocks
from apps.engine.lang.paths import node_paths
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.schema import blocks_schema
from apps.engine.lang.writer import write
from tests.engine.lang.programs import formulas
from tests.engine.lang.syntax import mutated, trees

SCHEMA = Draft202012Validator(blocks_schema())
LIBRARY = sorted((Path(__file__).parents[3] / "apps/formulas/library").glob("*.formula"))
FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
PALETTE = block_palette()

CROSS = """input fast = 9 in 2..50  # short
# the average
x = ema(close, fast)

long when crossover(x, sma(close, 21)) and rsi(close, 14) < 70
"""


def test_the_blocks_of_a_formula() -> None:
    """By hand, from docs/blocks.md."""

    def name(node: str, text: str) -> dict[str, Any]:
        return {"id": node, "type": "name", "fields": {"NAME": text}}

    def number(node: str, text: str) -> dict[str, Any]:
        return {"id": node, "type": "number", "fields": {"NUMBER": text}}

    when = "/statements/2/when"
    assert to_blocks(parse(CROSS).formula) == {
        "version": 1,
        "blocks": [
            {
                "id": "/statements/0",
                "type": "input_number",
                "fields": {"NAME": "fast", "DEFAULT": "9", "LOW": "2", "HIGH": "50"},
                "comment": "short",
            },
            {
                "id": "/statements/1",
                "type": "definition",
                "fields": {"NAME": "x"},
                "inputs": {
                    "VALUE": {
                        "id": "/statements/1/value",
                        "type": "call_ema",
                        "inputs": {
                            "SRC": name("/statements/1/value/arguments/0", "close"),
                            "N": name("/statements/1/value/arguments/1", "fast"),
                        },
                    }
                },
                "comments": ["the average"],
            },
            {
                "id": "/statements/2",
                "type": "long",
                "inputs": {
                    "WHEN": {
                        "id": when,
                        "type": "chain",
                        "fields": {"OPERATOR1": "and"},
                        "inputs": {
                            "TERM0": {
                                "id": f"{when}/first",
                                "type": "call_crossover",
                                "inputs": {
                                    "A": name(f"{when}/first/arguments/0", "x"),
                                    "B": {
                                        "id": f"{when}/first/arguments/1",
                                        "type": "call_sma",
                                        "inputs": {
                                            "SRC": name(f"{when}/first/arguments/1/arguments/0", "close"),
                                            "N": number(f"{when}/first/arguments/1/arguments/1", "21"),
                                        },
                                    },
                                },
                            },
                            "TERM1": {
                                "id": f"{when}/rest/0/1",
                                "type": "chain",
                                "fields": {"OPERATOR1": "<"},
                                "inputs": {
                                    "TERM0": {
                                        "id": f"{when}/rest/0/1/first",
                                        "type": "call_rsi",
                                        "inputs": {
                                            "SRC": name(f"{when}/rest/0/1/first/arguments/0", "close"),
                                            "N": number(f"{when}/rest/0/1/first/arguments/1", "14"),
                                        },
                                    },
                                    "TERM1": number(f"{when}/rest/0/1/rest/0/1", "70"),
                                },
                            },
                        },
                    }
                },
                "gap": True,
            },
        ],
    }


def test_operators_of_each_level_have_a_block_of_their_own() -> None:
    value = to_blocks(parse("x = a * b * c + d > 1\n").formula)["blocks"][0]["inputs"]["VALUE"]
    assert (value["id"], value["fields"]) == ("/statements/0/value", {"OPERATOR1": ">"})
    total = value["inputs"]["TERM0"]
    assert (total["id"], total["fields"]) == ("/statements/0/value/rest/2", {"OPERATOR1": "+"})
    product = total["inputs"]["TERM0"]
    assert (product["id"], product["fields"]) == (
        "/statements/0/value/rest/1",
        {"OPERATOR1": "*", "OPERATOR2": "*"},
    )
    assert list(product["inputs"]) == ["TERM0", "TERM1", "TERM2"]


def assert_nothing_is_lost(text: str) -> None:
    formula = parse(text).formula
    assert_the_same_in_blocks(formula)
    assert write(from_blocks(to_blocks(formula))) == format_text(text)
    assert formula_hash(parse(write(from_blocks(to_blocks(formula)))).formula) == formula_hash(formula)


def assert_the_same_in_blocks(formula: Any) -> None:
    content = json.loads(json.dumps(to_blocks(formula)))
    again = from_blocks(content)
    assert formula_json(again) == formula_json(formula)
    assert to_blocks(again) == content
    ids = block_ids(content)
    assert all(node == given for node, given in ids.items())
    assert set(ids) <= set(node_paths(formula).values())


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_a_template_in_blocks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    SCHEMA.validate(to_blocks(parse(text).formula))
    assert_nothing_is_lost(text)


@FEW
@given(formulas())
def test_nothing_is_lost_between_text_tree_and_blocks(text: str) -> None:
    assert_nothing_is_lost(text)


@pytest.mark.prove
@MANY
@given(formulas())
def test_nothing_is_lost_between_text_tree_and_blocks_at_length(text: str) -> None:
    assert_nothing_is_lost(text)


@FEW
@given(trees())
def test_any_tree_is_the_same_in_blocks(content: dict[str, Any]) -> None:
    formula = parse(write(read_formula_json(content))).formula
    SCHEMA.validate(to_blocks(formula))
    assert_the_same_in_blocks(formula)


@pytest.mark.prove
@MANY
@given(trees())
def test_any_tree_is_the_same_in_blocks_at_length(content: dict[str, Any]) -> None:
    assert_the_same_in_blocks(parse(write(read_formula_json(content))).formula)


WORKSPACES = trees().map(lambda content: to_blocks(read_formula_json(content)))


def assert_read_or_refused(content: Any) -> None:
    try:
        formula = from_blocks(content)
    except TreeError as error:
        assert_it_has_a_place(content, error)
    else:
        SCHEMA.validate(content)
        assert set(block_ids(content)) <= set(node_paths(formula).values())
        assert not parse(write(formula)).problems


def assert_it_has_a_place(content: Any, error: TreeError) -> None:
    assert error.message
    assert "\n" not in str(error)
    for key in error.node.split("/")[1:]:
        content = content[int(key)] if isinstance(content, list) else content[key]


@FEW
@given(mutated(WORKSPACES))
def test_a_changed_workspace_is_read_or_refused(content: Any) -> None:
    assert_read_or_refused(content)


@pytest.mark.prove
@MANY
@given(mutated(WORKSPACES))
def test_a_changed_workspace_is_read_or_refused_at_length(content: Any) -> None:
    assert_read_or_refused(content)


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "name", "fields": {"NAME": name}, **more}


def one(**more: Any) -> dict[str, Any]:
    return {"type": "number", "fields": {"NUMBER": "1"}, **more}


def defined(value: Any) -> dict[str, Any]:
    block = {"type": "definition", "fields": {"NAME": "x"}, "inputs": {"VALUE": value}}
    return {"version": 1, "blocks": [block]}


def only(block: Any) -> dict[str, Any]:
    return {"version": 1, "blocks": [block]}


VALUE = "/blocks/0/inputs/VALUE"
WRONG: list[tuple[str, Any, str, str]] = [
    ("a list", [], "", "expected an object with `version` and `blocks`"),
    ("another version", {"version": 3, "blocks": []}, "", "expected `version` 1 of the blocks"),
    ("no blocks", {"version": 1}, "", "expected a list of `blocks`"),
    ("an unknown key", {"version": 1, "blocks": [], "comments": []}, "", "unknown key 'comments' (did you mean `closing_comments`?)"),
    ("an unknown block", only({"type": "buy"}), "/blocks/0/type", "unknown type of block 'buy'"),
    ("a misspelt block", only({"type": "defintion"}), "/blocks/0/type", "unknown type of block 'defintion' (did you mean `definition`?)"),
    ("a misspelt function", defined({"type": "call_emma"}), f"{VALUE}/type", "unknown type of block 'call_emma' (did you mean `call_ema`?)"),
    ("a value alone", only(one()), "/blocks/0", "a value cannot stand alone: put it into a statement"),
    ("a statement inside", defined({"type": "exit_after", "inputs": {"BARS": one()}}), VALUE, "a statement cannot stand inside another block"),
    ("an empty condition", only({"type": "long"}), "/blocks/0", "the input WHEN is empty"),
    ("an empty argument", defined({"type": "call_ema", "inputs": {"N": one()}}), VALUE, "the input SRC is empty"),
    ("an argument too far", defined({"type": "call_ema", "inputs": {"SRC": one(), "N": one(), "ARGUMENT4": one()}}), VALUE, "the input ARGUMENT3 is empty"),
    ("an unknown argument", defined({"type": "call_ema", "inputs": {"SOURCE": one(), "N": one()}}), f"{VALUE}/inputs", "unknown input 'SOURCE' (did you mean `SRC`?)"),
    ("an empty term", defined({"type": "chain", "fields": {"OPERATOR1": "+"}, "inputs": {"TERM0": one()}}), VALUE, "the input TERM1 is empty"),
    ("a lone term", defined({"type": "chain", "inputs": {"TERM0": one()}}), VALUE, "a chain has an OPERATOR1 between its terms"),
    ("an unknown operator", defined({"type": "chain", "fields": {"OPERATOR1": "xor"}, "inputs": {"TERM0": one(), "TERM1": one()}}), f"{VALUE}/fields/OPERATOR1", "expected one of or, and, ==, !=, <, <=, >, >=, +, -, *, /, %, found 'xor'"),
    ("a choice without else", defined({"type": "choice", "inputs": {"IF0": one(), "THEN0": one()}}), VALUE, "the input ELSE is empty"),
    ("a case without value", defined({"type": "choice", "inputs": {"IF0": one(), "THEN0": one(), "IF1": one(), "ELSE": one()}}), VALUE, "the input THEN1 is empty"),
    ("a name that is a word", defined(named("when")), f"{VALUE}/fields/NAME", "`when` is a word of the language and cannot be a name"),
    ("a number as a number", defined({"type": "number", "fields": {"NUMBER": 1}}), f"{VALUE}/fields/NUMBER", "expected a text, found 1"),
    ("a number without digits", defined({"type": "number"}), VALUE, "the field NUMBER is missing"),
    ("an unknown field", defined({"type": "number", "fields": {"NUMBER": "1", "TEXT": ""}}), f"{VALUE}/fields", "unknown field 'TEXT'"),
    ("the same id twice", defined(one(id="a")) | {"blocks": [only(named("x", id="a"))["blocks"][0], *defined(one(id="a"))["blocks"]]}, "/blocks/0", "a value cannot stand alone: put it into a statement"),
    ("an id twice", defined({"type": "history", "inputs": {"OF": named("x", id="a"), "AGO": one(id="a")}}), f"{VALUE}/inputs/AGO/id", "another block has this id"),
    ("an id that is a number", defined(one(id=1)), f"{VALUE}/id", "expected a text of 1 to 4000 characters"),
    ("a line end in an alert", only({"type": "alert", "fields": {"TEXT": "a\nb"}, "inputs": {"WHEN": one()}}), "/blocks/0/fields/TEXT", "a text of one line expected, found a line end in it"),
    ("a default that is no number", only({"type": "input_number", "fields": {"NAME": "n", "DEFAULT": "a"}}), "/blocks/0/fields/DEFAULT", "expected digits such as 14 or 0.5, found 'a'"),
    ("half a range", only({"type": "input_number", "fields": {"NAME": "n", "DEFAULT": "1", "LOW": "1"}}), "/blocks/0", "`low` and `high` stand together"),
    ("a comment of a value", defined(one(comment="a")), VALUE, "unknown key 'comment'"),
    ("brackets without end", defined(one(brackets=65)), f"{VALUE}/brackets", "expected a whole number from 0 to 64, found 65"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "node", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_wrong_blocks_are_refused_where_they_are_wrong(content: Any, node: str, message: str) -> None:
    with pytest.raises(TreeError) as caught:
        from_blocks(content)
    assert (caught.value.node, caught.value.message) == (node, message)


def test_blocks_nested_without_end_are_refused() -> None:
    block = one()
    for _ in range(900):
        block = {"type": "unary", "fields": {"OPERATORS": ["-"]}, "inputs": {"OF": block}}
    with pytest.raises(TreeError, match="nested too deeply"):
        from_blocks(defined(block))
    chain: dict[str, Any] = one()
    for _ in range(900):
        chain = {"type": "chain", "fields": {"OPERATOR1": "+"}, "inputs": {"TERM0": chain, "TERM1": one()}}
    with pytest.raises(TreeError, match="nested too deeply"):
        from_blocks(defined(chain))
    with pytest.raises(TreeError, match="more than 4,000 blocks"):
        from_blocks({"version": 1, "blocks": defined(one())["blocks"] * 2_100})


def test_a_problem_finds_the_block_of_an_editor_with_ids_of_its_own() -> None:
    content = to_blocks(
        parse("x = close\nlong when crossover(x, emma(close, 3)) and x > 1 and x > y\n").formula
    )
    letters = iter("abcdefghijklmnopqrstuvwxyz")

    def rename(block: dict[str, Any]) -> None:
        block["id"] = next(letters)
        for inner in block.get("inputs", {}).values():
            rename(inner)

    for block in content["blocks"]:
        rename(block)
    ids = block_ids(content)
    problems = check(write(from_blocks(content))).errors
    assert [(problem.message, ids[problem.node]) for problem in problems] == [
        ("unknown function `emma`", "g"),
        ("unknown name `y`", "o"),
    ]
    # a term that is itself a chain of the same level is one piece of the text's tree
    first = {
        "type": "chain",
        "id": "first",
        "fields": {"OPERATOR1": "+"},
        "inputs": {"TERM0": named("a", id="a"), "TERM1": named("b", id="b")},
    }
    both = {
        "type": "chain",
        "id": "both",
        "fields": {"OPERATOR1": "-"},
        "inputs": {"TERM0": first, "TERM1": named("c", id="c")},
    }
    assert block_ids(defined(both)) == {
        "/statements/0/value": "both",
        "/statements/0/value/rest/0": "first",
        "/statements/0/value/first": "a",
        "/statements/0/value/rest/0/1": "b",
        "/statements/0/value/rest/1/1": "c",
    }  # fmt: skip


def test_drafts_may_leave_out_the_last_arguments() -> None:
    """What `ema(close)` and `ema(close, 3, 4)` lack or have too much of is for the checker to say."""
    for text in (
        "x = ema(close)\n",
        "x = ema(close, 3, 4)\n",
        "x = ema()\n",
        "x = foo(1, 2)\n",
        "x = min(1, 2, 3, 4)\n",
    ):
        content = to_blocks(parse(text).formula)
        SCHEMA.validate(content)
        assert write(from_blocks(content)) == text


# the palette


def in_a_workspace(entry: dict[str, Any]) -> dict[str, Any]:
    new = copy.deepcopy(entry["new"])
    return only(new) if entry["shape"] == "statement" else defined(new)


@pytest.mark.parametrize("entry", PALETTE["blocks"], ids=lambda entry: f"{entry['type']} {entry['label']}")
def test_a_new_block_is_a_correct_part_of_a_formula(entry: dict[str, Any]) -> None:
    content = in_a_workspace(entry)
    SCHEMA.validate(content)
    text = write(from_blocks(content))
    around = 'alert "now" when close > open\n'
    if entry["label"] == "series":
        text = text.replace("= x", "= own")
        around += "own = close\n"
    assert check(text + around).errors == []


def test_every_function_and_every_type_has_a_block() -> None:
    categories = {category["key"] for category in PALETTE["categories"]}
    assert {entry["category"] for entry in PALETTE["blocks"]} == categories
    offered = {entry["label"]: entry for entry in PALETTE["blocks"]}
    for function in FUNCTIONS.values():
        entry = offered[function.name]
        assert entry["summary"] == function.summary
        assert entry["category"] == function.family
        if not function.bare:
            assert [slot["label"] for slot in entry["inputs"]] == [p.name for p in function.parameters]
    types = {kind for key in ("statement", "expression") for kind in blocks_schema()["$defs"][key]["properties"]["type"]["enum"]}  # fmt: skip
    assert types - {entry["type"] for entry in PALETTE["blocks"]} == {
        "call"
    }  # for functions that do not exist


def test_a_field_or_input_of_the_palette_is_one_of_the_schema() -> None:
    schema = blocks_schema()["$defs"]
    by_type = {
        choice["if"]["properties"]["type"]["const"]: choice["then"]["properties"]
        for key in ("statement", "expression")
        for choice in schema[key]["allOf"]
    }
    for entry in PALETTE["blocks"]:
        for key in ("fields", "inputs"):
            known = by_type[entry["type"]][key]
            for part in entry[key]:
                patterns = known.get("patternProperties", {})
                fits = part["name"] in known["properties"] or any(
                    re.search(p, part["name"]) for p in patterns
                )
                assert fits, (entry["label"], part["name"])


def test_the_hash_is_that_of_the_text() -> None:
    assert formula_hash(from_blocks(to_blocks(parse(CROSS).formula))) == check(CROSS).hash


@pytest.mark.parametrize(
    "start", ["close > 0 ? 0 : 1 > 2 ? 1 : (1 + 2 * max(1, 2, ", "not (", "abs(1 + 2 * -("]
)
def test_formulas_nested_as_deep_as_allowed_come_back(start: str) -> None:
    deep = start * (64 // start.count("("))
    ends = ")" * (64 // start.count("(") * start.count("("))
    parsed = parse(f"x = {deep}{'close > 1' if 'not' in start else '1'}{ends}")
    assert not parsed.problems
    assert write(from_blocks(to_blocks(parsed.formula))) == write(parsed.formula)
