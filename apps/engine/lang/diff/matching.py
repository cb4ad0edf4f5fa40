"""Which statement of the old version became which of the new."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping

from apps.engine.lang import tree
from apps.engine.lang.diff.keys import Keys, shape_of
from apps.engine.lang.diff.words import subject_of

Pair = tuple[int, int]
_Test = Callable[[tree.Statement, bool], object]  # statement, whether of the old version; None never matches


def renamed_text(text: str, renamed: Mapping[str, str]) -> str:
    """An alert's text with the names in braces as they are called now."""
    for old, new in renamed.items():
        text = text.replace("{" + old + "}", "{" + new + "}")
    return text


def match_statements(old: list[tree.Statement], new: list[tree.Statement], keys: Keys) -> list[Pair]:
    """Pairs of positions, in the order of the old version.

    Named statements by their name; what stands once by its kind; conditions, alerts and plots by what they share most.
    """
    pairs: list[Pair] = []
    for test in _tests(keys):
        left = {i for i, _ in pairs}
        right = {j for _, j in pairs}
        waiting: dict[object, list[int]] = defaultdict(list)
        for j in reversed(range(len(new))):
            key = test(new[j], False)
            if j not in right and key is not None:
                waiting[key].append(j)
        for i, statement in enumerate(old):
            key = test(statement, True)
            if i not in left and key is not None and waiting[key]:
                pairs.append((i, waiting[key].pop()))
    return sorted(pairs)


def _tests(keys: Keys) -> list[_Test]:
    """From the strictest to the loosest."""

    def name(node: tree.Statement, old: bool) -> object:
        match node:
            case tree.Input() | tree.Definition():
                return subject_of(node), keys.renamed.get(node.name, node.name) if old else node.name
            case tree.Alert():
                return "alert", renamed_text(node.text, keys.renamed) if old else node.text
            case tree.Plot():
                return "plot", node.name
        return None

    def value(node: tree.Statement, old: bool) -> object:
        match node:
            case tree.Condition() | tree.Alert():
                return subject_of(node), keys.of(node.condition, old)
            case tree.Plot():
                return "plot", keys.of(node.value, old)
        return None

    def both(node: tree.Statement, old: bool) -> object:
        if isinstance(node, tree.Alert | tree.Plot):
            return name(node, old), value(node, old)
        return None

    def likeness(node: tree.Statement, old: bool) -> object:
        if not isinstance(node, tree.Condition):
            return None
        shape, parts = shape_of(node.condition)
        return node.kind, shape[:2], keys.of(parts[0], old) if parts else None

    def kind(node: tree.Statement, old: bool) -> object:
        single = isinstance(node, tree.Condition | tree.Protect | tree.ExitAfter | tree.Sizing)
        return subject_of(node) if single else None

    return [both, name, value, likeness, kind]


def moved(pairs: list[Pair]) -> list[Pair]:
    """The fewest pairs that must have changed their place for all others to stand in their old order."""
    tails: list[int] = []  # of the longest rising rows of each length: the smallest last position
    lengths: list[int] = []
    for _, j in pairs:
        at = bisect_left(tails, j)
        tails[at : at + 1] = [j]
        lengths.append(at + 1)
    staying: set[int] = set()
    wanted, limit = len(tails), len(pairs) and max(j for _, j in pairs) + 1
    for (i, j), length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == wanted and j < limit:
            staying.add(i)
            wanted, limit = wanted - 1, j
    return [(i, j) for i, j in pairs if i not in staying]
