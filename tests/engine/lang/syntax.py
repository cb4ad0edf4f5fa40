"""Random syntax trees as JSON: all that can be written, whether it makes sense or not, and small changes to JSON."""

import copy
from typing import Any

from hypothesis import strategies as st

from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.parser import RESERVED

OPERATORS = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]
ODD_NAMES = [
    "risk",
    "units",
    "bars",
    "after",
    "step",
    "x",
    "_",
    "e5",
    "A1",
    "tf",
    "close",
    "when_",
    "unclosed",
]
NAMES = st.sampled_from([*ODD_NAMES, *FUNCTIONS]).filter(lambda name: name not in RESERVED) | st.from_regex(
    r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True
).filter(lambda name: name not in RESERVED)
VALUE_NAMES = NAMES | st.just("na")
# no surrogates: they are no text; every other character may stand in a text or comment
LINES = st.sampled_from(
    ["", "a", 'say "x"', "back\\slash", "{close}", "# no comment", "Ω 価格", "\\", '"']
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)
COMMENTS = LINES.map(str.strip)
DIGITS = st.sampled_from(
    ["0", "1", "9", "14", "007", "0.5", ".5", "2.50", "1e3", "1E-3", "5e+2", "123456789012345678901"]
)
NUMBERS = DIGITS.map(lambda text: {"type": "number", "text": text})
PERCENTS = DIGITS.map(lambda text: {"type": "percent", "text": text + "%"})
TRUTHS = st.booleans().map(lambda value: {"type": "truth", "value": value})
TEXTS = LINES.map(lambda value: {"type": "text", "value": value})


def _with_brackets(node: dict[str, Any], pairs: int) -> dict[str, Any]:
    return {**node, "brackets": pairs} if pairs else node


def _bracketed(nodes: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(_with_brackets, nodes, st.sampled_from([0, 0, 0, 1, 1, 2, 3]))


def _node(kind: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **parts})


def _larger(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.tuples(st.sampled_from(OPERATORS), inner).map(list)
    cases = st.tuples(inner, inner).map(list)
    signs = st.lists(st.sampled_from(["-", "not"]), min_size=1, max_size=4)
    return _bracketed(
        _node("chain", first=inner, rest=st.lists(pairs, min_size=1, max_size=3))
        | _node("call", name=VALUE_NAMES, arguments=st.lists(inner, max_size=4))
        | _node("choice", cases=st.lists(cases, min_size=1, max_size=2), otherwise=inner)
        | _node("history", of=inner, ago=inner)
        | _node("field", of=inner, name=NAMES)
        | _node("unary", operators=signs, of=inner)
    )


EXPRESSIONS = st.recursive(
    _bracketed(NUMBERS | PERCENTS | TRUTHS | TEXTS | _node("name", name=VALUE_NAMES)), _larger, max_leaves=8
)


@st.composite
def _inputs(draw: st.DrawFn) -> dict[str, Any]:
    def number() -> dict[str, Any]:
        item = dict(draw(NUMBERS | PERCENTS))
        return {**item, "text": draw(st.sampled_from(["", "-"])) + item["text"]}

    kind = draw(st.sampled_from(["number", "truth", "text"]))
    default = number() if kind == "number" else draw(TRUTHS if kind == "truth" else TEXTS)
    if kind == "number":
        text = default["text"]
        kind = "percent" if text.endswith("%") else "integer" if text.lstrip("-").isdigit() else "number"
    item = {"type": "input", "name": draw(NAMES), "kind": kind, "default": default}
    extent = draw(st.integers(0, 3))
    if extent in (1, 2):
        item.update(low=number(), high=number())
    if extent == 2:
        item["step"] = number()
    if extent == 3:
        item["choices"] = draw(st.lists(LINES, min_size=1, max_size=3))
    if draw(st.booleans()):
        item["label"] = draw(LINES)
    return item


_BARE_STATEMENTS = (
    _inputs()
    | _node("definition", name=NAMES, value=EXPRESSIONS)
    | st.sampled_from(["long", "short", "exit_long", "exit_short", "exit"]).flatmap(
        lambda kind: _node(kind, when=EXPRESSIONS)
    )
    | _node("exit_after", bars=EXPRESSIONS)
    | st.sampled_from(["stop_loss", "take_profit"]).flatmap(
        lambda kind: _node(kind, mode=st.sampled_from(["percent", "by", "at"]), value=EXPRESSIONS)
    )
    | _node("trailing_stop", mode=st.sampled_from(["percent", "by"]), value=EXPRESSIONS)
    | _node("size", mode=st.sampled_from(["amount", "units", "risk"]), value=EXPRESSIONS)
    | _node("alert", text=LINES, when=EXPRESSIONS)
    | _node("plot", name=LINES, value=EXPRESSIONS)
)


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    item = dict(draw(_BARE_STATEMENTS))
    comments = draw(st.lists(COMMENTS, max_size=2))
    if comments:
        item["comments"] = comments
    if draw(st.integers(0, 3)) == 0:
        item["comment"] = draw(COMMENTS)
    if draw(st.booleans()):
        item["gap"] = True
    return item


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON tree of a formula, with comments, empty lines and needless brackets."""
    statements = draw(st.lists(_statements(), max_size=5))
    if statements:
        statements[0].pop("gap", None)
    result: dict[str, Any] = {"version": 1, "statements": statements}
    comments = draw(st.lists(COMMENTS, max_size=2))
    if comments:
        result["closing_comments"] = comments
    return result


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["number", "call", "name", "long", "risk", "when", "14", "3%", "1\n", "a\nb", "\ud800", "1e999", ""]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["type", "text", "name", "of", "value", "id"]), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, documents: st.SearchStrategy[dict[str, Any]]) -> Any:
    """A document in which one to three values were replaced, removed, added or put elsewhere."""
    content: Any = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, 3))):
        places = [(None, None), *(_places(content) if isinstance(content, dict | list) else [])]
        holder, key = draw(st.sampled_from(places))
        donors = [value[k] for value, k in places if value is not None]
        new = copy.deepcopy(draw(st.sampled_from(donors) | JUNK if donors else JUNK))
        if holder is None:
            if draw(st.integers(0, 9)) == 0:
                content = new
            continue
        action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "replace":
            holder[key] = new
        elif action == "remove":
            del holder[key]
        elif isinstance(holder, dict):
            holder[
                draw(st.sampled_from(["brackets", "gap", "comment", "label", "step", "low", "colour"]))
            ] = new
        else:
            holder.insert(key, new)
    return content


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Each value within `content`, as what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    work = [content]
    while work:
        holder = work.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                work.append(holder[key])
    return found
