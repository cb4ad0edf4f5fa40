"""Orders of a strategy as conditions and protective orders of a formula.

A formula cannot ask for its position, but where an order matters the position is known in part: an entry that would
add to an open position does nothing, a close needs one to close. So conditions on the position can often be dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from apps.engine.lang import tree
from apps.engine.lang.writer import write_expression
from apps.engine.pine.importer.report import Cannot, Record
from apps.engine.pine.importer.state import Exit, Item, Order, State
from apps.engine.pine.importer.values import (
    ENTRY_PRICE,
    OPEN_TRADES,
    POSITION,
    TICK,
    Folded,
    binary,
    both,
    choose,
    either,
    inverse,
    measure,
    number,
    percent,
    rebuild,
    same,
    shortest,
    truth_of,
    walk,
)
from apps.engine.said import said

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_EITHER_SIDE = said("a formula has one {word} for both sides, and the other side's differs")


def conditions(state: State, item: Item) -> list[tree.Condition]:
    """An entry or a close as statements. Raises Cannot."""
    order = item.payload
    assert isinstance(order, Order)
    sides = {side for found in state.entries.values() for side in found}
    if order.side != "close":
        other = "short" if order.side == "long" else "long"
        states = [0.0] + ([-1.0 if order.side == "long" else 1.0] if other in sides else [])
        found = assume(order.condition, states)
        return [] if _never(found) else [_statement(order.side, found)]
    if order.ids is None:
        closed = sides
    elif order.ids in state.entries:
        closed = state.entries[order.ids]
        _note_other_entries(state, order, item.record)
    else:
        raise Cannot(said('no strategy.entry has the id "{ids}"', ids=order.ids[:40]))
    parts: dict[str, tree.Expr] = {}
    for side in sorted(closed):
        found = assume(order.condition, [1.0 if side == "long" else -1.0])
        if not _never(found):
            parts[side] = found
    if len(parts) == 2 and same(parts["long"], parts["short"]):
        return [_statement("exit", parts["long"])]
    if order.ids is None and len(sides) == 1 and len(parts) == 1:
        return [_statement("exit", next(iter(parts.values())))]
    return [_statement(f"exit_{side}", found) for side, found in parts.items()]


def find_closed_together(state: State) -> None:
    """For each close, the ids of all entries that are closed with it, by the same condition."""
    closes = [
        (item, item.payload)
        for item in state.items
        if isinstance(item.payload, Order) and item.payload.side == "close"
    ]
    ids: dict[str, set[str | None]] = {}
    for _, order in closes:
        ids.setdefault(write_expression(order.condition), set()).add(order.ids)
    state.closed_with = {id(item.record): ids[write_expression(order.condition)] for item, order in closes}


def _note_other_entries(state: State, order: Order, record: Record) -> None:
    """Another entry of the same side that is not closed with this one would stay open on TradingView."""
    closed = state.closed_with.get(id(record), set())
    sides = state.entries[order.ids or ""]
    open_still = [key for key, found in state.entries.items() if found & sides and key not in closed]
    if open_still and None not in closed:
        record.note(
            "needs_edit",
            said(
                'on TradingView this leaves a position of the entry "{open_still}" '
                "open; a formula has one position, and closes it",
                open_still=open_still[0][:40],
            ),
        )


def _never(condition: tree.Expr) -> bool:
    return isinstance(condition, Folded) and not condition.value


def _statement(kind: str, condition: tree.Expr) -> tree.Condition:
    return tree.Condition(0, 0, kind, condition)  # type: ignore[arg-type]


def assume(condition: tree.Expr, sizes: list[float]) -> tree.Expr:
    """The condition where the position's size has one of these signs."""

    def change(node: tree.Expr) -> tree.Expr:
        match node:
            case tree.Binary(operator=operator) if operator in _COMPARE:
                return _compare(node, sizes)
            case tree.Binary(operator="and") if _folds(node):
                return both(node.left, node.right)
            case tree.Binary(operator="or") if _folds(node):
                return either(node.left, node.right)
            case tree.Unary(operator="not") if isinstance(node.operand, Folded):
                return inverse(node.operand)
            case tree.Ternary() if isinstance(node.condition, Folded):
                return choose(node.condition, node.then, node.otherwise)
        return node

    return rebuild(condition, change)


def _folds(node: tree.Binary) -> bool:
    return isinstance(node.left, Folded) or isinstance(node.right, Folded)


def _compare(node: tree.Binary, sizes: list[float]) -> tree.Expr:
    left, right, operator = node.left, node.right, node.operator
    if isinstance(right, tree.Name) and right.name in (POSITION, OPEN_TRADES):
        left, right, operator = right, left, _MIRROR[operator]
    if not (isinstance(left, tree.Name) and isinstance(right, tree.Number) and right.value == 0):
        return node
    if left.name == OPEN_TRADES:
        sizes = [abs(size) for size in sizes]
    elif left.name != POSITION:
        return node
    outcomes = {_COMPARE[operator](size, 0.0) for size in sizes}
    return truth_of(outcomes.pop()) if len(outcomes) == 1 else node


# protective orders


@dataclass
class Level:
    """A stop, target or trailing stop of one side."""

    mode: str
    value: tree.Expr
    record: Record


def protections(state: State, items: list[Item]) -> list[tuple[tree.Protect, Record]]:
    """All strategy.exit calls together as at most one statement of each kind; notes what does not fit."""
    sides = {side for found in state.entries.values() for side in found}
    found: dict[str, dict[str, Level]] = {}
    for item in items:
        order = item.payload
        assert isinstance(order, Exit)
        try:
            targets = _sides_of(state, order, sides)
            at_signal = bool(order.path) and any(_same_path(order.path, path) for path in state.entry_paths)
            for side in sorted(targets):
                for word, level in _levels(state, order, side, at_signal, item.record):
                    _add(found.setdefault(word, {}), side, level, word)
        except Cannot as problem:
            item.record.note(problem.status, problem.message)
            item.record.failed = True
    result: list[tuple[tree.Protect, Record]] = []
    for word, by_side in found.items():
        levels = [by_side[side] for side in sorted(by_side)]
        first = levels[0]
        for other in levels[1:]:
            if other.mode != first.mode or not same(other.value, first.value):
                other.record.note("needs_edit", said(_EITHER_SIDE, word=word))
                other.record.failed = True
        if sides - by_side.keys():
            first.record.note(
                "needs_edit",
                said("only one side has this {word}; a formula's protects both sides", word=word),
            )
        statement = tree.Protect(0, 0, word, first.mode, first.value)  # type: ignore[arg-type]
        result.append((statement, first.record))
    return result


def _add(levels: dict[str, Level], side: str, level: Level, word: str) -> None:
    if side in levels and not (levels[side].mode == level.mode and same(levels[side].value, level.value)):
        raise Cannot(said("a formula has one {word}; this is another", word=word))
    levels.setdefault(side, level)


def _same_path(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _sides_of(state: State, order: Exit, sides: set[str]) -> set[str]:
    if order.entry_id is not None and order.entry_id not in state.entries:
        raise Cannot(said('no strategy.entry has the id "{entry_id}"', entry_id=order.entry_id[:40]))
    named = sides if order.entry_id is None else state.entries[order.entry_id]
    fitting = {
        side for side in named if not _never(assume(order.condition, [1.0 if side == "long" else -1.0]))
    }
    if not fitting:
        raise Cannot(said("nothing ever opens a position for this exit"))
    return fitting


def _levels(state: State, order: Exit, side: str, at_signal: bool, record: Record) -> list[tuple[str, Level]]:
    """The order's levels on one side, each with its kind of statement. Raises Cannot."""
    size = 1.0 if side == "long" else -1.0
    assumed = {key: assume(level, [size]) for key, level in order.levels.items()}
    given = {key: level for key, level in assumed.items() if not _is(level, "na")}
    if not given:
        return []
    percents = {key for key, declared in state.inputs.items() if declared.kind == "percent"}
    up = side == "long"
    result: list[tuple[str, Level]] = []
    if not given.keys() - {"trail_points", "trail_offset", "trail_price"}:
        raise Cannot(
            said(
                "a trailing stop of Pine's starts after a profit and counts in ticks: "
                "write trailing_stop 3% or by DISTANCE"
            )
        )
    if given.keys() & {"trail_points", "trail_offset", "trail_price"}:
        record.note(
            "needs_edit",
            said(
                "the trailing stop is left out: Pine's starts after a profit and counts "
                "in ticks; write trailing_stop 3% or by DISTANCE"
            ),
        )
    for key, word in (
        ("stop", "stop_loss"),
        ("limit", "take_profit"),
        ("loss", "stop_loss"),
        ("profit", "take_profit"),
    ):
        if key not in given or any(kind == word for kind, _ in result):
            continue
        try:
            if key in ("loss", "profit"):
                mode, value = _ticks(given[key], record, word, percents)
            else:
                away = -1 if (key == "stop") == up else 1
                price = given[key]
                if at_signal and isinstance(price, tree.Name) and price.name in state.definitions:
                    spelled = state.definitions[price.name].expr
                    if _distance(spelled, "close", away) is not None:
                        price = spelled
                mode, value = _price(price, away, at_signal, record, word, percents)
            result.append((word, Level(mode, value, record)))
        except Cannot as problem:  # the other level may still do
            record.note(problem.status, problem.message)
            record.failed = True
    return result


def _price(
    price: tree.Expr, away: int, at_signal: bool, record: Record, word: str, percents: set[str]
) -> tuple[str, tree.Expr]:
    """A stop or target price. `away`: the side of the entry price on which it lies, 1 above and -1 below."""
    if _reads(price, ENTRY_PRICE):
        share = _share(price, away)
        if share is not None:
            return "percent", _as_percent(share, percents)
        distance = _distance(price, ENTRY_PRICE, away)
        if distance is None or _reads(distance, ENTRY_PRICE):
            raise Cannot(
                said(
                    "this price is no share of the entry price and no distance from it: write {word} 3% or by DISTANCE",
                    word=word,
                )
            )
        if any(isinstance(node, tree.Call | tree.History) for node in walk(distance)) or _moves(distance):
            record.note("imported", said("the distance is taken once, on the bar of the signal"))
        return "by", distance
    if not at_signal:
        return "at", price
    record.note("imported", said("the distance is taken on the bar of the signal and counts from the fill"))
    distance = _distance(price, "close", away)
    if distance is None:
        loose = replace(price, brackets=1) if isinstance(price, tree.Binary | tree.Ternary) else price
        close: tree.Expr = tree.Name(0, 0, "close")
        distance = binary("-", close, loose) if away < 0 else binary("-", price, close)
    return "by", distance


def _moves(expr: tree.Expr) -> bool:
    return any(isinstance(node, tree.Name) and not node.name.startswith("$in") for node in walk(expr))


def _reads(expr: tree.Expr, fact: str) -> bool:
    return any(isinstance(node, tree.Name) and node.name == fact for node in walk(expr))


def _is(expr: tree.Expr, word: str) -> bool:
    return isinstance(expr, tree.Name) and expr.name == word


def _distance(price: tree.Expr, base: str, away: int) -> tree.Expr | None:
    """d of base + d (above) or base - d (below)."""
    if isinstance(price, tree.Binary) and price.operator == ("+" if away > 0 else "-"):
        if _is(price.left, base):
            return replace(price.right, brackets=0)
        if price.operator == "+" and _is(price.right, base):
            return replace(price.left, brackets=0)
    return None


def _share(price: tree.Expr, away: int) -> tree.Expr | None:
    """p of entry * (1 + p) or entry + entry * p, above; with - below."""
    if not isinstance(price, tree.Binary):
        return None
    if price.operator == "*":
        for one, factor in ((price.left, price.right), (price.right, price.left)):
            if _is(one, ENTRY_PRICE) and not _reads(factor, ENTRY_PRICE):
                return _part_of(factor, away)
    if price.operator == "/" and isinstance(price.left, tree.Binary) and isinstance(price.right, tree.Number):
        inner = price.left  # entry * (100 - p) / 100
        if inner.operator == "*" and price.right.value == 100:
            for one, factor in ((inner.left, inner.right), (inner.right, inner.left)):
                if _is(one, ENTRY_PRICE) and isinstance(factor, tree.Binary):
                    sign = "+" if away > 0 else "-"
                    hundred = isinstance(factor.left, tree.Number) and factor.left.value == 100
                    if hundred and factor.operator == sign:
                        return binary("/", factor.right, number(100))
    distance = _distance(price, ENTRY_PRICE, away)
    return None if distance is None else _multiple(distance, ENTRY_PRICE)


def _part_of(factor: tree.Expr, away: int) -> tree.Expr | None:
    """p of 1 + p or 1 - p."""
    if isinstance(factor, tree.Number):
        part = (factor.value - 1.0) * away
        return number(round(part, 12)) if part > 0 else None
    if isinstance(factor, tree.Binary) and factor.operator == ("+" if away > 0 else "-"):
        for one, part_ in ((factor.left, factor.right), (factor.right, factor.left)):
            if (
                isinstance(one, tree.Number)
                and one.value == 1
                and (factor.operator == "+" or one is factor.left)
            ):
                return replace(part_, brackets=0)
    return None


def _multiple(expr: tree.Expr, base: str) -> tree.Expr | None:
    """k of base * k, also within base * a / b."""
    if isinstance(expr, tree.Binary) and expr.operator == "*":
        if _is(expr.left, base) and not _reads(expr.right, base):
            return replace(expr.right, brackets=0)
        if _is(expr.right, base) and not _reads(expr.left, base):
            return replace(expr.left, brackets=0)
    if isinstance(expr, tree.Binary) and expr.operator == "/" and not _reads(expr.right, base):
        inner = _multiple(expr.left, base)
        if inner is not None:
            loose = isinstance(inner, tree.Binary) and inner.operator in ("+", "-")
            return binary("/", replace(inner, brackets=1) if loose else inner, expr.right)
    return None


def _as_percent(share: tree.Expr, percents: set[str]) -> tree.Expr:
    """A share, 0.03, as a percentage, 3%. `percents`: inputs that are percentages already."""
    if isinstance(share, tree.Number):
        return percent(shortest(round(share.value * 100, 10)))
    match share:
        case (
            tree.Binary(operator="/", left=left, right=tree.Number(value=100.0))
            | tree.Binary(operator="*", left=left, right=tree.Number(value=0.01))
        ):
            if isinstance(left, tree.Number):
                return percent(shortest(left.value))
            return binary("*", _tight(left), percent("1"))
    if any(isinstance(node, tree.Name) and node.name in percents for node in walk(share)):
        return share
    return binary("*", _tight(share), percent("100"))


def _tight(expr: tree.Expr) -> tree.Expr:
    loose = isinstance(expr, tree.Ternary) or (isinstance(expr, tree.Binary) and expr.operator in ("+", "-"))
    return replace(expr, brackets=1) if loose and not expr.brackets else expr


def _ticks(expr: tree.Expr, record: Record, word: str, percents: set[str]) -> tuple[str, tree.Expr]:
    """A distance in ticks: known where it is a distance in price divided by the tick."""
    if isinstance(expr, tree.Call) and expr.name in ("round", "floor", "ceil") and len(expr.arguments) == 1:
        expr = expr.arguments[0]
    if isinstance(expr, tree.Binary) and expr.operator == "/" and _is(expr.right, TICK):
        distance = replace(expr.left, brackets=0)
        if _reads(distance, ENTRY_PRICE):
            share = _multiple(distance, ENTRY_PRICE)
            if share is None or _reads(share, ENTRY_PRICE):
                raise Cannot(said("this distance depends on the entry price: write {word} 3%", word=word))
            return "percent", _as_percent(share, percents)
        if measure(distance)[0] > 1:
            record.note("imported", said("the distance is taken once, on the bar of the signal"))
        return "by", distance
    raise Cannot(
        said(
            "a distance in ticks depends on the instrument: write {word} 3% or {word} by DISTANCE", word=word
        )
    )
