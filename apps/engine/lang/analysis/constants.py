"""Expressions that must be of a certain kind: a condition, a constant, a whole number within limits."""

from __future__ import annotations

import math

from apps.engine.lang import tree
from apps.engine.lang.analysis.definitions import Definitions
from apps.engine.lang.analysis.values import NUMERIC, WORDS, Scope, Val
from apps.engine.said import said


class Constants(Definitions):
    def condition(self, scope: Scope, node: tree.Expr, what: str) -> Val:
        val = self.single(scope, node)
        if val.type in ("truth", "any"):
            return val
        hint = said("compare it with something, for instance > 0") if val.type in NUMERIC else ""
        return self.wrong(
            node, said("expected true/false for {what}, found {type}", what=what, type=WORDS[val.type]), hint
        )

    def whole(self, scope: Scope, node: tree.Expr, what: str, low: float, high: float) -> int | None:
        """A whole constant within low..high, or None after noting what is wrong."""
        value = self.number_constant(scope, node, what)
        if value is None:
            return None
        if value != math.floor(value):
            self.wrong(
                node,
                said("expected a whole number for {what}, found {value}", what=what, value=f"{value:g}"),
                said("use floor(), ceil() or round()"),
            )
            return None
        shown = said("{low} to {high}", low=f"{low:,.0f}", high=f"{high:,.0f}")
        if not low <= value <= high:
            self.wrong(
                node,
                said(
                    "expected {shown} for {what}, found {value}",
                    shown=shown,
                    what=what,
                    value=f"{value:,.15g}",
                ),
            )
            return None
        if isinstance(node, tree.Name) and node.name in self.inputs:
            spec = self.inputs[node.name]
            if spec.low is not None and spec.high is not None and (spec.low < low or spec.high > high):
                declared = self.input_nodes[node.name]
                assert declared.low is not None
                self.wrong(
                    declared.low,
                    said(
                        "the range of `{name}` goes beyond {shown}, which {what} allows",
                        name=node.name,
                        shown=shown,
                        what=what,
                    ),
                    said(
                        "narrow it to {low}..{high}",
                        low=f"{max(spec.low, low):g}",
                        high=f"{min(spec.high, high):g}",
                    ),
                )
        return int(value)

    def number_constant(self, scope: Scope, node: tree.Expr, what: str) -> float | None:
        val = self.single(scope, node)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(
                node, said("expected a number for {what}, found {type}", what=what, type=WORDS[val.type])
            )
            return None
        value = self.const_of(scope, val)
        if value is None:
            self.wrong(
                node,
                said("expected a constant or an input for {what}, found a series", what=what),
                said("it cannot change from bar to bar"),
            )
            return None
        if not math.isfinite(value):
            self.wrong(node, said("expected a number for {what}, found na", what=what))
            return None
        return value
