"""What every part of the analysis shares: what is known so far, and the notes taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from apps.engine.lang import tree
from apps.engine.lang.analysis.values import ANY, Scope, Val
from apps.engine.lang.errors import Problem, nearest
from apps.engine.lang.names import Uses
from apps.engine.lang.parser import Parsed
from apps.engine.lang.settings import InputSpec, Setting
from apps.engine.program.calendar import Timeframe
from apps.engine.said import said

MOST_HINTS = 50


class Test(NamedTuple):
    """A node that asks something of two values (of a crossing: its inputs), and what became of it."""

    node: tree.Binary | tree.Call
    left: Val
    right: Val
    result: Val


class Context:
    """State of one analysis. Its parts build upon one another: each class adds the methods of its subject."""

    def __init__(self, parsed: Parsed, settings: Mapping[str, Any] | None, kinds: dict[str, str]) -> None:
        self.parsed = parsed
        self.settings = settings
        self.kinds = kinds  # of definitions, as far as an earlier round found them
        self.problems: set[Problem] = set()
        self.warnings: set[Problem] = set()
        self.inputs: dict[str, InputSpec] = {}
        self.input_nodes: dict[str, tree.Input] = {}
        self.values: dict[str, Setting] = {}
        self.definitions: dict[str, tree.Definition] = {}
        self.uses: dict[str, Uses] = {}
        self.order: list[str] = []
        self.circular: set[str] = set()
        self.known: set[str] = set()
        self.used: set[str] = set()
        self.chart = Scope(None)
        self.frames: dict[str, tuple[Timeframe, Scope]] = {}
        self.meant: dict[int, Val] = {}
        self.tests: list[Test] = []  # every comparison, crossing, `and` and `or` on the chart's own timeframe
        self.operators = 0  # built for definitions so far, on all timeframes
        self.hints = MOST_HINTS  # nearest names still to be looked for
        self.guesses: dict[str, str] = {}  # kinds taken for granted of series not yet built

    def wrong(
        self,
        at: tree.Expr | tree.Statement,
        message: str,
        hint: str = "",
        *,
        column: int = 0,
        field: str = "",
    ) -> Val:
        """Note an error at the node `at`, or at its `field` (a key of its JSON form), which stands at `column`."""
        self.problems.add(self.problem(at, message, hint, column, field))
        return ANY

    def doubt(
        self,
        at: tree.Expr | tree.Statement,
        message: str,
        hint: str = "",
        *,
        column: int = 0,
        field: str = "",
    ) -> None:
        """Note a warning, likewise."""
        self.warnings.add(self.problem(at, message, hint, column, field))

    def wrong_as_a_whole(self, message: str, hint: str) -> None:
        """Note an error that has no place of its own."""
        self.problems.add(Problem(1, 1, message, hint))

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """`errors.nearest`, for the first of many unknown names: it takes long, and nobody reads a thousand hints."""
        self.hints -= 1
        return nearest(word, known) if self.hints >= 0 else ""

    def problem(
        self, at: tree.Expr | tree.Statement, message: str, hint: str, column: int, field: str
    ) -> Problem:
        node = self.parsed.paths[id(at)] + (f"/{field}" if field else "")
        return Problem(at.line, column or at.column, message, hint, node)

    def constant(self, scope: Scope, value: float, type_: str = "number") -> Val:
        return Val(type_, scope.graph.constant(float(value), "b" if type_ == "truth" else "f"))

    def const_of(self, scope: Scope, val: Val) -> float | None:
        return scope.graph.values[val.ref].const if val.ref >= 0 else None

    def expression(self, scope: Scope, node: tree.Expr) -> Val:
        """What `node` is, built into the graph of `scope`."""
        raise NotImplementedError

    def single(self, scope: Scope, node: tree.Expr) -> Val:
        """The expression's one value."""
        val = self.expression(scope, node)
        return self.choose_one(node, val) if val.type == "many" else val

    def choose_one(self, at: tree.Expr, val: Val) -> Val:
        names = " ".join(f".{name}" for name, _ in val.fields)
        return self.wrong(
            at,
            said("`{function}` has several values", function=val.function),
            said("choose one of {names}", names=names),
        )
