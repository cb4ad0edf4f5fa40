"""The published JSON Schemas (2020-12) of a formula's tree and of its blocks."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from apps.engine.lang.blocks.layout import (
    BLOCKS_VERSION,
    CALL_PREFIX,
    EXPRESSIONS,
    MAX_ID,
    STATEMENTS,
    Layout,
    call_slots,
)
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION

Json = dict[str, Any]


def tree_schema() -> Json:
    """The schema of `formula_json`, version 1: what `read_formula_json` takes, but for the limits of the whole."""
    content: Json = json.loads(_tree_text())
    return content


@cache
def _tree_text() -> str:
    return (Path(__file__).parent / "tree.schema.json").read_text(encoding="utf-8")


def blocks_schema() -> Json:
    """The schema of `to_blocks`, version 1, made from the table of functions; plain values are the tree's."""
    shared = tree_schema()["$defs"]
    line, name = shared["line"], shared["name"]
    literals = [option["properties"]["text"] for option in shared["signed_number"]["oneOf"]]
    unsigned = [shared[key]["properties"]["text"] for key in ("number", "percent")]
    operators = shared["chain"]["properties"]["rest"]["items"]["prefixItems"][0]
    fields: dict[str, Json] = {
        "NAME": {"$ref": "#/$defs/name"},
        "TEXT": {"$ref": "#/$defs/line"},
        "OPERATORS": shared["unary"]["properties"]["operators"],
    }
    statements = {
        **{kind: _laid_out(kind, layout, fields, _REMARKS) for kind, layout in STATEMENTS.items()},
        **_inputs(),
    }
    for kind in ("stop_loss", "take_profit", "trailing_stop", "size"):
        owner = "protection" if kind in ("stop_loss", "take_profit") else kind
        statements[kind]["properties"]["fields"]["properties"]["MODE"] = shared[owner]["properties"]["mode"]
    statements["plot"]["properties"]["fields"]["properties"]["NAME"] = {"$ref": "#/$defs/line"}
    expressions = {kind: _laid_out(kind, layout, fields, _BRACKETS) for kind, layout in EXPRESSIONS.items()}
    expressions["truth"]["properties"]["fields"]["properties"]["VALUE"] = {"type": "boolean"}
    expressions["name"]["properties"]["fields"]["properties"]["NAME"] = shared["value_name"]
    number = _object({"NUMBER": {"$ref": "#/$defs/number"}}, ["NUMBER"])
    expressions["number"] = _block("number", number, None, _BRACKETS)
    expressions["chain"] = _block("chain", *_chain(operators), _BRACKETS)
    expressions["choice"] = _block("choice", None, _choice(), _BRACKETS)
    expressions["call"] = _block(
        "call", _object({"NAME": shared["value_name"]}, ["NAME"]), _arguments(()), _BRACKETS
    )
    for function in (*FUNCTIONS, TIMEFRAME_FUNCTION):
        slots = call_slots(function)
        if slots:
            kind = CALL_PREFIX + function
            expressions[kind] = _block(kind, None, _arguments(slots), _BRACKETS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:candlewright:formula-blocks:1",
        "title": "The blocks of a formula, version 1",
        "type": "object",
        "properties": {
            "version": {"const": BLOCKS_VERSION},
            "blocks": {"type": "array", "items": {"$ref": "#/$defs/statement"}},
            "closing_comments": {"$ref": "#/$defs/comments"},
        },
        "required": ["version", "blocks"],
        "additionalProperties": False,
        "$defs": {
            "line": line,
            "name": name,
            "number": {"anyOf": unsigned},
            "signed_number": {"anyOf": literals},
            "comment": shared["comment"],
            "comments": shared["comments"],
            "gap": shared["gap"],
            "brackets": shared["brackets"],
            "id": {"type": "string", "minLength": 1, "maxLength": MAX_ID},
            "statement": _by_type(statements),
            "expression": _by_type(expressions),
        },
    }


_REMARKS = ("comments", "comment", "gap")
_BRACKETS = ("brackets",)
_EXPRESSION = {"$ref": "#/$defs/expression"}


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _by_type(blocks: dict[str, Json]) -> Json:
    """The schema of a block by its type. Not `oneOf`: a validator would try all of them at each level."""
    choices = [
        {"if": {"properties": {"type": {"const": kind}}}, "then": block} for kind, block in blocks.items()
    ]
    return {
        "type": "object",
        "properties": {"type": {"enum": list(blocks)}},
        "required": ["type"],
        "allOf": choices,
    }


def _block(kind: str, fields: Json | None, inputs: Json | None, more: tuple[str, ...]) -> Json:
    nothing = _object({}, [])
    properties: Json = {"type": {"const": kind}, "id": {"$ref": "#/$defs/id"}}
    required = ["type"]
    for key, content in (("fields", fields), ("inputs", inputs)):
        properties[key] = content or nothing
        if content is not None and (content["required"] or "minProperties" in content):
            required.append(key)
    properties.update({key: {"$ref": f"#/$defs/{key}"} for key in more})
    return _object(properties, required)


def _laid_out(kind: str, layout: Layout, fields: dict[str, Json], more: tuple[str, ...]) -> Json:
    names = [name for name, _ in layout.fields]
    slots = [name for name, _ in layout.inputs]
    return _block(
        kind,
        _object({name: fields.get(name, {}) for name in names}, names),
        _object(dict.fromkeys(slots, _EXPRESSION), slots),
        more,
    )


def _inputs() -> dict[str, Json]:
    signed = {"$ref": "#/$defs/signed_number"}
    line = {"$ref": "#/$defs/line"}
    result = {}
    for kind, default in (
        ("input_number", signed),
        ("input_truth", {"type": "boolean"}),
        ("input_text", line),
    ):
        fields = _object(
            {
                "NAME": {"$ref": "#/$defs/name"},
                "DEFAULT": default,
                **dict.fromkeys(("LOW", "HIGH", "STEP"), signed),
                "CHOICES": {"type": "array", "items": line, "minItems": 1},
                "LABEL": line,
            },
            ["NAME", "DEFAULT"],
        )
        fields["dependentRequired"] = {"LOW": ["HIGH"], "HIGH": ["LOW"], "STEP": ["LOW"]}
        fields["not"] = {"required": ["LOW", "CHOICES"]}
        result[kind] = _block(kind, fields, None, _REMARKS)
    return result


def _chain(operator: Json) -> tuple[Json, Json]:
    number = "[1-9][0-9]*$(?!\\n)"
    fields = _object({}, ["OPERATOR1"]) | {"patternProperties": {f"^OPERATOR{number}": operator}}
    inputs = _object({"TERM0": _EXPRESSION}, ["TERM0", "TERM1"]) | {
        "patternProperties": {f"^TERM{number}": _EXPRESSION}
    }
    return fields, inputs


def _choice() -> Json:
    inputs = _object({"ELSE": _EXPRESSION}, ["IF0", "THEN0", "ELSE"])
    return inputs | {"patternProperties": {"^(IF|THEN)(0|[1-9][0-9]*)$(?!\\n)": _EXPRESSION}}


def _arguments(slots: tuple[str, ...]) -> Json:
    """Any of the slots, since a draft may leave some empty, and further arguments."""
    inputs = _object(dict.fromkeys(slots, _EXPRESSION), [])
    return inputs | {"patternProperties": {"^ARGUMENT[1-9][0-9]*$(?!\\n)": _EXPRESSION}}
