"""Finds texts for people in scripts that no catalogue knows: literals with words outside `t()` and `n()`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.architecture.texts import has_words

_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<word>[A-Za-z_$][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<space>\s+)
    | (?P<mark>=>|[=!]==?|\?\?=?|&&|\|\||\.\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_REGEX = set("(,=:[!&|?{};+-*%<>~^") | {"=>", "&&", "||", "??", "return", "=="}


class Token(NamedTuple):
    kind: str  # "text" for strings and the fixed parts of templates, else "word", "number", "mark" or "regex"
    value: str
    line: int


def tokens(source: str) -> list[Token]:
    """The tokens of a script; a template is the mark ` , its fixed parts as one text, and `${` … `}` parts' own tokens."""
    found: list[Token] = []
    _read(source, 0, found, until=None)
    return found


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _read(source: str, at: int, found: list[Token], until: str | None) -> int:
    depth = 0
    while at < len(source):
        line = _line(source, at)
        if source[at] == "`":
            at = _template(source, at + 1, found)
            continue
        if (
            source[at] == "/"
            and source[at + 1] not in "/*"
            and (not found or found[-1].value in _BEFORE_REGEX)
        ):
            regex = _REGEX.match(source, at)
            if regex:
                found.append(Token("regex", regex[0], line))
                at = regex.end()
                continue
        match = _TOKEN.match(source, at)
        assert match, f"line {line} cannot be read"
        kind, value = str(match.lastgroup), match[0]
        if value == "{":
            depth += 1
        elif value == "}":
            if depth == 0 and until == "}":
                return at + 1
            depth -= 1
        at = match.end()
        if kind == "string":
            found.append(Token("text", value[1:-1], line))
        elif kind not in ("comment", "space"):
            found.append(Token(kind, value, line))
    return at


def _template(source: str, at: int, found: list[Token]) -> int:
    line = _line(source, at)
    fixed: list[str] = []
    inner: list[Token] = []
    while source[at] != "`":
        if source[at] == "\\":
            fixed.append(source[at : at + 2])
            at += 2
        elif source.startswith("${", at):
            fixed.append("{}")
            inner.append(Token("mark", ",", line))
            at = _read(source, at + 2, inner, until="}")
        else:
            fixed.append(source[at])
            at += 1
    found.append(Token("text", "".join(fixed), line))
    # what stands in a template is read as arguments beside it: a `t()` there is a call like any other
    found += inner
    return at + 1


# What takes words that people do not read: selectors, events, fields of the blocks, names of fonts.
_NOT_SHOWN = {
    *("querySelector", "querySelectorAll", "closest", "matches", "onElements", "press", "load", "matchMedia"),
    *("addEventListener", "getFieldValue", "appendValueInput", "appendDummyInput", "getItem", "setItem"),
}
_SHOWN_AS = {"title", "label", "aria-label", "aria-roledescription", "placeholder", "alt"}
_SHOWN_IN = {"textContent", "innerText", "title", "ariaLabel", "placeholder"}
_SHOWING = {"toast", "setTooltip", "say", "fillText"}
_SENTENCE = re.compile(r"(?:(?:^|[\s(])[A-Za-z]{2,}[,;:]?|\{\}) (?:(?<!\} )\{\}|[a-z]+)(?:[\s.,;:!?…)]|$)")
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)?$")
_NOT_A_SENTENCE = re.compile(r"--|\dpx|\"|[\[\]#=]")
# Single words with a capital, and pairs of words, that programs read.
CODES = {
    *(
        "Accept",
        "Boolean",
        "End",
        "Enter",
        "Escape",
        "Home",
        "Many",
        "Notification",
        "Number",
        "String",
        "Tab",
    ),
    *("Mod-s", "not all", "else if"),
}


def script_texts(source: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each text of a script that is no argument of `t` or `n`: what stands where something is
    shown, and what reads like a sentence or a name wherever it stands."""
    found = tokens(source)
    opened: list[str] = []  # the names of the calls that are open; of other brackets the bracket
    arguments: list[int] = []  # for each of these, which argument it is at
    shown = -1  # how deep the brackets were where a shown value began
    for i, (kind, value, line) in enumerate(found):
        before = found[i - 1] if i else Token("mark", "", 0)
        if kind == "mark":
            if value in "([{":
                opened.append(before.value if value == "(" and before.kind == "word" else value)
                arguments.append(0)
            elif value in ")]}" and opened:
                opened.pop()
                arguments.pop()
            elif value == "," and arguments:
                arguments[-1] += 1
            if len(opened) < shown or (value in ";," and len(opened) == shown):
                shown = -1
            name = before.value
            if (
                (value == "=" and name in _SHOWN_IN)
                or (value == ":" and name in _SHOWN_AS)
                or (value == "," and name in _SHOWN_AS and opened and opened[-1] == "setAttribute")
            ):
                shown = len(opened)
        if kind != "text" or not has_words(value) or value in CODES:
            continue
        within = opened[-1] if opened else ""
        after = found[i + 1].value if i + 1 < len(found) else ""
        if within in {"t", "n"} | _NOT_SHOWN or (after == ":" and before.value in "{,"):
            continue
        is_class = (before.value == ":" and found[i - 2].value == "class") or before.value in (
            "from",
            "import",
        )
        is_list = after == "." and found[i + 2].value == "split"
        is_child = within == "element" and arguments[-1] > 1
        is_shown = shown == len(opened) or is_child or (within in _SHOWING and arguments[-1] == 0)
        is_compared = before.value in ("===", "!==", "in") or after in ("===", "!==", "in")
        reads = bool(
            _CAPITALISED.match(value) or (_SENTENCE.search(value) and not _NOT_A_SENTENCE.search(value))
        )
        if (is_shown or reads) and not (is_class or is_list or is_compared):
            yield line, value
