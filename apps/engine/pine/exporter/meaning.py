"""What the checker found out about a formula, as the exporter asks for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from apps.engine.lang import tree
from apps.engine.lang.analysis import Analysed
from apps.engine.lang.names import Uses, components, uses_of
from apps.engine.lang.paths import node_paths

Type = Literal["int", "float", "bool", "string"]


class Meaning:
    """A formula without errors. `order`: its definitions, each after those it reads; `recursive`: those that read
    their own past, directly or through another; `paths`: places in the tree, by `id` of the node."""

    def __init__(self, formula: tree.Formula, found: Analysed) -> None:
        self.found = found
        self.paths = node_paths(formula)
        self.inputs = {s.name: s for s in formula.statements if isinstance(s, tree.Input)}
        self.definitions = {s.name: s for s in formula.statements if isinstance(s, tree.Definition)}
        self._uses = {name: uses_of(node.value) for name, node in self.definitions.items()}
        every = {
            name: {u.name for u in uses.all()} & self.definitions.keys() for name, uses in self._uses.items()
        }
        self.order: list[str] = []
        recursive: set[str] = set()
        for group in components(every):
            if len(group) > 1 or group[0] in every[group[0]]:
                recursive.update(group)
            now = {name: {u.name for u in self._uses[name].now} & set(group) for name in group}
            self.order += [name for part in components(now) for name in part]
        self.recursive = frozenset(recursive)
        self._place = {name: i for i, name in enumerate(self.order)}

    def is_own(self, name: str) -> bool:
        """Whether `name` is an input or a definition of the formula."""
        return name in self.inputs or name in self.definitions

    def behind(self, *expressions: tree.Expr) -> set[str]:
        """Every definition and input that `expressions` read, directly or not, of whatever bar."""
        found: set[str] = set()
        work = [use.name for e in expressions for use in uses_of(e).all()]
        while work:
            name = work.pop()
            if name in found or not self.is_own(name):
                continue
            found.add(name)
            if name in self.definitions:
                work += [use.name for use in self._uses[name].all()]
        return found

    def readers_of(self, names: Collection[str]) -> set[str]:
        """The definitions `names`, and all that read one of them, directly or not."""
        readers: dict[str, list[str]] = {}
        for name, uses in self._uses.items():
            for use in uses.all():
                readers.setdefault(use.name, []).append(name)
        found: set[str] = set()
        work = list(names)
        while work:
            name = work.pop()
            if name not in found:
                found.add(name)
                work += readers.get(name, ())
        return found

    def needed(self, *expressions: tree.Expr, done: Collection[str], recursive: bool = False) -> list[str]:
        """Inputs and definitions that need their lines before a line with `expressions`, in order, without those that
        are `done`, together with all they need. What is read by its past alone can be declared and computed later,
        where both lines belong to `recursive` definitions."""
        found: set[str] = set()
        work = [name for e in expressions for name in self._first_needed(uses_of(e), recursive)]
        while work:
            name = work.pop()
            if name in found or name in done or not self.is_own(name):
                continue
            found.add(name)
            if name in self.definitions:
                work += self._first_needed(self._uses[name], name in self.recursive)
        inputs = [name for name in self.inputs if name in found]
        return inputs + sorted(found - self.inputs.keys(), key=self._place.__getitem__)

    def _first_needed(self, uses: Uses, recursive: bool) -> set[str]:
        now = {use.name for use in uses.now}
        return now | {use.name for use in uses.all() if not (recursive and use.name in self.recursive)}

    def value_of(self, node: tree.Expr) -> float | None:
        """The constant that `node` is, if it is known to be one."""
        if isinstance(node, tree.Number):
            return node.value
        if isinstance(node, tree.Name) and node.name in self.inputs:
            value = self.found.values[node.name]
            return None if isinstance(value, str) else float(value)
        val = self.found.meant.get(id(node))
        return None if val is None or val.ref < 0 else self.found.chart.values[val.ref].const

    def ref_of(self, node: tree.Expr) -> int:
        """The number of the value in the chart's graph, -1 for none."""
        val = self.found.meant.get(id(node))
        return -1 if val is None else val.ref

    def type_of(self, name: str) -> Type:
        """The Pine type of a definition's line."""
        val = self.found.meant[id(self.definitions[name].value)]
        return "bool" if val.type == "truth" else "string" if val.type == "text" else "float"

    def is_truth(self, node: tree.Expr) -> bool:
        val = self.found.meant.get(id(node))
        return val is not None and val.type == "truth"
