"""Meaning of a tree: types, constants and errors, and in the same walk the graph of operators.

Checking and compiling are one piece of code, so that what the checker accepts is what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.engine.lang.analysis.doubts import Doubts
from apps.engine.lang.analysis.ranges import Ranges
from apps.engine.lang.analysis.values import WORDS, Analysed, Val
from apps.engine.lang.parser import Parsed

__all__ = ["Analysed", "Val", "analyse", "ranges_of"]


def analyse(
    parsed: Parsed, settings: Mapping[str, Any] | None = None, *, with_warnings: bool = True
) -> Analysed:
    """Check `parsed` with the given settings for its inputs. Never raises on any tree. Warnings take time of their
    own, which one who only wants to run the formula saves."""
    analysis, result = _analysed(parsed, settings)
    if with_warnings and not result.problems:
        analysis.look_for_doubts(parsed.formula.statements, result.plan)
        result.warnings.extend(sorted(analysis.warnings))
    return result


def _analysed(parsed: Parsed, settings: Mapping[str, Any] | None) -> tuple[_Analysis, Analysed]:
    """A series that is used before it is built is taken for a number or true/false; where that was wrong, once more."""
    kinds: dict[str, str] = {}
    for _ in range(4):
        analysis = _Analysis(parsed, settings, kinds)
        result = analysis.run()
        if analysis.guessed_right():
            break
        kinds = analysis.found_kinds()
    return analysis, result


def ranges_of(parsed: Parsed) -> Ranges:
    """Between which bounds the values of the chart's graph stay, as the warnings see it."""
    analysis = _analysed(parsed, None)[0]
    return analysis.find_ranges()


class _Analysis(Doubts):
    def guessed_right(self) -> bool:
        found = self.found_kinds()
        return all(found.get(name, kind) == kind for name, kind in self.guesses.items())

    def found_kinds(self) -> dict[str, str]:
        return {name: val.type for name, val in self.chart.names.items() if val.type in WORDS}

    def run(self) -> Analysed:
        statements = self.parsed.formula.statements
        self.collect_names(statements)
        for name in self.order:
            self.define(self.chart, name)
        self.chart.close()
        plan = self.plan(statements)
        self.chart.close()
        for _, scope in self.frames.values():
            scope.graph.find_lookbacks()
        self.chart.graph.find_lookbacks()
        cost = self.bound()
        lookback = self.lookback(plan)
        problems = sorted(self.problems | set(self.parsed.problems))
        return Analysed(
            problems=problems,
            warnings=[],
            inputs=list(self.inputs.values()),
            values=self.values,
            chart=self.chart.graph,
            frames={name: (frame, scope.graph) for name, (frame, scope) in self.frames.items()},
            plan=plan,
            lookback=lookback,
            cost=cost,
            meant=self.meant,
        )
