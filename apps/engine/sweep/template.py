"""One analysis for many cells: where inputs are lengths alone, a cell's graph is another's with other parameters.

`lang.lengths` tells which inputs stand nowhere but as lengths and factors of functions, one of them in a function at
most. What a function builds then depends on that input and on values it never looks into, so what one input changes
does not depend on the others. Each value of each input is analysed once, all others as in a first cell; a cell is
then the first cell's graph with what each of its values changed. Wherever two graphs differ in more than parameters
and constants (two equal lengths share an average, say), the cell is analysed as any formula is. That both ways give
the same work is what tests/engine/sweep/test_template.py proves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from apps.engine.lang import tree
from apps.engine.lang.analysis import Analysed, analyse
from apps.engine.lang.cost import MOST_MEMORY, MOST_STEPS, Cost
from apps.engine.lang.lengths import lengths_alone
from apps.engine.lang.parser import Parsed
from apps.engine.lang.settings import InputSpec, Setting, resolve
from apps.engine.program.graph import Graph, Instruction
from apps.engine.program.schedule import Batch, schedule

FEWEST_CELLS = 8  # for which it is worth looking
WORTH = 2  # cells for each analysis that a template takes
Changes = dict[int, tuple[float, ...]]


class Variant(NamedTuple):
    """What one value of an input changes: parameters by instruction, constants by value, and the cost."""

    params: Changes
    constants: dict[int, float]
    steps: int
    memory: int


class Template:
    """A first cell, and what each value of the inputs in `varied` makes of it."""

    def __init__(
        self,
        parsed: Parsed,
        first: Mapping[str, Setting],
        varied: Mapping[str, Sequence[Setting]],
        calls: Mapping[str, Sequence[tree.Call]],
    ) -> None:
        self.found = analyse(parsed, first, with_warnings=False)
        self.variants: dict[str, dict[Setting, Variant]] = {}
        self.batches: list[Batch] = []
        chart = self.found.chart
        if self.found.problems or self.found.frames or not self._unfolded(calls):
            return
        self.batches = schedule(chart)
        if any(batch.cyclic for batch in self.batches):
            return
        self.groups = chart.groups()
        variants: dict[str, dict[Setting, Variant]] = {}
        for name, values in varied.items():
            variants[name] = {}
            for value in values:
                other = analyse(parsed, {**first, name: value}, with_warnings=False)
                variant = None if other.problems else _difference(self.found, other)
                if variant is not None:
                    variants[name][value] = variant
        if _apart(variants):
            self.variants = {name: _complete(chart, found) for name, found in variants.items()}

    def cell(self, values: dict[str, Setting]) -> Analysed | None:
        """The analysis of the cell with these values of all inputs, good until the next is asked for; or None.

        Its graph may hold twice what an analysis would share, and its `meant` and `lookback` are the first cell's.
        """
        chosen = [found.get(values[name]) for name, found in self.variants.items()]
        if not chosen:
            return None
        chart, cost = self.found.chart, self.found.cost
        steps, memory = cost.steps, cost.memory_bytes
        for variant in chosen:
            if variant is None:
                return None
            for at, params in variant.params.items():
                chart.instructions[at].params = params
            for ref, const in variant.constants.items():
                chart.values[ref].const = const
            steps += variant.steps
            memory += variant.memory
        if steps > MOST_STEPS or memory > MOST_MEMORY:
            return None
        chart.find_lookbacks(self.groups)
        return replace(self.found, values=values, cost=Cost(steps, memory))

    def _unfolded(self, calls: Mapping[str, Sequence[tree.Call]]) -> bool:
        """Whether no function with a varied input came to a constant, which others could have been folded with."""
        for node in (node for nodes in calls.values() for node in nodes):
            val = self.found.meant.get(id(node))
            if val is None:
                return False
            refs = [ref for _, ref in val.fields] if val.fields else [val.ref]
            if any(ref < 0 or self.found.chart.values[ref].const is not None for ref in refs):
                return False
        return True


class Templates:
    """The templates of a sweep: one for each choice of the inputs that are more than lengths."""

    def __init__(self, parsed: Parsed, cells: Sequence[Mapping[str, Any]]) -> None:
        self._values: list[dict[str, Setting] | None] = [None] * len(cells)
        self._own: dict[tuple[Setting, ...], Template | None] = {}
        self._names: list[str] = []
        if len(cells) < FEWEST_CELLS:
            return
        first = analyse(parsed, None, with_warnings=False)
        if first.problems:
            return
        self._values = accepted(first.inputs, cells)
        taken = [values for values in self._values if values is not None]
        names = [spec.name for spec in first.inputs if len({values[spec.name] for values in taken}) > 1]
        calls = lengths_alone(parsed.formula, names)
        self._names = [name for name in names if name not in calls]
        cells_of: dict[tuple[Setting, ...], list[dict[str, Setting]]] = {}
        for values in taken:
            cells_of.setdefault(self._key(values), []).append(values)
        for key, group in cells_of.items():
            varied = {name: list(dict.fromkeys(values[name] for values in group)) for name in calls}
            if WORTH * sum(map(len, varied.values())) <= len(group):
                self._own[key] = Template(parsed, _unlike(group[0], varied), varied, calls)

    def cell(self, number: int) -> tuple[Template | None, Analysed | None]:
        """A cell's template and its analysis by it; None where it must be analysed by itself."""
        values = self._values[number]
        template = None if values is None else self._own.get(self._key(values))
        if values is None or template is None:
            return None, None
        return template, template.cell(values)

    def _key(self, values: Mapping[str, Setting]) -> tuple[Setting, ...]:
        return tuple(values[name] for name in self._names)


def _unlike(cell: dict[str, Setting], varied: Mapping[str, Sequence[Setting]]) -> dict[str, Setting]:
    """The cell, with a different value for each of the varied inputs as far as they have such: equal ones share."""
    chosen: dict[str, Setting] = {}
    for name, values in varied.items():
        free = [value for value in values if value not in chosen.values()]
        chosen[name] = cell[name] if cell[name] in free or not free else free[0]
    return cell | chosen


def accepted(
    specs: Sequence[InputSpec], cells: Sequence[Mapping[str, Any]]
) -> list[dict[str, Setting] | None]:
    """The values of all inputs in each cell, defaults included; None where a setting is not taken as it is."""
    by_name = {spec.name: spec for spec in specs}
    defaults = {spec.name: spec.default for spec in specs}
    known: dict[tuple[str, type, Any], Setting | None] = {}
    found: list[dict[str, Setting] | None] = []
    for cell in cells:
        values: dict[str, Setting] | None = dict(defaults)
        for name, given in cell.items():
            if name not in by_name or not isinstance(given, str | int | float):
                values = None
                break
            key = (name, given.__class__, given)
            if key not in known:
                taken, refusals = resolve([by_name[name]], {name: given})
                known[key] = None if refusals else taken[name]
            value = known[key]
            if value is None:
                values = None
                break
            assert values is not None
            values[name] = value
        found.append(values)
    return found


def _difference(first: Analysed, other: Analysed) -> Variant | None:
    """What `other` has other than `first`; None where that is more than parameters and constants."""
    here, there = first.chart, other.chart
    if len(here.instructions) != len(there.instructions) or here.sources.keys() != there.sources.keys():
        return None
    same = {ref: there.sources[name] for name, ref in here.sources.items()}
    taken = {there_ref: ref for ref, there_ref in same.items()}
    params: Changes = {}
    constants: dict[int, float] = {}

    def matched(ref: int, other_ref: int) -> bool:
        """Whether the two values are the same part of the formula, as far as is known; notes that they are."""
        if ref in same or other_ref in taken:
            return same.get(ref) == other_ref and taken.get(other_ref) == ref
        one, two = here.values[ref], there.values[other_ref]
        if one.kind != two.kind or (one.const is None) != (two.const is None):
            return False
        same[ref], taken[other_ref] = other_ref, ref
        if one.const is not None and two.const is not None and repr(one.const) != repr(two.const):
            constants[ref] = two.const
        return True

    def alike(at: int, one: Instruction, two: Instruction) -> bool:
        if one.op != two.op or len(one.inputs) != len(two.inputs) or len(one.outputs) != len(two.outputs):
            return False
        if one.params != two.params:
            params[at] = two.params
        pairs = [*zip(one.inputs, two.inputs, strict=True), *zip(one.outputs, two.outputs, strict=True)]
        return all(matched(*pair) for pair in pairs)

    rows = zip(here.instructions, there.instructions, strict=True)
    if not all(alike(at, one, two) for at, (one, two) in enumerate(rows)):
        return None
    one, two = first.plan, other.plan
    if (one.size, one.exit_after, len(one.watches)) != (two.size, two.exit_after, len(two.watches)):
        return None
    for watch, other_watch in zip(one.watches, two.watches, strict=True):
        if watch.kind != other_watch.kind or not matched(watch.ref, other_watch.ref):
            return None
    for order, other_order in ((one.stop, two.stop), (one.target, two.target), (one.trail, two.trail)):
        if order is None or other_order is None:
            if order is not other_order:
                return None
            continue
        if (order.kind, repr(order.value)) != (other_order.kind, repr(other_order.value)):
            return None
        if order.ref is None or other_order.ref is None:
            if order.ref is not other_order.ref:
                return None
        elif not matched(order.ref, other_order.ref):
            return None
    steps = other.cost.steps - first.cost.steps
    return Variant(params, constants, steps, other.cost.memory_bytes - first.cost.memory_bytes)


def _apart(variants: Mapping[str, Mapping[Setting, Variant]]) -> bool:
    """Whether no instruction and no constant is changed by two inputs."""
    touched: set[tuple[str, int]] = set()
    for found in variants.values():
        own = {("op", at) for variant in found.values() for at in variant.params}
        own |= {("constant", ref) for variant in found.values() for ref in variant.constants}
        if own & touched:
            return False
        touched |= own
    return True


def _complete(chart: Graph, found: Mapping[Setting, Variant]) -> dict[Setting, Variant]:
    """Each variant with all that any of them changes: it can follow any other."""
    ats = sorted({at for variant in found.values() for at in variant.params})
    refs = sorted({ref for variant in found.values() for ref in variant.constants})
    consts = {ref: chart.values[ref].const for ref in refs}
    return {
        value: variant._replace(
            params={at: chart.instructions[at].params for at in ats} | variant.params,
            constants={ref: const for ref, const in consts.items() if const is not None} | variant.constants,
        )
        for value, variant in found.items()
    }
