"""What stands at a place of a formula, and which parameter of which function is being written there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from apps.engine.lang.cursor import locate, tokens_of
from apps.engine.lang.facts import Fact, facts
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION, Function
from apps.engine.lang.lexer import MAX_BYTES, Kind, Token, unquote
from apps.engine.lang.words import (
    FRAMES,
    OPERATORS,
    STATEMENTS,
    TIMEFRAME_PARAMETERS,
    TIMEFRAME_SIGNATURE,
    TIMEFRAME_SUMMARY,
    WORDS,
    allowed,
)
from apps.engine.program.calendar import read_timeframe
from apps.engine.said import said


@dataclass(frozen=True)
class Hover:
    """What stands in columns `start`..`end` (from 1, `end` excluded) of `line`.

    `kind`: keyword, series, function, input, definition, field, timeframe, number or operator. `details`: further
    sentences; `parameters`: name and what it takes; `url`: the function's name in the reference, or empty.
    """

    kind: str
    title: str
    summary: str
    details: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    url: str
    line: int
    start: int
    end: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        result = asdict(self)
        result["details"] = list(self.details)
        result["parameters"] = [{"name": name, "takes": takes} for name, takes in self.parameters]
        return result


@dataclass(frozen=True)
class SignatureHelp:
    """The call being written: its parameters (name and what it takes), and which is `active`, counted from 0. That
    is None where there are more arguments than parameters."""

    name: str
    signature: str
    summary: str
    parameters: tuple[tuple[str, str], ...]
    active: int | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        result = asdict(self)
        result["parameters"] = [{"name": name, "takes": takes} for name, takes in self.parameters]
        return result


def hover(text: str, line: int, column: int) -> Hover | None:
    """What stands at `column` of `line`, both counted from 1. None for spaces, comments and what has no meaning."""
    if len(text) > MAX_BYTES:
        return None
    tokens = tokens_of(text)
    for number, token in enumerate(tokens):
        if token.kind is Kind.NEWLINE or token.line != line:
            continue
        if token.column <= column < token.column + len(token.text):
            return _hover(text, tokens, number)
    return None


def signature_help(text: str, line: int, column: int) -> SignatureHelp | None:
    """The innermost call whose brackets enclose the cursor before `column` of `line`; None outside of calls."""
    cursor = locate(text, line, column)
    if cursor.inside == "comment":
        return None
    for bracket in reversed(cursor.brackets):
        if bracket.text != "(" or bracket.before is None or bracket.before.kind is not Kind.NAME:
            continue
        name = bracket.before.text
        parameters = parameters_of(name)
        if not parameters:
            continue
        function = FUNCTIONS.get(name)
        active: int | None = bracket.commas
        if function is not None and function.most:
            active = min(bracket.commas, len(parameters) - 1) if bracket.commas < function.most else None
        elif bracket.commas >= len(parameters):
            active = None
        if function is None:
            return SignatureHelp(name, TIMEFRAME_SIGNATURE, TIMEFRAME_SUMMARY, parameters, active)
        return SignatureHelp(name, function.signature, function.summary, parameters, active)
    return None


def parameters_of(name: str) -> tuple[tuple[str, str], ...]:
    """Name and what it takes of each parameter of a function; none for what is not one."""
    if name == TIMEFRAME_FUNCTION:
        return TIMEFRAME_PARAMETERS
    function = FUNCTIONS.get(name)
    return () if function is None else tuple((p.name, allowed(p)) for p in function.parameters)


def base_function(tokens: list[Token]) -> Function | None:
    """The function whose call the tokens end with, if they end with one."""
    depth = 0
    for at in range(len(tokens) - 1, -1, -1):
        text = tokens[at].text if tokens[at].kind is Kind.OPERATOR else ""
        depth += (text in (")", "]")) - (text in ("(", "["))
        if depth <= 0:
            return FUNCTIONS.get(tokens[at - 1].text) if text == "(" and at > 0 and depth == 0 else None
    return None


def _hover(text: str, tokens: tuple[Token, ...], number: int) -> Hover | None:
    token = tokens[number]
    before = tokens[number - 1] if number else None

    def told(
        kind: str,
        title: str,
        summary: str,
        details: tuple[str, ...] = (),
        parameters: tuple[tuple[str, str], ...] = (),
        url: str = "",
    ) -> Hover:
        end = token.column + len(token.text)
        return Hover(kind, title, summary, details, parameters, url, token.line, token.column, end)

    match token.kind:
        case Kind.PERCENT:
            value = float(token.text.rstrip("%")) / 100.0
            return told(
                "number", token.text, said("a percentage: {value} as a number", value=f"{value:.15g}")
            )
        case Kind.NUMBER:
            return told("number", token.text, said("a number"))
        case Kind.TEXT:
            summary = _timeframe(tokens, number)
            return told("timeframe", token.text, summary) if summary else None
        case Kind.OPERATOR:
            summary = OPERATORS.get(token.text, "")
            return told("operator", token.text, summary) if summary else None
        case Kind.NAME:
            pass
        case _:
            return None
    name = token.text
    if before is not None and before.text == "." and before.kind is Kind.OPERATOR:
        function = base_function(list(tokens[: number - 1]))
        if function is None or name not in function.outputs:
            return None
        return told("field", f"{function.signature}.{name}", function.summary, url=function.name)
    if name == TIMEFRAME_FUNCTION:
        return told("function", TIMEFRAME_SIGNATURE, TIMEFRAME_SUMMARY, (), parameters_of(name), name)
    function = FUNCTIONS.get(name)
    if function is not None and name != "na":
        details = (
            (said("Its values are {values}.", values=", ".join("." + output for output in function.outputs)),)
            if function.outputs
            else ()
        )
        kind = "series" if function.bare else "function"
        return told(kind, function.signature, function.summary, details, parameters_of(name), name)
    if name == "na":
        called = number + 1 < len(tokens) and tokens[number + 1].text == "("
        summary = FUNCTIONS["na"].summary if called else WORDS["na"]
        return told("function" if called else "keyword", "na(x)" if called else "na", summary, url="na")
    if name in STATEMENTS:
        return told("keyword", STATEMENTS[name][1], STATEMENTS[name][2])
    fact = facts(text).get(name)
    if fact is not None:
        return told(fact.kind, fact.text, _summary(fact), fact.details)
    return told("keyword", name, WORDS[name]) if name in WORDS else None


def _timeframe(tokens: tuple[Token, ...], number: int) -> str:
    """The timeframe that a text names in words, where it is the first argument of tf(); else an empty text."""
    if number < 2 or tokens[number - 1].text != "(" or tokens[number - 2].text != TIMEFRAME_FUNCTION:
        return ""
    frame = read_timeframe(unquote(tokens[number].text))
    if frame is None:
        return ""
    count = frame.name[:-1]
    one, several = FRAMES[frame.name[-1]]
    return said(one) if count == "1" else said(several, count=count)


def _summary(fact: Fact) -> str:
    line = str(fact.line)
    if fact.kind == "input":
        return said("{type}, input of line {line}", type=fact.type, line=line)
    if fact.type:
        return said("{type}, definition of line {line}", type=fact.type, line=line)
    return said("definition of line {line}", line=line)
