"""A formula's tree as blocks."""

from apps.engine.lang import tree
from apps.engine.lang.blocks.layout import (
    BLOCKS_VERSION,
    CALL_PREFIX,
    EXPRESSIONS,
    INPUT_NUMBERS,
    REMARKS,
    STATEMENTS,
    Json,
    Layout,
    call_slots,
    slot_at,
)
from apps.engine.lang.canonical import formula_json


def to_blocks(formula: tree.Formula) -> Json:
    """The workspace of `formula`: a block for each statement in order, expressions nested in them.

    A block's id is its node's pointer into `formula_json`: the `node` of a problem is the id of its block, or begins
    with it where a part of that block is meant.
    """
    content = formula_json(formula)
    statements = content["statements"]
    result: Json = {
        "version": BLOCKS_VERSION,
        "blocks": [_statement_block(item, f"/statements/{i}") for i, item in enumerate(statements)],
    }
    if "closing_comments" in content:
        result["closing_comments"] = content["closing_comments"]
    return result


def _new(kind: str, node: str, fields: Json, inputs: Json) -> Json:
    block: Json = {"id": node, "type": kind}
    if fields:
        block["fields"] = fields
    if inputs:
        block["inputs"] = inputs
    return block


def _laid_out(layout: Layout, item: Json, kind: str, node: str) -> Json:
    fields = {field: item[key] for field, key in layout.fields}
    inputs = {slot: _block(item[key], f"{node}/{key}") for slot, key in layout.inputs}
    return _new(kind, node, fields, inputs)


def _statement_block(item: Json, node: str) -> Json:
    if item["type"] == "input":
        block = _input_block(item, node)
    else:
        block = _laid_out(STATEMENTS[item["type"]], item, item["type"], node)
    block.update({key: item[key] for key in REMARKS if key in item})
    return block


def _input_block(item: Json, node: str) -> Json:
    default = item["default"]
    kind = {"truth": "input_truth", "text": "input_text"}.get(default["type"], "input_number")
    fields = {"NAME": item["name"], "DEFAULT": default["text" if kind == "input_number" else "value"]}
    fields.update({field: item[key]["text"] for field, key in INPUT_NUMBERS if key in item})
    fields.update({key.upper(): item[key] for key in ("choices", "label") if key in item})
    return _new(kind, node, fields, {})


def _block(item: Json, node: str) -> Json:
    kind = item["type"]
    match kind:
        case "number" | "percent":
            block = _new("number", node, {"NUMBER": item["text"]}, {})
        case "call":
            block = _call_block(item, node)
        case "chain":
            block = _chain_block(item, node)
        case "choice":
            inputs = {}
            for i, (condition, value) in enumerate(item["cases"]):
                inputs[f"IF{i}"] = _block(condition, f"{node}/cases/{i}/0")
                inputs[f"THEN{i}"] = _block(value, f"{node}/cases/{i}/1")
            inputs["ELSE"] = _block(item["otherwise"], f"{node}/otherwise")
            block = _new(kind, node, {}, inputs)
        case _:
            block = _laid_out(EXPRESSIONS[kind], item, kind, node)
    if "brackets" in item:
        block["brackets"] = item["brackets"]
    return block


def _chain_block(item: Json, node: str) -> Json:
    """A block for each run of operators of one level: a * b * c + d is a block of two terms, the first of three.

    The inner one's node is that of its last operator, as in `paths`.
    """
    fields: Json = {}
    inputs = {"TERM0": _block(item["first"], f"{node}/first")}
    level = tree.LEVELS[item["rest"][0][0]]
    for i, (operator, term) in enumerate(item["rest"]):
        if tree.LEVELS[operator] != level:
            inner = _new("chain", f"{node}/rest/{i - 1}", fields, inputs)
            fields, inputs, level = {}, {"TERM0": inner}, tree.LEVELS[operator]
        fields[f"OPERATOR{len(inputs)}"] = operator
        inputs[f"TERM{len(inputs)}"] = _block(term, f"{node}/rest/{i}/1")
    return _new("chain", node, fields, inputs)


def _call_block(item: Json, node: str) -> Json:
    slots = call_slots(item["name"])
    inputs = {
        slot_at(slots, i): _block(argument, f"{node}/arguments/{i}")
        for i, argument in enumerate(item["arguments"])
    }
    if slots:
        return _new(CALL_PREFIX + item["name"], node, {}, inputs)
    return _new("call", node, {"NAME": item["name"]}, inputs)
