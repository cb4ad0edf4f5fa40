"""Pine text to logical lines: tokens of one statement's line, with its indentation.

A line goes on inside brackets, where its indentation is no multiple of four (Pine's own rule), after an operator and
before one.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from apps.engine.pine.reader.syntax import Comment
from apps.engine.said import said

MAX_BYTES = 100_000
MAX_TOKENS = 12_000
MAX_LINES = 1_200
TAB = 4


class Token(NamedTuple):
    """`kind`: number, text, name, color, operator, wrong (text is the reason) or end."""

    kind: str
    text: str
    line: int


@dataclass(slots=True)
class Line:
    """A logical line: its indentation in columns, its tokens, its first and last physical line."""

    indent: int
    tokens: list[Token]
    first: int
    last: int


class TooLong(Exception):
    """The script is beyond the limits; the text says which."""


_PATTERN = re.compile(
    r"""
      (?P<space>[ \t\f\v\u00a0]+)
    | (?P<comment>//.*)
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<color>\#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?)
    | (?P<operator>=>|:=|==|!=|<=|>=|\+=|-=|\*=|/=|%=|[-+*/%<>=?:,.()\[\]])
    """,
    re.VERBOSE | re.ASCII,
)
_CLOSING = {")": "(", "]": "["}
_GOES_ON_AFTER = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">",
        "<=",
        ">=",
        "==",
        "!=",
        "?",
        ":",
        "=",
        ":=",
        ",",
        "+=",
        "-=",
        "*=",
        "/=",
        "%=",
        "and",
        "or",
        "not",
    ]
)
_GOES_ON_BEFORE = frozenset(
    ["+", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=", "?", ":", "=", ":=", ",", ")", "]", "and", "or"]
)


def split_lines(source: str) -> list[str]:
    """The physical lines of a script, whatever its line ends."""
    return source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_lines(lines: list[str]) -> tuple[list[Line], list[Comment]]:
    """The logical lines and the comments. Raises TooLong."""
    comments: list[Comment] = []
    physical: list[tuple[int, list[Token], int]] = []
    count = 0
    for number, text in enumerate(lines, 1):
        if not text or text.isspace():
            continue
        tokens = _read_line(text, number, comments)
        count += len(tokens)
        if count > MAX_TOKENS:
            raise TooLong(
                said("the script has more than {max_tokens} words and signs", max_tokens=f"{MAX_TOKENS:,}")
            )
        if tokens:
            physical.append((_indent(text), tokens, number))
    unclosed = _unclosed(physical)
    result: list[Line] = []
    depth = 0
    for indent, tokens, number in physical:
        if result and _continues(result[-1], indent, tokens, depth):
            result[-1].tokens += tokens
            result[-1].last = number
        else:
            depth = 0
            result.append(Line(indent, tokens, number, number))
            if len(result) > MAX_LINES:
                raise TooLong(
                    said("the script has more than {max_lines} statements", max_lines=f"{MAX_LINES:,}")
                )
        for token in tokens:
            if token.kind == "operator":
                if token.text in ("(", "[") and id(token) not in unclosed:
                    depth += 1
                elif token.text in (")", "]"):
                    depth = max(depth - 1, 0)
    return result, comments


def _indent(text: str) -> int:
    width = 0
    for character in text:
        if character == "\t":
            width += TAB
        elif character.isspace():
            width += 1
        else:
            break
    return width


def _read_line(text: str, number: int, comments: list[Comment]) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            character = text[at]
            if character in "\"'":
                tokens.append(Token("wrong", said("a text is never closed"), number))
                break
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            tokens.append(Token("wrong", said("unexpected character `{shown}`", shown=shown), number))
            break
        kind, word = match.lastgroup or "", match.group()
        at = match.end()
        if kind == "comment":
            comments.append(Comment(number, word[2:].strip(), not tokens))
        elif kind != "space":
            tokens.append(Token(kind, word, number))
    return tokens


def _unclosed(physical: list[tuple[int, list[Token], int]]) -> set[int]:
    """The ids of opening brackets that nothing closes: they must not swallow the rest of the script."""
    stack: list[Token] = []
    for _, tokens, _ in physical:
        for token in tokens:
            if token.kind != "operator":
                continue
            if token.text in ("(", "["):
                stack.append(token)
            elif token.text in _CLOSING and stack and stack[-1].text == _CLOSING[token.text]:
                stack.pop()
    return {id(token) for token in stack}


def _continues(line: Line, indent: int, tokens: list[Token], depth: int) -> bool:
    if depth > 0:
        return True
    first, last = tokens[0], line.tokens[-1]
    if first.kind in ("operator", "name") and first.text in _GOES_ON_BEFORE:
        return True
    if last.kind in ("operator", "name") and last.text in _GOES_ON_AFTER and indent > line.indent:
        return True
    return indent % TAB != 0 and indent > line.indent
