"""request.security: other timeframes of the same instrument become tf().

TradingView shows a higher bar's value while it is still forming, unless the script takes care. tf() gives the last
closed bar, seen by the chart's bar that closes with it; the usual way without repainting, [1] with lookahead on, is
seen one bar of the chart later, which `[1]` after tf() says exactly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer.arguments import bind_arguments
from apps.engine.pine.importer.report import Cannot, impossible
from apps.engine.pine.importer.values import Value, call, past
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

OTHER_CHART = said("Heikin Ashi, Renko and the like: a formula reads the instrument's own bars")
_AHEAD = said("lookahead_on without [1] reads a bar before it has closed: no formula can look ahead")
_REPAINTS = said(
    "on TradingView this value repaints: it changes until the higher bar closes; tf() "
    "gives the last closed bar, as the script's own history shows it"
)
_PARAMETERS = "symbol timeframe expression gaps lookahead ignore_invalid_symbol currency"


def frame_name(text: str) -> str:
    """Pine's timeframe in the formula's form: "D" is "1d", "240" is "4h". Raises Cannot."""
    found = re.fullmatch(r"(\d{0,5})([DWM]?)", text.strip().upper())
    if found is None or not text.strip():
        raise Cannot(said('"{text}" is no timeframe of a formula', text=text[:20]))
    count, unit = int(found.group(1) or 1), found.group(2)
    if unit:
        return f"{count}{unit if unit == 'M' else unit.lower()}"
    if count % 1440 == 0:
        return f"{count // 1440}d"
    return f"{count // 60}h" if count % 60 == 0 else f"{count}m"


def security(expressions: Expressions, node: pine.Call) -> Value:
    """request.security as tf(), or why it cannot be."""
    given = bind_arguments(node, _PARAMETERS, lenient=True)
    if "resolution" in given:
        given["timeframe"] = given.pop("resolution")
    if not {"symbol", "timeframe", "expression"} <= given.keys():
        raise Cannot(said("`request.security` needs a symbol, a timeframe and an expression"))
    symbol = expressions.value(given["symbol"])
    if symbol.kind != "symbol" and symbol.fixed_text != "":
        raise impossible(said("another instrument: a formula reads the bars of one"))
    frame = expressions.value(given["timeframe"])
    inner = given["expression"]
    if (frame.kind == "symbol" and frame.name == "timeframe.period") or frame.fixed_text == "":
        return expressions.value(inner)
    if frame.fixed_text is not None:
        word: tree.Expr = tree.Text(0, 0, frame_name(frame.fixed_text))
    elif frame.kind == "text" and frame.expr is not None:
        word = frame.expr
    else:
        raise Cannot(said('the timeframe must be a text such as "D", or an input'))
    record = expressions.state.record
    if _looks_ahead(given.get("lookahead")):
        inner, ago = _unshifted(inner)
        if ago < 1:
            raise impossible(_AHEAD)
        value = expressions.value(inner)
        record.note(
            "imported",
            said("[1] after tf() keeps Pine's timing: a closed bar is seen on the next bar of the chart"),
        )
        return _framed(expressions, word, value, ago - 1, delayed=True)
    if not _steady(inner):
        record.note("needs_edit", _REPAINTS)
    return _framed(expressions, word, expressions.value(inner), 0, delayed=False)


def _looks_ahead(node: pine.Expr | None) -> bool:
    if isinstance(node, pine.Truth):
        return node.value
    return isinstance(node, pine.Name) and node.path.endswith("lookahead_on")


def _unshifted(node: pine.Expr) -> tuple[pine.Expr, int]:
    """x of x[n], and n; for a tuple or an expression without [n], 0."""
    if isinstance(node, pine.Index) and isinstance(node.offset, pine.Num) and node.offset.text.isdigit():
        return node.base, int(node.offset.text[:6])
    if isinstance(node, pine.Items) and node.items:
        parts = [_unshifted(item) for item in node.items]
        counts = {ago for _, ago in parts}
        if len(counts) == 1 and counts != {0}:
            return pine.Items(node.line, [item for item, _ in parts]), counts.pop()
    return node, 0


def _steady(node: pine.Expr) -> bool:
    """x[barstate.isrealtime ? 1 : 0], which takes care not to repaint."""
    return (
        isinstance(node, pine.Index)
        and isinstance(node.offset, pine.Choice)
        and any(
            isinstance(condition, pine.Name) and condition.path == "barstate.isrealtime"
            for condition, _ in node.offset.cases
        )
    )


def _framed(expressions: Expressions, frame: tree.Expr, value: Value, ago: int, *, delayed: bool) -> Value:
    if value.kind == "tuple":
        items = tuple(_framed(expressions, frame, item, ago, delayed=delayed) for item in value.items)
        return Value("tuple", items=items)
    kind = "truth" if value.kind == "truth" else "number"
    inner = expressions.truth(value) if kind == "truth" else expressions.number_of(value)
    result: tree.Expr = call("tf", frame, past(inner, ago) if ago else inner)
    return Value(kind, past(result, 1) if delayed else result)  # type: ignore[arg-type]
