"""What changed between two expressions, down to the smallest parts that differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from apps.engine.lang import tree
from apps.engine.lang.diff.keys import BINARY, Keys, shape_of, terms_of
from apps.engine.lang.diff.words import bare, function_word, parameter_word, shown
from apps.engine.said import said

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True)
class Edit:
    """One change. `what` says it, without where: "EMA length 9 → 12", "`close > open` added".

    `replaced`: nothing of `old` is left in `new`, so that what surrounds them may say it better. `argument`: it is
    that of a call.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    what: str
    old: tree.Expr | None
    new: tree.Expr | None
    replaced: bool = False
    argument: bool = False


def edits(old: tree.Expr, new: tree.Expr, keys: Keys) -> list[Edit]:
    """The changes from `old` to `new`; none if they mean the same."""
    if keys.same(old, new):
        return []
    for operator in ("and", "or"):
        one, other = _joined(old, operator), _joined(new, operator)
        if len(one) > 1 or len(other) > 1:
            found = _term_edits(one, other, operator, keys)
            if found:
                return found
    shape, parts = shape_of(old)
    if shape != shape_of(new)[0]:
        return _inner_edits(old, new, keys) or [_replacement(old, new)]
    below = [edits(a, b, keys) for a, b in zip(parts, shape_of(new)[1], strict=True)]
    if isinstance(old, tree.Call):
        return [
            _argument(edit, old, i) if edit.replaced else edit
            for i, part in enumerate(below)
            for edit in part
        ]
    lost = [i for i, part in enumerate(below) if any(edit.replaced and _is_plain(edit) for edit in part)]
    if shape[0] == BINARY and lost == [1] and not below[0] and shape[1] in _COMPARISONS:
        edit = below[1][0]
        assert edit.old is not None
        assert edit.new is not None
        what = f"`{bare(parts[0])} {shape[1]} {bare(edit.old)}` → `{shape[1]} {bare(edit.new)}`"
        return [Edit("changed", what, edit.old, edit.new)]
    several = shape[0] == BINARY and len(parts) > 2 and len(lost) < len(parts)
    if not lost or several or isinstance(old, tree.Ternary):
        return [_said(edit) for part in below for edit in part]
    return [_replacement(old, new)]


def _is_plain(edit: Edit) -> bool:
    """Whether a value took another's place, which says little without what surrounds it."""
    values = (tree.Number, tree.Truth, tree.Name, tree.Text)
    return isinstance(edit.old, values) or isinstance(edit.new, values)


def _arrow(edit: Edit) -> str:
    assert edit.old is not None
    assert edit.new is not None
    return f"{shown(edit.old)} → {shown(edit.new)}"


def _replacement(old: tree.Expr, new: tree.Expr) -> Edit:
    return Edit("changed", f"{shown(old)} → {shown(new)}", old, new, replaced=True)


def _said(edit: Edit) -> Edit:
    """A replacement that is said as it is."""
    return Edit(edit.kind, edit.what, edit.old, edit.new, argument=edit.argument)


def _argument(edit: Edit, call: tree.Call, position: int) -> Edit:
    """A replaced argument of `call`, or what was replaced within it."""
    what = said(
        "{function} {parameter} {change}",
        function=function_word(call.name),
        parameter=parameter_word(call.name, position),
        change=_arrow(edit),
    )
    return Edit(edit.kind, what, edit.old, edit.new, argument=True)


def _inner_edits(old: tree.Expr, new: tree.Expr, keys: Keys) -> list[Edit]:
    """The same function with another number of arguments, or another of its values, changed in no other way."""
    if isinstance(old, tree.Field) and isinstance(new, tree.Field) and keys.same(old.base, new.base):
        return [Edit("changed", f"`{bare(old)}` → `.{new.name}`", old, new)]
    return []


def _joined(node: tree.Expr, operator: str) -> list[tree.Expr]:
    """The terms of a chain of `operator` alone; any other expression is one term."""
    if isinstance(node, tree.Binary) and node.operator == operator:
        return terms_of(node)[1]
    return [node]


def _term_edits(old: list[tree.Expr], new: list[tree.Expr], operator: str, keys: Keys) -> list[Edit]:
    """Changes between two lists of terms; none if they have nothing in common."""
    pairs = _pairs(old, new, keys)
    if not pairs:
        return []
    found: list[Edit] = []
    for i, j in pairs:
        found += [_said(edit) for edit in edits(old[i], new[j], keys)]
    stay, came = {i for i, _ in pairs}, {j for _, j in pairs}
    found += [
        Edit("removed", said("`{term}` removed", term=bare(term)), term, None)
        for i, term in enumerate(old)
        if i not in stay
    ]
    found += [
        Edit("added", said("`{term}` added", term=bare(term)), None, term)
        for j, term in enumerate(new)
        if j not in came
    ]
    order = [j for _, j in pairs]
    if order != sorted(order):
        found.append(
            Edit("moved", said("terms of `{operator}` in another order", operator=operator), old[0], new[0])
        )
    return found


def _pairs(old: list[tree.Expr], new: list[tree.Expr], keys: Keys) -> list[tuple[int, int]]:
    """Which term became which: first those that mean the same, then those alike, each in order."""
    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(old))), list(range(len(new)))

    def match(old_keys: list[object], new_keys: list[object]) -> None:
        nonlocal left, right
        waiting: dict[object, list[int]] = defaultdict(list)
        for j in reversed(right):
            waiting[new_keys[j]].append(j)
        for i in left:
            if waiting[old_keys[i]]:
                pairs.append((i, waiting[old_keys[i]].pop()))
        taken, given = {i for i, _ in pairs}, {j for _, j in pairs}
        left = [i for i in left if i not in taken]
        right = [j for j in right if j not in given]

    for trait in (_meaning, _subject, _sides, _object, _function):
        match([trait(term, keys, True) for term in old], [trait(term, keys, False) for term in new])
    return sorted(pairs)


# what two terms may share that are one term with a change, the closest first; an object of its own is shared by none


def _meaning(node: tree.Expr, keys: Keys, old: bool) -> object:
    return keys.of(node, old)


def _subject(node: tree.Expr, keys: Keys, old: bool) -> object:
    """The operators and what stands first: `rsi(close, 14) < ...`."""
    shape, parts = shape_of(node)
    return (shape, keys.of(parts[0], old)) if shape[0] == BINARY else object()


def _sides(node: tree.Expr, keys: Keys, old: bool) -> object:
    """Both sides of a comparison."""
    shape, parts = shape_of(node)
    return (
        tuple(keys.of(part, old) for part in parts) if shape[1:2] and shape[1] in _COMPARISONS else object()
    )


def _object(node: tree.Expr, keys: Keys, old: bool) -> object:
    """The operators, the function that stands first, and what stands last: `rsi(...) < 70`."""
    shape, parts = shape_of(node)
    return (shape, shape_of(parts[0])[0], keys.of(parts[-1], old)) if shape[0] == BINARY else object()


def _function(node: tree.Expr, keys: Keys, old: bool) -> object:
    shape, parts = shape_of(node)
    if shape[0] == BINARY and isinstance(parts[0], tree.Call):
        return shape, parts[0].name
    return shape if isinstance(node, tree.Call) else object()
