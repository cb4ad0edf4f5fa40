"""Warnings about conditions: those that can never or must always hold, and those that ask what was not meant."""

from __future__ import annotations

from collections.abc import Collection

from apps.engine.lang import tree
from apps.engine.lang.analysis.bounds import Bounds
from apps.engine.lang.analysis.context import Test
from apps.engine.lang.analysis.ranges import ALWAYS, EITHER, NEVER, Ranges, Truth
from apps.engine.lang.analysis.values import NUMERIC
from apps.engine.lang.names import uses_of
from apps.engine.program import graph
from apps.engine.said import said

# averages and statistics: two of them are hardly ever equal to the last digit
_ROUNDED = frozenset(
    [
        *("sma", "ema", "rma", "wma", "kama", "alma", "vwap", "linreg", "stdev", "variance", "atr"),
        *("rsi", "cmo", "cci", "mfi", "dmi", "correlation"),
    ]
)
# operators that hand on one of their inputs as it is
_EXACT = frozenset(
    ["highest", "lowest", "fixnan", "valuewhen", "choose", "nz", "max", "min", "gate", graph.HISTORY]
)
_CONSTANT = {True: said("this condition is always true"), False: said("this condition is never true")}


class Conditions(Bounds):
    def look_at_tests(self) -> None:
        """Doubt every comparison, crossing, `and` and `or` that can never hold or always does."""
        self.ranges = self.find_ranges()
        self.doubted: list[str] = []
        for test in self.tests:
            if test.result.ref < 0 or self.const_of(self.chart, test.result) is not None:
                continue
            message, hint = self.doubt_about(test)
            if message:
                self.doubted.append(self.parsed.paths[id(test.node)])
                self.doubt(test.node, message, hint)

    def find_ranges(self) -> Ranges:
        """The ranges of the chart's values, those from higher timeframes included."""
        inner = {name: Ranges(scope.graph, scope.ranges, {}) for name, (_, scope) in self.frames.items()}
        uses = self.chart.graph.frame_uses
        return Ranges(
            self.chart.graph, self.chart.ranges, {use.ref: inner[use.frame].of(use.inner) for use in uses}
        )

    def doubt_about(self, test: Test) -> tuple[str, str]:
        """What is doubtful of `test`, and what would help; two empty texts if nothing is."""
        node, truth = test.node, self.ranges.truth(test.result.ref)
        if isinstance(node, tree.Call):
            return self.doubt_about_crossing(node, test) if truth == NEVER else ("", "")
        if node.operator in ("and", "or"):
            return self.doubt_about_joined(node, test, truth)
        if test.left.type not in NUMERIC or test.right.type not in NUMERIC:
            return "", ""
        if self.ranges.is_na(test.left.ref) or self.ranges.is_na(test.right.ref):
            return said("a comparison with na is never true"), said(
                "ask with na(x), or for the opposite not na(x)"
            )
        if truth != EITHER and test.left.ref == test.right.ref:
            same = (
                said("both sides of `{operator}` are the same, so it is always true", operator=node.operator)
                if truth == ALWAYS
                else said(
                    "both sides of `{operator}` are the same, so it is never true", operator=node.operator
                )
            )
            return same, ""
        if truth != EITHER:
            sides = self.sides(test)
            if truth == ALWAYS:
                return said("this comparison is always true: {sides}", sides=sides), ""
            return said("this comparison is never true: {sides}", sides=sides), ""
        return self.doubt_about_scale(node, test) or self.doubt_about_equality(node, test) or ("", "")

    def sides(self, test: Test) -> str:
        left, right = self.ranges.number(test.left.ref), self.ranges.number(test.right.ref)
        shown = [
            said("{range}, in whole numbers", range=one)
            if one.whole and other.low == other.high and not other.whole
            else one
            for one, other in ((left, right), (right, left))
        ]
        return said("its left side is {left}, its right side {right}", left=shown[0], right=shown[1])

    def doubt_about_crossing(self, node: tree.Call, test: Test) -> tuple[str, str]:
        if test.left.ref == test.right.ref:
            return said("both inputs of `{name}` are the same, so they never cross", name=node.name), ""
        left, right = self.ranges.number(test.left.ref), self.ranges.number(test.right.ref)
        return said("these never cross: the first is {left}, the second {right}", left=left, right=right), ""

    def doubt_about_joined(self, node: tree.Binary, test: Test, truth: Truth) -> tuple[str, str]:
        """Parts that are doubtful in themselves have been told of."""
        sides = (self.ranges.truth(test.left.ref), self.ranges.truth(test.right.ref))
        if sides != (EITHER, EITHER):
            return "", ""
        if test.left.ref == test.right.ref:
            return said("both sides of `{operator}` are the same", operator=node.operator), said(
                "leave out one of them"
            )
        if truth == NEVER:
            return said("what is joined by `and` here never holds together"), said("should it be `or`?")
        if truth == ALWAYS:
            return said("one part of this `or` always holds, so it is always true"), said(
                "should it be `and`?"
            )
        return "", ""

    def doubt_about_scale(self, node: tree.Binary, test: Test) -> tuple[str, str] | None:
        """An oscillator from 0 to 100 compared with a percentage, which is a fraction."""
        for series, limit, written in (
            (test.left, test.right, node.right),
            (test.right, test.left, node.left),
        ):
            value = self.const_of(self.chart, limit)
            range_ = self.ranges.number(series.ref)
            is_scale = (
                max(abs(range_.low), abs(range_.high)) == 100.0 and self.const_of(self.chart, series) is None
            )
            if is_scale and limit.type == "percent" and series.type == "number" and value is not None:
                hint = (
                    said("write {code}", code=f"{value * 100:g}") if isinstance(written, tree.Number) else ""
                )
                return said(
                    "a value of {range} is compared with {percent}, which is {value}",
                    range=range_,
                    percent=f"{value * 100:g}%",
                    value=f"{value:g}",
                ), hint
        return None

    def doubt_about_equality(self, node: tree.Binary, test: Test) -> tuple[str, str] | None:
        """Equality of values that have been rounded in different ways."""
        if node.operator != "==":
            return None
        bases = [self.bases(val.ref) for val in (test.left, test.right)]
        if bases[0] & bases[1] or not any(self.is_rounded(ref) for ref in (*bases[0], *bases[1])):
            return None
        for val, other in ((test.left, test.right), (test.right, test.left)):
            value = self.const_of(self.chart, other)
            if value is not None and value in self.ranges.number(val.ref)[:2]:
                return None  # the end of a range is reached exactly
        return (
            said("averages and statistics hardly ever equal another number to the last digit"),
            said("allow a margin: abs(a - b) < 0.01"),
        )

    def is_rounded(self, ref: int) -> bool:
        maker = self.ranges.maker.get(ref)
        return maker is not None and maker.op in _ROUNDED

    def bases(self, ref: int) -> set[int]:
        """The values that `ref` may be exactly equal to at some time: what it picks from, now or in the past."""
        found: set[int] = set()
        work = [ref]
        while work:
            part = work.pop()
            if part in found:
                continue
            found.add(part)
            maker = self.ranges.maker.get(part)
            if maker is not None and maker.op in _EXACT:
                kinds = self.chart.graph.values
                work += [
                    inner for inner in maker.inputs if kinds[inner].kind == "f" and kinds[inner].const is None
                ]
        return found

    # conditions of statements

    def look_at_condition(self, condition: tree.Expr, ref: int) -> None:
        """Doubt the condition of a statement that never or always holds, unless an input may switch it on and off."""
        value = self.chart.graph.values[ref]
        if value.const is not None:
            if not self.depends_on(condition, self.inputs.keys()):
                self.doubt(condition, _CONSTANT[bool(value.const)])
        elif value.first >= graph.NEVER:
            self.doubt(
                condition, said("this condition can never hold: it waits for a series that never has a value")
            )
        elif (truth := self.ranges.truth(ref)) != EITHER and not self.holds_doubt(condition):
            switches = {name for name, spec in self.inputs.items() if spec.kind in ("truth", "text")}
            if not self.depends_on(condition, switches):
                self.doubt(condition, _CONSTANT[truth == ALWAYS])

    def depends_on(self, expression: tree.Expr, inputs: Collection[str]) -> bool:
        """Whether `expression`, or a definition it needs, names one of `inputs`."""
        names = {use.name for use in uses_of(expression).all()}
        for name in self.needed_by(expression):
            names |= {use.name for use in self.uses[name].all()}
        return not names.isdisjoint(inputs)

    def holds_doubt(self, expression: tree.Expr) -> bool:
        """Whether a part of `expression` has been doubted already."""
        path = self.parsed.paths[id(expression)]
        return any(node.startswith(path) for node in self.doubted)
