"""A formula's forms: text, tree and blocks, and what the checker and the editor's services say about it."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.engine.lang import check, format_text, formula_json, parse, tree
from apps.engine.lang.blocks import block_palette, from_blocks, to_blocks
from apps.engine.lang.complete import complete
from apps.engine.lang.explain import explain
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.schema import blocks_schema, tree_schema
from apps.engine.lang.writer import write
from apps.formulas.management.formula_commands.common import (
    INVALID,
    Options,
    add_action,
    add_json,
    fail,
    fail_formula,
    formula_errors,
    read_json,
    read_text,
)  # fmt: skip

_DOCUMENTS = {"tree": tree_schema, "blocks": blocks_schema, "palette": block_palette}


def add_to(actions: Any) -> None:
    add_json(add_action(actions, "check", run_check, "say what is wrong with a formula; exit 0 or 1"))
    add_action(actions, "format", run_format, "print a formula in the one way formulas are laid out")
    add_action(actions, "tree", run_tree, "print a formula's syntax tree as JSON")
    add_action(actions, "blocks", run_blocks, "print a formula's blocks as JSON")
    add_action(
        actions,
        "text",
        run_text,
        "print the formula of a syntax tree or of blocks",
        file="a file with the tree or the blocks as JSON, or - for standard input",
    )
    add_action(actions, "explain", run_explain, "say in plain words what a formula does")
    schema = add_action(
        actions, "schema", run_schema, "print a published JSON Schema, or the palette", file=""
    )
    schema.add_argument("document", choices=sorted(_DOCUMENTS))
    completion = add_action(
        actions, "complete", run_complete, "print what may be written at a place, as JSON"
    )
    completion.add_argument("--line", type=int, required=True, help="counted from 1")
    completion.add_argument("--column", type=int, required=True, help="counted from 1")


def run_check(command: BaseCommand, options: Options) -> None:
    result = check(read_text(options["file"]))
    if options["json"]:
        command.stdout.write(json.dumps(result.as_dict()))
        if not result.ok:
            sys.exit(INVALID)
        return
    if not result.ok:
        fail_formula(result.errors)
    for warning in result.warnings:
        command.stderr.write(f"warning: {warning}")
    assert result.cost is not None
    command.stdout.write(
        f"ok, look-back {result.lookback} bars, {result.cost.steps:,} steps a bar, "
        f"{result.cost.memory_bytes:,} bytes, hash {result.hash}"
    )


def run_format(command: BaseCommand, options: Options) -> None:
    with formula_errors():
        command.stdout.write(format_text(read_text(options["file"])), ending="")


def run_tree(command: BaseCommand, options: Options) -> None:
    command.stdout.write(json.dumps(formula_json(_parsed(options)), indent=1))


def run_blocks(command: BaseCommand, options: Options) -> None:
    command.stdout.write(json.dumps(to_blocks(_parsed(options)), indent=1))


def run_text(command: BaseCommand, options: Options) -> None:
    content = read_json(options["file"])
    in_blocks = isinstance(content, dict) and "blocks" in content
    try:
        formula = from_blocks(content) if in_blocks else read_formula_json(content)
    except TreeError as error:
        what = "are not the blocks" if in_blocks else "is not the tree"
        fail(f"{options['file']} {what} of a formula: {error}", INVALID)
    command.stdout.write(write(formula), ending="")


def run_explain(command: BaseCommand, options: Options) -> None:
    result = check(read_text(options["file"]))
    if not result.ok:
        fail_formula(result.errors)
    command.stdout.write(explain(result.formula))


def run_schema(command: BaseCommand, options: Options) -> None:
    command.stdout.write(json.dumps(_DOCUMENTS[options["document"]](), indent=1))


def run_complete(command: BaseCommand, options: Options) -> None:
    found = complete(read_text(options["file"]), options["line"], options["column"])
    command.stdout.write(json.dumps([completion.as_dict() for completion in found], indent=1))


def _parsed(options: Options) -> tree.Formula:
    parsed = parse(read_text(options["file"]))
    if parsed.problems:
        fail_formula(parsed.problems)
    return parsed.formula
