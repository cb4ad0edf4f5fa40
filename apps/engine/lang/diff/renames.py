"""Series and inputs that only changed their name."""

from apps.engine.lang import tree
from apps.engine.lang.diff.keys import Keys, shape_of
from apps.engine.lang.writer import write_statement

MOST_TRIES = 2_000  # pairs looked at: far more than renames anyone makes at once
MOST_ALIKE = 50  # likewise, of those that changed as well
Named = tree.Input | tree.Definition


def named(formula: tree.Formula) -> dict[str, Named]:
    """Inputs and definitions by name; the first of each, should one be defined twice."""
    found: dict[str, Named] = {}
    for statement in formula.statements:
        if isinstance(statement, tree.Input | tree.Definition):
            found.setdefault(statement.name, statement)
    return found


def find_renames(old: tree.Formula, new: tree.Formula) -> dict[str, str]:
    """New names by old names: of those that vanished, which new one means the same.

    Two definitions mean the same if they are equal once all renames are carried out, also when they use themselves or
    one another.
    """
    was, now = named(old), named(new)
    gone = [name for name in was if name not in now]
    come = [name for name in now if name not in was]
    renamed: dict[str, str] = {}
    tries = 0
    for name in gone:
        taken = set(renamed.values())
        come = [other for other in come if other not in taken]
        for other in come if name not in renamed else ():
            tries += 1
            if tries > MOST_TRIES:
                return renamed
            found = _Unifier(was, now, renamed).unify(name, other)
            if found is not None:
                renamed = found
                break
    return renamed | _changed_as_well(was, now, gone, come, renamed)


def _changed_as_well(
    was: dict[str, Named], now: dict[str, Named], gone: list[str], come: list[str], renamed: dict[str, str]
) -> dict[str, str]:
    """Definitions that were renamed and changed: the same function or operators, of which at least one part is kept."""
    keys = Keys(renamed)
    found: dict[str, str] = {}
    left = [name for name in come if name not in renamed.values()][:MOST_ALIKE]
    for name in [name for name in gone if name not in renamed][:MOST_ALIKE]:
        old = was[name]
        for other in left:
            new = now[other]
            if (
                isinstance(old, tree.Definition)
                and isinstance(new, tree.Definition)
                and _alike(old, new, keys)
            ):
                found[name] = other
                left.remove(other)
                break
    return found


def _alike(old: tree.Definition, new: tree.Definition, keys: Keys) -> bool:
    shape, parts = shape_of(old.value)
    other, other_parts = shape_of(new.value)
    return shape == other and any(keys.same(a, b) for a, b in zip(parts, other_parts, strict=True))


class _Unifier:
    """Tries one pair of names, and the pairs that follow from it."""

    def __init__(self, was: dict[str, Named], now: dict[str, Named], renamed: dict[str, str]) -> None:
        self.was, self.now = was, now
        self.renamed = dict(renamed)
        self.taken = set(renamed.values())

    def unify(self, name: str, other: str) -> dict[str, str] | None:
        work = [(name, other)]
        while work:
            name, other = work.pop()
            if self.renamed.get(name) == other:
                continue
            if name in self.renamed or other in self.taken:
                return None
            self.renamed[name] = other
            self.taken.add(other)
            pairs = self.compare(self.was[name], self.now[other])
            if pairs is None:
                return None
            work += pairs
        return self.renamed

    def compare(self, old: Named, new: Named) -> list[tuple[str, str]] | None:
        """The pairs of names for which both statements mean the same, or None."""
        if isinstance(old, tree.Input) or isinstance(new, tree.Input):
            return [] if _without_name(old) == _without_name(new) else None
        pairs: list[tuple[str, str]] = []
        work = [(old.value, new.value)]
        while work:
            one, other = work.pop()
            shape, parts = shape_of(one)
            other_shape, other_parts = shape_of(other)
            if isinstance(one, tree.Name) and isinstance(other, tree.Name):
                if one.name == other.name and (one.name in self.now or one.name not in self.was):
                    continue
                if one.name not in self.was or one.name in self.now:
                    return None
                if other.name not in self.now or other.name in self.was:
                    return None
                pairs.append((one.name, other.name))
            elif shape != other_shape:
                return None
            else:
                work += zip(parts, other_parts, strict=True)
        return pairs


def _without_name(node: Named) -> str:
    """An input as it is written, but for its name; a definition is never one."""
    if isinstance(node, tree.Definition):
        return f"definition {node.name}"
    text = write_statement(node)
    return text[len("input ") + len(node.name) :]
