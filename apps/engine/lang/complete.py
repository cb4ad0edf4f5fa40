"""What may be written at a place of a formula, for an editor. Works on tokens, so that broken texts are served too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from apps.engine.lang.cursor import Cursor, expects_value, lines_of, locate, tokens_of
from apps.engine.lang.facts import Fact, facts
from apps.engine.lang.functions import BUILT_IN_NAMES, FUNCTIONS, TIMEFRAME_FUNCTION, Function
from apps.engine.lang.hover import Hover, SignatureHelp, base_function, hover, parameters_of, signature_help
from apps.engine.lang.lexer import Kind, Token
from apps.engine.lang.parser import RESERVED, STATEMENT_WORDS
from apps.engine.lang.words import (
    STATEMENTS,
    TIMEFRAME_SIGNATURE,
    TIMEFRAME_SUMMARY,
    TIMEFRAMES,
    WORDS,
)
from apps.engine.said import said

__all__ = ["Completion", "Hover", "SignatureHelp", "complete", "hover", "signature_help"]

MAX_RESULTS = 200


@dataclass(frozen=True)
class Completion:
    """One proposal. `kind`: keyword, series, function, input, definition, field, timeframe or snippet. `insert` takes
    the place of the columns `start`..`end` (from 1, `end` excluded) of the line; ${...} marks what is to be filled in.
    `parameters`: name and what it takes, in order.
    """

    label: str
    kind: str
    signature: str
    summary: str
    insert: str
    start: int
    end: int
    parameters: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        result = asdict(self)
        result["parameters"] = [{"name": name, "takes": takes} for name, takes in self.parameters]
        return result


@dataclass(frozen=True)
class _Offer:
    """A proposal that does not know its place yet."""

    label: str
    kind: str
    signature: str
    summary: str
    insert: str
    parameters: tuple[tuple[str, str], ...] = ()


def complete(text: str, line: int, column: int) -> list[Completion]:
    """Proposals for the cursor before column `column` of line `line` (both from 1), the best first.

    Never raises; a place beyond the text is moved to its nearest end. None in comments, where a name is invented, and
    where nothing fits what is written already.
    """
    cursor = locate(text, line, column)
    if cursor.inside == "comment" or cursor.number_before:
        return []
    if cursor.inside == "text":
        offers, prefix, start, end = _in_text(text, cursor)
    else:
        offers, prefix, start, end = _in_code(text, cursor), cursor.word, cursor.start, cursor.end
    ranked = sorted(
        (
            (rank, place, offer)
            for place, offer in enumerate(offers)
            if (rank := _rank(offer.label, prefix)) is not None
        ),
        key=lambda item: item[:2],
    )
    return [
        Completion(o.label, o.kind, o.signature, o.summary, o.insert, start, end, o.parameters)
        for _, _, o in ranked[:MAX_RESULTS]
    ]


def _rank(label: str, prefix: str) -> tuple[int, int, int] | None:
    """How well a label fits: first the word itself, then those that begin with it, then those that hold its letters."""
    if label == prefix:
        return 0, 0, 0
    if label.startswith(prefix):
        return 1, 0, 0
    low, wanted = label.lower(), prefix.lower()
    if low.startswith(wanted):
        return 2, 0, 0
    at = -1
    for letter in wanted:
        at = low.find(letter, at + 1)
        if at < 0:
            return None
    return 3, at, len(label)


# in a text


def _in_text(text: str, cursor: Cursor) -> tuple[list[_Offer], str, int, int]:
    """What may stand in a text in quotes: a name in an alert's braces, a timeframe, a text of an input."""
    tokens, quoted = cursor.tokens, cursor.quoted
    start = cursor.column
    if len(tokens) == 1 and tokens[0].text == "alert":
        _, brace, name = quoted.rpartition("{")
        if not brace or "}" in name:
            return [], "", start, start
        own = [
            _Offer(fact.name, fact.kind, fact.text, fact.type, f"{fact.name}}}")
            for fact in _names(text, cursor)
        ]
        special = [_Offer(word, "series", word, WORDS[word], f"{word}}}") for word in ("symbol", "time")]
        bare = [
            _Offer(f.name, "series", f.name, f.summary, f"{f.name}}}") for f in FUNCTIONS.values() if f.bare
        ]
        rest = (
            lines_of(text)[cursor.line - 1][cursor.column - 1 :] if cursor.line <= len(lines_of(text)) else ""
        )
        closed = 1 if rest.startswith("}") else 0
        stripped = name.strip()
        return [*own, *special, *bare], stripped, start - len(stripped), start + closed
    bracket = cursor.brackets[-1] if cursor.brackets else None
    frame = bracket is not None and bracket.before is not None and bracket.before.text == TIMEFRAME_FUNCTION
    if frame and bracket is not None and bracket.commas == 0:
        offers = [_Offer(name, "timeframe", name, summary, name) for name, summary in TIMEFRAMES.items()]
        return offers, quoted, start - len(quoted), start
    if len(tokens) >= 2 and tokens[-1].text in ("==", "!="):
        fact = _fact_of(text, cursor, tokens[-2].text)
        if fact is not None:
            offers = [
                _Offer(choice, "snippet", choice, said("a text of {name}", name=fact.name), choice)
                for choice in fact.choices
            ]
            return offers, quoted, start - len(quoted), start
    return [], "", start, start


# in code


def _in_code(text: str, cursor: Cursor) -> list[_Offer]:
    tokens = cursor.tokens
    if not tokens:
        return [*_statements(), *_undefined(text, cursor)]
    last = tokens[-1]
    if last.text == "." and last.kind is Kind.OPERATOR:
        return _fields(tokens)
    first = tokens[0].text if tokens[0].kind is Kind.NAME else ""
    if first == "input":
        return _of_input(tokens)
    inside = bool(cursor.brackets)
    if not inside and len(tokens) == 1:
        opening = _after_keyword(text, cursor, first)
        if opening is not None:
            return opening
    if not inside and first == "exit" and len(tokens) == 2:
        if last.text == "after":
            return list(_constants(text, cursor))
        return _keywords("when") if last.text in ("long", "short") else _values(text, cursor)
    if expects_value(last):
        return _expected(text, cursor, first)
    return _keywords(*_followers(cursor, first))


def _after_keyword(text: str, cursor: Cursor, first: str) -> list[_Offer] | None:
    """What follows the first word of a statement; None where that is not a keyword."""
    match first:
        case "long" | "short":
            return _keywords("when")
        case "exit":
            return _keywords("when", "long", "short", "after")
        case "stop_loss" | "take_profit":
            return [*_keywords("by", "at"), *_constants(text, cursor)]
        case "trailing_stop":
            return [*_keywords("by"), *_constants(text, cursor)]
        case "size":
            return [*_keywords("risk"), *_constants(text, cursor)]
        case "alert":
            return [
                _Offer(
                    '"text"',
                    "snippet",
                    'alert "TEXT" when CONDITION',
                    said("the text to send"),
                    '"${text}" when ${condition}',
                )
            ]
        case "plot":
            return _values(text, cursor)
    return [] if first not in STATEMENT_WORDS else None


def _followers(cursor: Cursor, first: str) -> tuple[str, ...]:
    """Words that may follow a whole expression."""
    joining = ("and", "or")
    if cursor.brackets:
        return joining
    tokens = cursor.tokens
    if first == "alert" and len(tokens) == 2:
        return ("when",)
    if first == "exit" and len(tokens) > 1 and tokens[1].text == "after":
        return ("bars",)
    if first == "size":
        return () if any(token.text in ("risk", "units") for token in tokens) else ("units",)
    if first == "plot":
        return () if any(token.text == "as" for token in tokens) else ("as",)
    if first in ("stop_loss", "take_profit", "trailing_stop"):
        return ()
    return joining


def _of_input(tokens: list[Token]) -> list[_Offer]:
    texts = [token.text for token in tokens]
    if len(tokens) < 3 or "=" not in texts:
        return []
    if texts[-1] == "=":
        return _keywords("true", "false")
    if "in" not in texts:
        return _keywords("in")
    return _keywords("step") if ".." in texts and texts[-1] != ".." and "step" not in texts else []


def _expected(text: str, cursor: Cursor, first: str) -> list[_Offer]:
    """Values that may stand here: only constants where a series cannot be."""
    bracket = cursor.brackets[-1] if cursor.brackets else None
    if bracket is not None:
        before = bracket.before
        if bracket.text == "[":
            return list(_constants(text, cursor))
        if before is not None and before.kind is Kind.NAME:
            if before.text == TIMEFRAME_FUNCTION and bracket.commas == 0:
                frames = [
                    _Offer(f'"{name}"', "timeframe", name, summary, f'"{name}"')
                    for name, summary in TIMEFRAMES.items()
                ]
                return [*frames, *_constants(text, cursor)]
            function = FUNCTIONS.get(before.text)
            if function is not None and _takes_constant(function, bracket.commas):
                return list(_constants(text, cursor))
        return _values(text, cursor)
    tokens = cursor.tokens
    by_price = len(tokens) > 1 and tokens[1].text in ("by", "at")
    constant = first in ("stop_loss", "take_profit", "trailing_stop", "size") and not by_price
    if constant or (first == "exit" and len(tokens) > 1 and tokens[1].text == "after"):
        return list(_constants(text, cursor))
    return _values(text, cursor)


def _takes_constant(function: Function, number: int) -> bool:
    if function.most or number >= len(function.parameters):
        return False
    return function.parameters[number].kind in ("length", "number")


def _statements() -> list[_Offer]:
    return [
        _Offer(word, "keyword", signature, summary, insert)
        for word, (insert, signature, summary) in STATEMENTS.items()
    ]


def _keywords(*words: str) -> list[_Offer]:
    return [_Offer(word, "keyword", word, WORDS.get(word) or STATEMENTS[word][2], word) for word in words]


def _undefined(text: str, cursor: Cursor) -> Iterator[_Offer]:
    """Names that are used and not defined yet: what a new line may begin with."""
    defined: set[str] = set()
    used: dict[str, int] = {}
    tokens = tokens_of(text)
    for i, token in enumerate(tokens):
        if token.kind is not Kind.NAME or token.text in BUILT_IN_NAMES or token.text in RESERVED:
            continue
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        before = tokens[i - 1] if i else None
        if following == "=":
            defined.add(token.text)
        elif following != "(" and before is not None and before.text not in (".", "input"):
            here = (token.line, token.column) == (cursor.line, cursor.start)
            if not here and (expects_value(before) or before.text in STATEMENT_WORDS):
                used.setdefault(token.text, token.line)
    for name, line in used.items():
        if name not in defined and name not in WORDS:
            yield _Offer(
                name,
                "definition",
                f"{name} = EXPRESSION",
                said("used on line {line}, not defined yet", line=str(line)),
                f"{name} = ",
            )


def _fields(tokens: list[Token]) -> list[_Offer]:
    function = base_function(tokens[:-1])
    if function is None:
        return []
    return [
        _Offer(name, "field", f"{function.signature}.{name}", function.summary, name)
        for name in function.outputs
    ]


def _values(text: str, cursor: Cursor) -> list[_Offer]:
    """Everything an expression may begin with."""
    own = [_offer_of(fact) for fact in _names(text, cursor)]
    series = [_Offer(f.name, "series", f.name, f.summary, f.name) for f in FUNCTIONS.values() if f.bare]
    calls = [_call(f) for f in FUNCTIONS.values() if not f.bare]
    frame = _Offer(
        TIMEFRAME_FUNCTION,
        "function",
        TIMEFRAME_SIGNATURE,
        TIMEFRAME_SUMMARY,
        'tf("${1d}", ${expression})',
        parameters_of(TIMEFRAME_FUNCTION),
    )
    return [*own, *series, *calls, frame, *_keywords("not", "true", "false", "na")]


def _constants(text: str, cursor: Cursor) -> Iterator[_Offer]:
    """What may stand where nothing can change from bar to bar: inputs first, then definitions and arithmetic."""
    known = [fact for fact in _names(text, cursor) if fact.type not in ("a text", "true/false")]
    yield from (_offer_of(fact) for fact in known if fact.kind == "input")
    yield from (_offer_of(fact) for fact in known if fact.kind == "definition")
    yield from (_call(f) for f in FUNCTIONS.values() if f.family == "arithmetic")


def _call(function: Function) -> _Offer:
    places = ", ".join(f"${{{p.name}}}" for p in function.parameters if not p.optional)
    insert = f"{function.name}({places})"
    return _Offer(
        function.name, "function", function.signature, function.summary, insert, parameters_of(function.name)
    )


def _offer_of(fact: Fact) -> _Offer:
    line = str(fact.line)
    summary = (
        said("{type}, line {line}", type=fact.type, line=line)
        if fact.type
        else said("line {line}", line=line)
    )
    return _Offer(fact.name, fact.kind, fact.text, summary, fact.name)


def _names(text: str, cursor: Cursor) -> Iterable[Fact]:
    """The names the rest of the text defines. The line being written is left out, so that while it changes the rest
    is read but once; its own name, of which the past may be used, is added."""
    known = facts(_without_line(text, cursor.line))
    yield from known.values()
    tokens = cursor.tokens
    if (
        len(tokens) > 1
        and tokens[1].text == "="
        and tokens[0].kind is Kind.NAME
        and tokens[0].text not in known
    ):
        yield Fact(tokens[0].text, "definition", "", f"{tokens[0].text}[1]", tokens[0].line, ())


def _fact_of(text: str, cursor: Cursor, name: str) -> Fact | None:
    return facts(_without_line(text, cursor.line)).get(name)


def _without_line(text: str, line: int) -> str:
    lines = lines_of(text)
    if line <= len(lines):
        lines[line - 1] = ""
    return "\n".join(lines)
