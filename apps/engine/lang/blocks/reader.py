"""Blocks, as an editor sends them, as a formula's tree."""

import re
from collections.abc import Iterable
from typing import Any

from apps.engine.lang import tree
from apps.engine.lang.blocks.layout import (
    BLOCKS_VERSION,
    CALL_PREFIX,
    EXPRESSIONS,
    INPUT_NUMBERS,
    INPUT_TYPES,
    MAX_ID,
    REMARKS,
    STATEMENTS,
    Json,
    Layout,
    call_slots,
    slot_at,
)
from apps.engine.lang.canonical import TREE_VERSION
from apps.engine.lang.errors import nearest
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION
from apps.engine.lang.lexer import MAX_TOKENS
from apps.engine.lang.parser import MAX_TREE_DEPTH
from apps.engine.lang.paths import node_paths
from apps.engine.lang.reader import ReadTree, TreeError, read_tree


def from_blocks(content: Any) -> tree.Formula:
    """The formula of a workspace. Raises TreeError, whose `node` is a JSON pointer into `content`."""
    return _read(content)[0].formula


class EmptyInput(TreeError):
    """A block still waits for a value; whoever joins blocks meets it, so an editor says it in its own words."""

    def as_dict(self) -> dict[str, str]:
        return {**super().as_dict(), "kind": "empty_input"}


def block_ids(content: Any) -> dict[str, str]:
    """The id of each block of a workspace, by its node in the tree of `from_blocks`: where to show what `check` says.

    Raises TreeError as `from_blocks` does.
    """
    result, ids = _read(content)
    paths = node_paths(result.formula)
    return {paths[id(result.nodes[node])]: given for node, given in ids.items()}


def _read(content: Any) -> tuple[ReadTree, dict[str, str]]:
    reader = _Reader()
    item = reader.workspace(content)
    try:
        return read_tree(item), reader.ids
    except TreeError as error:
        raise TreeError(error.message, reader.place_of(error.node)) from error


class _Reader:
    """Blocks to JSON tree. `places`: where each part of the tree was found; `ids`: of the blocks, by node."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {"": ""}
        self.ids: dict[str, str] = {}
        self.seen: set[str] = set()
        self.count = 0

    def place_of(self, node: str) -> str:
        while node not in self.places:
            node = node.rpartition("/")[0]
        return self.places[node]

    def workspace(self, content: Any) -> Json:
        known = ("version", "blocks", "closing_comments")
        if not isinstance(content, dict):
            raise TreeError("expected an object with `version` and `blocks`")
        _refuse_unknown(content, known, "key", "")
        version = content.get("version")
        if isinstance(version, bool) or version != BLOCKS_VERSION:
            raise TreeError(f"expected `version` {BLOCKS_VERSION} of the blocks")
        if "blocks" not in content:
            raise TreeError("expected a list of `blocks`")
        blocks = content["blocks"]
        if not isinstance(blocks, list):
            raise TreeError("expected a list of blocks", "/blocks")
        statements = []
        for i, block in enumerate(blocks):
            statements.append(self.statement(block, f"/blocks/{i}", f"/statements/{i}"))
        result: Json = {"version": TREE_VERSION, "statements": statements}
        if "closing_comments" in content:
            self.places["/closing_comments"] = "/closing_comments"
            result["closing_comments"] = content["closing_comments"]
        return result

    def open(self, content: Any, place: str, node: str, keys: tuple[str, ...]) -> tuple[str, Json, Json]:
        """Type, fields and inputs of a block."""
        self.count += 1
        if self.count > MAX_TOKENS:
            raise TreeError(f"more than {MAX_TOKENS:,} blocks", place)
        if not isinstance(content, dict):
            raise TreeError("expected a block", place)
        kind = content.get("type")
        if not isinstance(kind, str):
            raise TreeError("expected a block with a `type`", place)
        _refuse_unknown(content, ("id", "type", "fields", "inputs", *keys), "key", place)
        fields, inputs = content.get("fields", {}), content.get("inputs", {})
        for key, value in (("fields", fields), ("inputs", inputs)):
            if not isinstance(value, dict):
                raise TreeError("expected an object", f"{place}/{key}")
        self.places[node] = place
        for key in keys:
            self.places[f"{node}/{key}"] = f"{place}/{key}"
        if "id" in content:
            self.note_id(content["id"], place, node)
        return kind, fields, inputs

    def note_id(self, value: Any, place: str, node: str) -> None:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
            raise TreeError(f"expected a text of 1 to {MAX_ID} characters", f"{place}/id")
        if value in self.seen:
            raise TreeError("another block has this id", f"{place}/id")
        self.seen.add(value)
        self.ids[node] = value

    def statement(self, content: Any, place: str, node: str) -> Json:
        kind, fields, inputs = self.open(content, place, node, REMARKS)
        if kind in INPUT_TYPES:
            item = self.input(kind, fields, inputs, place, node)
        elif kind in STATEMENTS:
            item = self.laid_out(STATEMENTS[kind], kind, fields, inputs, place, node, 0)
        else:
            if kind in EXPRESSIONS or kind in ("number", "chain", "choice") or kind.startswith("call"):
                raise TreeError("a value cannot stand alone: put it into a statement", place)
            raise _unknown_type(kind, (*STATEMENTS, *INPUT_TYPES), place)
        item.update({key: content[key] for key in REMARKS if key in content})
        return item

    def input(self, kind: str, fields: Json, inputs: Json, place: str, node: str) -> Json:
        _refuse_unknown(inputs, (), "input", f"{place}/inputs")
        known = ("NAME", "DEFAULT", *(name for name, _ in INPUT_NUMBERS), "CHOICES", "LABEL")
        _refuse_unknown(fields, known, "field", f"{place}/fields")
        for name, key in (("NAME", "name"), ("DEFAULT", "default"), *INPUT_NUMBERS):
            self.places[f"{node}/{key}"] = f"{place}/fields/{name}"
        for key in ("choices", "label"):
            self.places[f"{node}/{key}"] = f"{place}/fields/{key.upper()}"
        default = self.field(fields, "DEFAULT", place)
        item: Json = {"type": "input", "name": self.field(fields, "NAME", place)}
        if kind == "input_number":
            item["default"] = _number(default)
            whole = isinstance(default, str) and default.removeprefix("-").isdigit()
            percent = item["default"]["type"] == "percent"
            item["kind"] = "percent" if percent else "integer" if whole else "number"
        else:
            item["kind"] = kind.removeprefix("input_")
            item["default"] = {"type": item["kind"], "value": default}
        item.update({key: _number(fields[name]) for name, key in INPUT_NUMBERS if name in fields})
        item.update({key: fields[key.upper()] for key in ("choices", "label") if key.upper() in fields})
        return item

    def expression(self, content: Any, place: str, node: str, depth: int) -> Json:
        if depth > MAX_TREE_DEPTH:
            raise TreeError("the blocks are nested too deeply", place)
        kind, fields, inputs = self.open(content, place, node, ("brackets",))
        if kind == "number":
            item = self.number(fields, inputs, place, node)
        elif kind == "chain":
            item = self.chain(fields, inputs, place, node, depth)
        elif kind == "choice":
            item = self.choice(fields, inputs, place, node, depth)
        elif kind == "call" or (kind.startswith(CALL_PREFIX) and call_slots(kind.removeprefix(CALL_PREFIX))):
            item = self.call(kind, fields, inputs, place, node, depth)
        elif kind in EXPRESSIONS:
            item = self.laid_out(EXPRESSIONS[kind], kind, fields, inputs, place, node, depth)
        elif kind in STATEMENTS or kind in INPUT_TYPES:
            raise TreeError("a statement cannot stand inside another block", place)
        else:
            names = [CALL_PREFIX + name for name in (*FUNCTIONS, TIMEFRAME_FUNCTION) if call_slots(name)]
            raise _unknown_type(kind, ("number", "chain", "choice", "call", *EXPRESSIONS, *names), place)
        if "brackets" in content:
            item["brackets"] = content["brackets"]
        return item

    def field(self, fields: Json, name: str, place: str) -> Any:
        if name not in fields:
            raise TreeError(f"the field {name} is missing", place)
        return fields[name]

    def slot(self, inputs: Json, name: str, place: str, node: str, depth: int) -> Json:
        if name not in inputs:
            raise EmptyInput(f"the input {name} is empty", place)
        return self.expression(inputs[name], f"{place}/inputs/{name}", node, depth + 1)

    def laid_out(
        self, layout: Layout, kind: str, fields: Json, inputs: Json, place: str, node: str, depth: int
    ) -> Json:
        _refuse_unknown(fields, [name for name, _ in layout.fields], "field", f"{place}/fields")
        _refuse_unknown(inputs, [name for name, _ in layout.inputs], "input", f"{place}/inputs")
        item: Json = {"type": kind}
        for name, key in layout.fields:
            self.places[f"{node}/{key}"] = f"{place}/fields/{name}"
            item[key] = self.field(fields, name, place)
        for name, key in layout.inputs:
            item[key] = self.slot(inputs, name, place, f"{node}/{key}", depth)
        return item

    def number(self, fields: Json, inputs: Json, place: str, node: str) -> Json:
        _refuse_unknown(fields, ("NUMBER",), "field", f"{place}/fields")
        _refuse_unknown(inputs, (), "input", f"{place}/inputs")
        self.places[f"{node}/text"] = f"{place}/fields/NUMBER"
        return _number(self.field(fields, "NUMBER", place))

    def chain(self, fields: Json, inputs: Json, place: str, node: str, depth: int) -> Json:
        count = len(fields)
        if count == 0:
            raise TreeError("a chain has an OPERATOR1 between its terms", place)
        _refuse_unknown(fields, [f"OPERATOR{i}" for i in range(1, count + 1)], "field", f"{place}/fields")
        _refuse_unknown(inputs, [f"TERM{i}" for i in range(count + 1)], "input", f"{place}/inputs")
        first = self.slot(inputs, "TERM0", place, f"{node}/first", depth)
        rest = []
        for i in range(count):
            self.places[f"{node}/rest/{i}/0"] = f"{place}/fields/OPERATOR{i + 1}"
            term = self.slot(inputs, f"TERM{i + 1}", place, f"{node}/rest/{i}/1", depth)
            rest.append([fields[f"OPERATOR{i + 1}"], term])
        return {"type": "chain", "first": first, "rest": rest}

    def choice(self, fields: Json, inputs: Json, place: str, node: str, depth: int) -> Json:
        _refuse_unknown(fields, (), "field", f"{place}/fields")
        count = 1
        while f"IF{count}" in inputs or f"THEN{count}" in inputs:
            count += 1
        known = [f"{word}{i}" for i in range(count) for word in ("IF", "THEN")]
        _refuse_unknown(inputs, [*known, "ELSE"], "input", f"{place}/inputs")
        cases = []
        for i in range(count):
            condition = self.slot(inputs, f"IF{i}", place, f"{node}/cases/{i}/0", depth)
            cases.append([condition, self.slot(inputs, f"THEN{i}", place, f"{node}/cases/{i}/1", depth)])
        otherwise = self.slot(inputs, "ELSE", place, f"{node}/otherwise", depth)
        return {"type": "choice", "cases": cases, "otherwise": otherwise}

    def call(self, kind: str, fields: Json, inputs: Json, place: str, node: str, depth: int) -> Json:
        slots: tuple[str, ...] = ()
        if kind == "call":
            _refuse_unknown(fields, ("NAME",), "field", f"{place}/fields")
            self.places[f"{node}/name"] = f"{place}/fields/NAME"
            name = self.field(fields, "NAME", place)
        else:
            _refuse_unknown(fields, (), "field", f"{place}/fields")
            name = kind.removeprefix(CALL_PREFIX)
            slots = call_slots(name)
        arguments = []
        for i in range(len(inputs)):
            # arguments have no names in the text: none can be left out before a later one
            arguments.append(
                self.argument(inputs, slot_at(slots, i), slots, place, f"{node}/arguments/{i}", depth)
            )
        return {"type": "call", "name": name, "arguments": arguments}

    def argument(
        self, inputs: Json, slot: str, slots: tuple[str, ...], place: str, node: str, depth: int
    ) -> Json:
        if slot not in inputs:
            extra = re.compile(r"ARGUMENT[1-9][0-9]*")
            known = [*slots, *(name for name in inputs if isinstance(name, str) and extra.fullmatch(name))]
            _refuse_unknown(inputs, known, "input", f"{place}/inputs")
        return self.slot(inputs, slot, place, node, depth)


def _number(text: Any) -> Json:
    is_percent = isinstance(text, str) and text.endswith("%")
    return {"type": "percent" if is_percent else "number", "text": text}


def _unknown_type(kind: str, known: tuple[str, ...], place: str) -> TreeError:
    hint = nearest(kind[:60], known)
    return TreeError(f"unknown type of block {kind[:40]!r}" + (f" ({hint})" if hint else ""), f"{place}/type")


def _refuse_unknown(given: Json, known: Iterable[str], what: str, place: str) -> None:
    names = set(known)
    for key in given:
        if key not in names:
            hint = nearest(str(key)[:60], names)
            raise TreeError(f"unknown {what} {str(key)[:40]!r}" + (f" ({hint})" if hint else ""), place)
