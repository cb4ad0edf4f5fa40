"""Expressions that must be of a certain kind: a condition, a constant, a whole number within limits."""

from __future__ import annotations

import math

from apps.engine.lang import tree
from apps.engine.lang.analysis.definitions import Definitions
from apps.engine.lang.analysis.values import NUMERIC, WORDS, Scope, Val


class Constants(Definitions):
    def condition(self, scope: Scope, node: tree.Expr, what: str) -> Val:
        val = self.single(scope, node)
        if val.type in ("truth", "any"):
            return val
        hint = "compare it with something, for instance > 0" if val.type in NUMERIC else ""
        return self.wrong(node, f"expected true/false for {what}, found {WORDS[val.type]}", hint)

    def whole(self, scope: Scope, node: tree.Expr, what: str, low: float, high: float) -> int | None:
        """A whole constant within low..high, or None after noting what is wrong."""
        value = self.number_constant(scope, node, what)
        if value is None:
            return None
        if value != math.floor(value):
            self.wrong(
                node, f"expected a whole number for {what}, found {value:g}", "use floor(), ceil() or round()"
            )
            return None
        shown = f"{low:,.0f} to {high:,.0f}"
        if not low <= value <= high:
            self.wrong(node, f"expected {shown} for {what}, found {value:,.15g}")
            return None
        if isinstance(node, tree.Name) and node.name in self.inputs:
            spec = self.inputs[node.name]
            if spec.low is not None and spec.high is not None and (spec.low < low or spec.high > high):
                declared = self.input_nodes[node.name]
                assert declared.low is not None
                self.wrong(
                    declared.low,
                    f"the range of `{node.name}` goes beyond {shown}, which {what} allows",
                    f"narrow it to {max(spec.low, low):g}..{min(spec.high, high):g}",
                )
        return int(value)

    def number_constant(self, scope: Scope, node: tree.Expr, what: str) -> float | None:
        val = self.single(scope, node)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(node, f"expected a number for {what}, found {WORDS[val.type]}")
            return None
        value = self.const_of(scope, val)
        if value is None:
            self.wrong(
                node,
                f"expected a constant or an input for {what}, found a series",
                "it cannot change from bar to bar",
            )
            return None
        if not math.isfinite(value):
            self.wrong(node, f"expected a number for {what}, found na")
            return None
        return value
