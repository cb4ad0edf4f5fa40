"""Text to tokens. Hand-written, since an editor checks the text at each keystroke."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from apps.engine.lang.errors import Problem
from apps.engine.said import said

MAX_BYTES = 16 * 1024
MAX_TOKENS = 4_000


class Kind(StrEnum):
    NUMBER = "number"
    PERCENT = "percent"
    TEXT = "text"
    NAME = "name"
    OPERATOR = "operator"
    NEWLINE = "newline"
    END = "end"


_KINDS = {kind.value: kind for kind in Kind}  # a look-up in a dict is many times faster than Kind(...)


class Token(NamedTuple):
    kind: Kind
    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Comment:
    """A comment without its #. `own_line`: nothing stands before it on its line."""

    text: str
    line: int
    own_line: bool


_PATTERN = re.compile(
    r"""[ \t]*(?:
      (?P<newline>\r\n|\n|\r)
    | (?P<comment>\#[^\r\n]*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?P<percent>%)?
    | (?P<name>[^\W\d]\w*)
    | (?P<text>"(?:[^"\\\r\n]|\\.)*")
    | (?P<operator>\.\.|<=|>=|==|!=|[-+*/%<>=?:,.()\[\]{}])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)

_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME_HINT = said("names are made of the letters a-z, A-Z, digits and _")
_WRONG_WORDS = {
    "&": said("write {code}", code="`and`"),
    "|": said("write {code}", code="`or`"),
    "!": said("write `not`, or `!=` for unequal"),
    "'": said('texts stand in double quotes: "like this"'),
    "^": said("write {code}", code="pow(x, y)"),
    "@": said("a comment begins with #; a whole Pine script can be imported"),
    ";": said("each statement stands on a line of its own"),
    "“": said('texts stand in straight double quotes: "like this"'),
    "”": said('texts stand in straight double quotes: "like this"'),
    "−": said("write the minus sign as -"),
    "–": said("write the minus sign as -"),
    "×": said("write {code}", code="*"),
    "÷": said("write {code}", code="/"),
    "≤": said("write {code}", code="<="),
    "≥": said("write {code}", code=">="),
    "≠": said("write {code}", code="!="),
    "\ufeff": said("remove the byte order mark"),
    "\u00a0": said("replace it by an ordinary space"),
}


@dataclass
class Tokens:
    """The tokens of a text, the last of kind END, with its comments and what could not be read."""

    tokens: list[Token]
    comments: list[Comment]
    problems: list[Problem]


def tokenize(text: str) -> Tokens:
    """Tokens of `text`. A text beyond the limits yields no tokens and one problem."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        problem = Problem(1, 1, said("the formula is longer than 16 KiB"), said("shorten it to 16,384 bytes"))
        return Tokens([Token(Kind.END, "", 1, 1)], [], [problem])
    broken = _SURROGATE.search(text)
    if broken is not None:
        line = text.count("\n", 0, broken.start()) + 1
        column = broken.start() - text.rfind("\n", 0, broken.start())
        problem = Problem(line, column, said("this is not UTF-8 text"), said("save the formula as UTF-8"))
        return Tokens([Token(Kind.END, "", 1, 1)], [], [problem])
    tokens: list[Token] = []
    comments: list[Comment] = []
    problems: list[Problem] = []
    at, line, line_start, fresh, count = 0, 1, 0, True, 0
    if text.startswith("\ufeff"):
        at = line_start = 1
    while at < len(text):
        found_token = _PATTERN.match(text, at)
        if found_token is None:
            while text[at] in " \t":
                at += 1
            at = _read_unknown(text, at, line, at - line_start + 1, problems)
            fresh = False
            continue
        kind = found_token.lastgroup or "end"
        start = found_token.start("number" if kind == "percent" else kind)
        at = found_token.end()
        column, word = start - line_start + 1, text[start:at]
        if kind == "newline":
            tokens.append(Token(Kind.NEWLINE, "\n", line, column))
            line, line_start, fresh = line + 1, at, True
        elif kind == "comment":
            comments.append(Comment(word[1:].strip(), line, fresh))
        elif kind != "end":
            fresh = False
            if kind == "name" and not word.isascii():
                shown = word if len(word) <= 40 else word[:40] + "..."
                problems.append(
                    Problem(line, column, said("`{shown}` cannot be a name", shown=shown), _NAME_HINT)
                )
                continue
            if kind == "operator":
                tokens.append(Token(Kind.OPERATOR, word, line, column))
            else:
                tokens.append(Token(_KINDS[kind], word, line, column))
            count += 1  # line ends are free
            if count > MAX_TOKENS:
                problem = Problem(
                    line, column, said("the formula has more than 4,000 tokens"), said("shorten it")
                )
                return Tokens([Token(Kind.END, "", 1, 1)], [], [problem])
    tokens.append(Token(Kind.END, "", line, at - line_start + 1))
    return Tokens(tokens, comments, problems)


def _read_unknown(text: str, at: int, line: int, column: int, problems: list[Problem]) -> int:
    """Report what stands at `at` and return where to go on."""
    character = text[at]
    if character == '"':
        end = at
        while end < len(text) and text[end] not in "\r\n":
            end += 1
        problems.append(
            Problem(line, column, said("this text is never closed"), said('end it with " on the same line'))
        )
        return end
    end = at + 1
    while end < len(text) and text[end] == character:
        end += 1  # one message for a run of the same character
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    problems.append(
        Problem(
            line, column, said("unexpected character `{shown}`", shown=shown), _WRONG_WORDS.get(character, "")
        )
    )
    return end


def unquote(text: str) -> str:
    r"""The content of a text token: \" and \\ stand for " and \."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
