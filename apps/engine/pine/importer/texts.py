"""Texts: joined pieces, numbers as text, and the placeholders of TradingView's alerts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer.report import Cannot
from apps.engine.pine.importer.values import Value, name
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

Parts = tuple[str | tree.Expr, ...]
MAX_TEXT = 4_096  # as much as an alert of TradingView's holds
SYMBOL, TIME = "@symbol", "@time"
MAX_PIECES = 200
MAX_ALTERNATIVES = 60
_PLACEHOLDERS = {
    "ticker": SYMBOL,
    "time": TIME,
    "timenow": TIME,
    **{word: word for word in ["open", "high", "low", "close", "volume"]},
}


def parts_of(value: Value) -> Parts:
    """The value as pieces of a text."""
    match value.kind:
        case "text":
            if value.choice is not None:
                raise Cannot(
                    said("a part of a text cannot be chosen by a condition: write one alert for each")
                )
            return value.parts if value.expr is None else (value.expr,)
        case "symbol":
            if value.name in ("syminfo.ticker", "syminfo.tickerid"):
                return (name(SYMBOL),)
            return ("",) if value.name == "syminfo.prefix" else (f"({value.name})",)
        case "number" | "truth":
            assert value.expr is not None
            return (value.expr,)
        case "na":
            return ("na",)
    raise Cannot(said("this cannot be part of a text"))


def joined(first: Parts, second: Parts) -> Parts:
    """Both together. Raises Cannot where that is more than an alert holds: texts can double by the line."""
    parts = first + second
    _check_length("".join(part for part in parts if isinstance(part, str)))
    if len(parts) > MAX_PIECES:
        raise Cannot(said("the text has more than {max_pieces} parts", max_pieces=MAX_PIECES))
    return parts


def check_alternatives(*values: Value) -> None:
    """Raise Cannot where there are too many texts to choose from: each becomes an alert of its own."""
    count = 0
    work = list(values)
    while work:
        value = work.pop()
        count += 1
        if count > 2 * MAX_ALTERNATIVES:
            raise Cannot(
                said(
                    "the text is chosen from more than {max_alternatives}", max_alternatives=MAX_ALTERNATIVES
                )
            )
        if value.choice is not None:
            work += value.choice[1:]


def read(expressions: Expressions, word: str, node: pine.Call) -> Value:
    """str.tostring and str.format; the others change texts, which a formula cannot."""
    arguments = [expressions.value(argument.value) for argument in node.arguments]
    if word == "tostring" and arguments:
        if len(arguments) > 1:
            expressions.state.record.note("imported", said("the format of str.tostring is left out"))
        return Value("text", parts=parts_of(arguments[0]))
    if word == "format" and arguments and arguments[0].fixed_text is not None:
        _check_length(arguments[0].fixed_text)
        pieces = re.split(r"\{(\d+)[^}]*\}", arguments[0].fixed_text)
        parts: Parts = ()
        for position, piece in enumerate(pieces):
            if position % 2 == 0:
                parts = joined(parts, (piece,) if piece else ())
            elif int(piece) + 1 < len(arguments):
                parts = joined(parts, parts_of(arguments[int(piece) + 1]))
        return Value("text", parts=parts)
    if word == "format_time":
        return Value("text", parts=(name(TIME),))
    raise Cannot(said("`str.{word}`: a formula cannot change texts", word=word))


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise Cannot(said("the text is longer than {max_text} characters", max_text=f"{MAX_TEXT:,}"))


def fill_placeholders(text: str, plots: dict[str, tree.Expr]) -> tuple[list[str | tree.Expr], list[str]]:
    """TradingView's {{...}} as pieces of an alert, and the placeholders that have no counterpart."""
    _check_length(text)
    parts: list[str | tree.Expr] = []
    unknown: list[str] = []
    for position, piece in enumerate(re.split(r"\{\{\s*(.*?)\s*\}\}", text)):
        if position % 2 == 0:
            if piece:
                parts.append(piece)
            continue
        plot = re.fullmatch(r"plot\(\s*[\"'](.*)[\"']\s*\)|plot_(\d+)", piece)
        if piece in _PLACEHOLDERS:
            parts.append(name(_PLACEHOLDERS[piece]))
        elif plot is not None and plot.group(1) in plots:
            parts.append(plots[plot.group(1)])
        elif plot is not None and plot.group(2) and int(plot.group(2)[:4]) < len(plots):
            parts.append(list(plots.values())[int(plot.group(2)[:4])])
        else:
            unknown.append("{{" + piece + "}}")
    return parts, unknown
