"""What surrounds a place in a formula's text, by its tokens alone: a text that is being written is rarely whole."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache

from apps.engine.lang.lexer import MAX_BYTES, Kind, Token, tokenize
from apps.engine.lang.parser import STATEMENT_WORDS

MAX_LINE = 4_000  # of a text beyond the limits only the line itself is read, and only so much of it
OPENING = {"(": ")", "[": "]", "{": "}"}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INSIDE = re.compile(r'#.*|"(?:[^"\\]|\\.)*"?')
_BEGINS = re.compile(
    rf"[ \t]*(?:(?:{'|'.join(STATEMENT_WORDS)})\b|[A-Za-z_]\w*[ \t]*=(?!=))"
)  # always a statement
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Bracket:
    """An open bracket: the token before it, and how many commas have passed since."""

    text: str
    before: Token | None
    commas: int


@dataclass
class Cursor:
    """A place in a text. Lines and columns count from 1, columns as the gaps before characters.

    `inside`: code, comment or text; `quoted` is what a text holds up to the cursor. `word` is the word the cursor is
    in or behind, up to the cursor; it stands at `start`..`end`. `tokens`: those of the statement before the word;
    `brackets`: the open ones among them, outermost first.
    """

    line: int
    column: int
    inside: str = "code"
    quoted: str = ""
    word: str = ""
    start: int = 0
    end: int = 0
    tokens: list[Token] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    number_before: bool = False


def lines_of(text: str) -> list[str]:
    """The lines of `text` as the lexer counts them."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def locate(text: str, line: int, column: int) -> Cursor:
    """The surroundings of a place; one beyond the text is moved to its nearest end. Never raises."""
    text, line = _readable(text, line)
    lines = lines_of(text)
    line = min(max(line, 1), len(lines))
    content = lines[line - 1]
    column = min(max(column, 1), len(content) + 1)
    cursor = Cursor(line, column, start=column, end=column)
    _look_inside(cursor, content)
    if cursor.inside == "code":
        for found in _WORD.finditer(content):
            if found.start() < column <= found.end() + 1 and found.start() + 1 <= column:
                cursor.word = content[found.start() : column - 1]
                cursor.start, cursor.end = found.start() + 1, found.end() + 1
        at = cursor.start - 1
        cursor.number_before = cursor.word != "" and at > 0 and content[at - 1].isdigit()
    first = line
    while first > 1 and not _BEGINS.match(lines[first - 1]):
        first -= 1
    tokens = tokens_of("\n".join(lines[first - 1 : line]))
    places = [(token.line, token.column) for token in tokens]
    before = tokens[: bisect_left(places, (line - first + 1, cursor.start))]
    _read_statement(cursor, [token._replace(line=token.line + first - 1) for token in before])
    return cursor


def _readable(text: str, line: int) -> tuple[str, int]:
    """The text, or of one beyond the limits only the line."""
    if len(text) <= MAX_BYTES:
        return text, line
    lines = lines_of(text)
    return lines[min(max(line, 1), len(lines)) - 1][:MAX_LINE], 1


@lru_cache(maxsize=16)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, without its end; none where it is beyond the limits."""
    return tuple(token for token in tokenize(text).tokens if token.kind is not Kind.END)


def _look_inside(cursor: Cursor, content: str) -> None:
    for found in _INSIDE.finditer(content):
        opened = found.start() + 1
        closed = found.group().startswith('"') and _is_closed(found.group())
        if opened < cursor.column and (
            cursor.column <= found.end() or (not closed and cursor.column == found.end() + 1)
        ):
            cursor.inside = "comment" if found.group().startswith("#") else "text"
            cursor.quoted = content[opened : cursor.column - 1] if cursor.inside == "text" else ""
            cursor.start = cursor.end = opened
            return


def _is_closed(quoted: str) -> bool:
    return re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted) is not None


def _read_statement(cursor: Cursor, tokens: list[Token]) -> None:
    """Keep the tokens of the last statement, and the brackets open at its end."""
    current: list[Token] = []
    opened: list[list[object]] = []
    fresh = True
    for token in tokens:
        if token.kind is Kind.NEWLINE:
            fresh = True
            if current and not opened and not continues(current[-1]):
                current = []
            continue
        if (
            token.kind is Kind.NAME
            and token.text in STATEMENT_WORDS
            and _begins(token, current, fresh, bool(opened))
        ):
            current, opened = [], []
        fresh = False
        if token.kind is Kind.OPERATOR:
            if token.text in OPENING:
                opened.append([token.text, current[-1] if current else None, 0])
            elif opened and token.text == OPENING[str(opened[-1][0])]:
                opened.pop()
            elif opened and token.text == ",":
                opened[-1][2] = int(str(opened[-1][2])) + 1
        current.append(token)
    cursor.tokens = current
    cursor.brackets = [Bracket(str(text), before, int(str(commas))) for text, before, commas in opened]  # type: ignore[arg-type]


def _begins(token: Token, current: list[Token], fresh: bool, inside: bool) -> bool:
    if len(current) == 1 and current[0].text == "exit" and token.text in ("long", "short"):
        return False
    return fresh or not inside


def continues(token: Token) -> bool:
    """Whether a statement goes on behind this token, on the next line too."""
    if token.kind is Kind.NAME:
        return token.text in ("and", "or", "not", "when")
    return token.kind is Kind.OPERATOR and token.text not in (")", "]", "}", "{", "(", "[")


def expects_value(token: Token) -> bool:
    """Whether a value, rather than an operator, must follow this token."""
    if token.kind is Kind.NAME:
        return token.text in ("and", "or", "not", "when", "by", "at", "risk", "after")
    return token.kind is Kind.OPERATOR and token.text not in (")", "]", "}")
