"""Statements: what the formula asks for, as a plan over the values of its graph."""

from __future__ import annotations

import math

from apps.engine.lang import tree
from apps.engine.lang.analysis.expressions import Expressions
from apps.engine.lang.analysis.values import NUMERIC, WORDS
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.program.program import Plan, ProtectionPlan, TextPart, Watch
from apps.engine.said import said
from apps.engine.sim.spec import Size


class Statements(Expressions):
    def plan(self, statements: list[tree.Statement]) -> Plan:
        watches: list[Watch] = []
        series = {
            name: val.ref
            for name, node in self.definitions.items()
            if (val := self.chart.names[name]).ref >= 0
        }
        plots: dict[str, int] = {}
        protections: dict[str, ProtectionPlan | None] = {}
        size: Size | None = None
        exit_after: int | None = None
        seen: dict[str, int] = {}
        self.risk_at: tree.Statement | None = None
        for statement in statements:
            if isinstance(statement, tree.Protect | tree.Sizing | tree.ExitAfter):
                word = word_of(statement)
                if word in seen:
                    self.wrong(
                        statement,
                        said("`{word}` stands twice, first on line {line}", word=word, line=seen[word]),
                        said("remove one of them"),
                    )
                seen.setdefault(word, statement.line)
            match statement:
                case tree.Condition():
                    val = self.condition(
                        self.chart,
                        statement.condition,
                        f"`{statement.kind.replace('_', ' ')} when`",
                    )
                    watches.append(Watch(statement.kind, val.ref))
                case tree.Alert():
                    val = self.condition(self.chart, statement.condition, "`alert`")
                    watches.append(Watch("alert", val.ref, self.alert_text(statement)))
                case tree.ExitAfter():
                    exit_after = self.whole(self.chart, statement.bars, "`exit after`", 1, 1_000_000_000)
                case tree.Protect():
                    protections[statement.kind] = self.protection(statement)
                case tree.Sizing():
                    size = self.sizing(statement)
                case tree.Plot():
                    self.plot(statement, plots)
        if self.risk_at is not None and "stop_loss" not in seen:
            self.wrong(
                self.risk_at,
                said("`size risk` needs a stop_loss to measure the risk by"),
                said("add for instance stop_loss 3%"),
            )
        asks = any(
            isinstance(s, tree.Alert) or (isinstance(s, tree.Condition) and s.kind in ("long", "short"))
            for s in statements
        )
        if not asks and not self.parsed.problems:
            self.wrong_as_a_whole(
                said("a formula needs at least one long, short or alert"),
                said("add for instance: long when close > open"),
            )
        return Plan(
            watches=tuple(watches),
            series=series,
            plots=plots,
            stop=protections.get("stop_loss"),
            target=protections.get("take_profit"),
            trail=protections.get("trailing_stop"),
            size=size or Size(),
            exit_after=exit_after,
        )

    def alert_text(self, node: tree.Alert) -> tuple[TextPart, ...]:
        parts: list[TextPart] = []
        rest = node.text
        offset = 1
        while "{" in rest:
            fixed, _, tail = rest.partition("{")
            if fixed:
                parts.append(TextPart(fixed))
            name, brace, rest = tail.partition("}")
            column = node.text_column + offset + len(fixed)
            offset += len(fixed) + len(name) + 2
            if not brace:
                message = said("this `{` of the alert's text is never closed")
                self.wrong(node, message, said("close it with }"), column=column, field="text")
                return tuple(parts)
            parts.append(self.alert_part(node, column, name.strip()))
        if rest:
            parts.append(TextPart(rest))
        return tuple(parts)

    def alert_part(self, node: tree.Alert, column: int, name: str) -> TextPart:
        """The value that stands in braces at `column`."""
        if name in ("symbol", "time") and name not in self.known:
            return TextPart(special=name)
        function = FUNCTIONS.get(name)
        if name not in self.known and name not in self.inputs and not (function and function.bare):
            bare = [n for n, f in FUNCTIONS.items() if f.bare]
            hint = self.nearest(name, [*self.known, *bare, "symbol", "time"]) or said(
                "braces hold the name of a series"
            )
            message = said("unknown name `{name}` in the alert's text", name=name[:60])
            self.wrong(node, message, hint, column=column, field="text")
            return TextPart()
        val = self.name(self.chart, tree.Name(node.line, column, name))
        if val.text is not None:
            return TextPart(val.text)
        return TextPart(ref=val.ref) if val.ref >= 0 else TextPart()

    def protection(self, node: tree.Protect) -> ProtectionPlan | None:
        val = self.single(self.chart, node.value)
        if val.type == "any":
            return None
        word = node.kind
        if node.mode != "percent":
            if val.type not in NUMERIC:
                self.wrong(
                    node.value,
                    said(
                        "expected a number after `{word} {mode}`, found {type}",
                        word=word,
                        mode=node.mode,
                        type=WORDS[val.type],
                    ),
                )
                return None
            if val.type == "percent":
                self.wrong(
                    node.value,
                    said("expected a distance in price, found a percentage")
                    if node.mode == "by"
                    else said("expected a price, found a percentage"),
                    said("write {word} without `{mode}`", word=word, mode=node.mode),
                )
                return None
            return ProtectionPlan(node.mode, math.nan, val.ref)
        value = self.const_of(self.chart, val)
        if val.type != "percent" or value is None:
            found = (
                WORDS[val.type]
                if value is not None or val.type != "percent"
                else said("a percentage that changes from bar to bar")
            )
            hint = said("write {code} for a distance in price", code=f"{word} by EXPRESSION")
            if isinstance(node.value, tree.Number):
                text = node.value.text
                hint = said(
                    "write {percentage} for a percentage, or {distance} for a distance in price",
                    percentage=f"{text}%",
                    distance=f"{word} by {text}",
                )
            self.wrong(
                node.value,
                said("expected a constant percentage after `{word}`, found {found}", word=word, found=found),
                hint,
            )
            return None
        if not value > 0:
            self.wrong(
                node.value,
                said("`{word}` must be above 0%, found {value}", word=word, value=f"{value * 100:g}%"),
            )
            return None
        return ProtectionPlan("percent", value)

    def sizing(self, node: tree.Sizing) -> Size | None:
        what = {"amount": "`size`", "units": "`size ... units`", "risk": "`size risk`"}[node.mode]
        if node.mode == "risk":
            self.risk_at = node
        val = self.single(self.chart, node.value)
        if val.type == "any":
            return None
        if val.type not in NUMERIC:
            self.wrong(
                node.value,
                said(
                    "expected a number or a percentage after {what}, found {type}",
                    what=what,
                    type=WORDS[val.type],
                ),
            )
            return None
        value = self.const_of(self.chart, val)
        if value is None:
            self.wrong(
                node.value,
                said("expected a constant or an input after {what}, found a series", what=what),
                said("a size cannot change from bar to bar"),
            )
            return None
        if not (value > 0 and math.isfinite(value)):
            self.wrong(node.value, said("{what} must be above 0", what=what))
            return None
        if node.mode == "units" and val.type == "percent":
            self.wrong(
                node.value,
                said("expected a number of units, found a percentage"),
                said("write {code} for a share of equity", code="size 50%"),
            )
            return None
        if node.mode == "risk" and val.type != "percent":
            self.wrong(
                node.value,
                said("expected a percentage after `size risk`, found a number"),
                said("write for instance size risk 1%"),
            )
            return None
        if node.mode == "amount":
            if val.type == "percent" and value > 1:
                self.doubt(
                    node.value,
                    said("size {value} cannot be paid for and is cut to 100%", value=f"{value * 100:g}%"),
                )
            return Size("percent" if val.type == "percent" else "quote", value)
        return Size("units" if node.mode == "units" else "risk", value)

    def plot(self, node: tree.Plot, plots: dict[str, int]) -> None:
        val = self.single(self.chart, node.value)
        if val.type in ("truth", "text"):
            self.wrong(
                node.value,
                said("expected a number to plot, found {type}", type=WORDS[val.type]),
                said("write {code}", code="CONDITION ? 1 : 0") if val.type == "truth" else "",
            )
        shows_itself = isinstance(node.value, tree.Name) and node.value.name == node.name
        message: str = ""
        hint: str = said("give the plot another name")
        if not node.name.strip():
            message, hint = said("a plot needs a name"), ""
        elif node.name in plots:
            message, hint = (
                said('another plot is already called "{name}"', name=node.name[:40]),
                said("give it another name"),
            )
        elif node.name in self.known and not shows_itself:
            message = said('"{name}" is the name of another series', name=node.name[:40])
        if message:
            self.wrong(node, message, hint, column=node.name_column, field="name")
        plots[node.name] = val.ref


def word_of(statement: tree.Protect | tree.Sizing | tree.ExitAfter) -> str:
    """The word a statement begins with."""
    if isinstance(statement, tree.Protect):
        return statement.kind
    return "size" if isinstance(statement, tree.Sizing) else "exit after"
