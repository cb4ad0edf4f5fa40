"""What is known while a script is imported: names in their scopes, definitions made so far, and what they are for.

Every assignment makes a new definition (static single assignment); the last one of a variable is what its history
means. Which of them the formula shows, and under which names, is decided at the end (`assemble`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.engine.lang import tree
from apps.engine.pine.importer.report import Cannot, Record
from apps.engine.pine.importer.values import NA, Value, measure, name, past
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

MAX_DEFINITIONS = 1_000
MAX_STEPS = 8_000  # expressions converted, functions unfolded: far beyond what a formula can hold
MAX_CALLS = 12  # functions that call one another


@dataclass(eq=False)
class Variable:
    """A variable of the script. `current`: its value at this point of the bar; `key` stands for its value at the end of
    the bar, as its history has it; `shown`: a variable of the script's own, outside of blocks and functions."""

    word: str
    key: str
    shown: bool
    current: Value = NA
    last: str = ""
    versions: int = 0
    born: int = 0  # how many blocks were open where it was declared


@dataclass
class Definition:
    """One value of a variable, or a part of an expression that is used more than once. `base`: the name it would like;
    `kept`: the formula must show it."""

    key: str
    expr: tree.Expr
    base: str
    record: Record
    kept: bool = False


@dataclass
class Define:
    key: str


@dataclass
class Input:
    key: str
    statement: tree.Input
    base: str


@dataclass
class Order:
    """strategy.entry, close and close_all: `side` of an entry, ids of what is closed (None: all)."""

    side: str
    ids: str | None
    condition: tree.Expr


@dataclass
class Exit:
    """strategy.exit: its prices and distances by Pine's names, its condition, and the blocks it stands in."""

    entry_id: str | None
    levels: dict[str, tree.Expr]
    condition: tree.Expr
    path: tuple[Value, ...]


@dataclass
class Alert:
    parts: list[str | tree.Expr]
    condition: tree.Expr


@dataclass
class Plot:
    value: tree.Expr
    title: str


@dataclass
class Size:
    statement: tree.Sizing


Payload = Define | Input | Order | Exit | Alert | Plot | Size


@dataclass
class Item:
    """Something the formula is to say, in the order of the script."""

    payload: Payload
    record: Record


@dataclass
class State:
    """The import of one script. `path`: conditions of the blocks around the current statement."""

    script: pine.Script
    title: str = ""
    kind: str = "indicator"
    scopes: list[dict[str, Variable]] = field(default_factory=lambda: [{}])
    functions: dict[str, pine.Function] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    definitions: dict[str, Definition] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    path: list[Value] = field(default_factory=list)
    assigned: list[dict[Variable, Value]] = field(default_factory=list)
    record: Record = field(default_factory=lambda: Record(1, 1))
    steps: int = 0
    calls: int = 0
    inputs: dict[str, tree.Input] = field(default_factory=dict)
    entries: dict[str, set[str]] = field(default_factory=dict)  # sides by the ids of strategy.entry
    closed_with: dict[int, set[str | None]] = field(default_factory=dict)  # by id of the record of a close
    entry_paths: list[tuple[Value, ...]] = field(default_factory=list)
    wanted: str = ""  # the name that is being assigned to: an input takes it

    def step(self) -> None:
        """Count a step of work, so that no script takes long. Raises Cannot."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Cannot(said("the script is too large to be imported: its functions unfold without end"))

    # names

    def find(self, word: str) -> Variable | None:
        for scope in reversed(self.scopes):
            if word in scope:
                return scope[word]
        return None

    def declare(self, word: str) -> Variable:
        """A new variable of the innermost scope."""
        shown = len(self.scopes) == 1 and self.calls == 0
        variable = Variable(word, f"${len(self.variables)}", shown, born=len(self.assigned))
        self.variables.append(variable)
        self.scopes[-1][word] = variable
        return variable

    def bind(self, variable: Variable, value: Value) -> None:
        """Give the variable its next value: a number or truth becomes a definition."""
        if value.kind in ("number", "truth") and value.expr is not None:
            own_input = isinstance(value.expr, tree.Name) and value.expr.name in self.inputs
            if own_input and variable.versions == 0 and self.record_wants(variable, value):
                variable.last = getattr(value.expr, "name", "")
            else:
                variable.versions += 1
                key = f"{variable.key}.{variable.versions}"
                self.define(key, value.expr, variable.word)
                variable.last = key
                value = Value(value.kind, name(key), integer=value.integer)
        self.set(variable, value)

    def record_wants(self, variable: Variable, value: Value) -> bool:
        """Whether the value is the input that was declared under this variable's name."""
        declared = self.inputs[getattr(value.expr, "name", "")]
        return declared.name == variable.word

    def set(self, variable: Variable, value: Value) -> None:
        if variable.born < len(self.assigned):
            self.assigned[-1].setdefault(variable, variable.current)
        variable.current = value

    def define(self, key: str, expr: tree.Expr, base: str, kept: bool = False) -> None:
        if len(self.definitions) >= MAX_DEFINITIONS:
            raise Cannot(said("the script is too large to be imported: it makes too many series"))
        self.definitions[key] = Definition(key, expr, base, self.record, kept)
        self.items.append(Item(Define(key), self.record))

    def shared(self, value: Value, base: str) -> Value:
        """The value as a definition of its own where it is more than a word or two, so that it can be used often."""
        if value.expr is None or value.kind not in ("number", "truth") or measure(value.expr)[0] <= 3:
            return value
        key = f"${base}:{len(self.definitions)}"
        self.define(key, value.expr, base)
        return Value(value.kind, name(key), integer=value.integer)

    def history(self, variable: Variable, ago: tree.Expr) -> Value:
        """The variable as of bars ago."""
        current = variable.current
        kind = "truth" if current.kind == "truth" else "number"
        return Value(kind, past(name(variable.key), ago), integer=current.integer)  # type: ignore[arg-type]

    def add(self, payload: Payload) -> None:
        self.items.append(Item(payload, self.record))
        self.record.note("imported")
