"""The syntax tree of a Pine script. Every node knows its line; a statement knows its last line as well."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Expr:
    """Any expression. `brackets`: it stood in brackets of its own."""

    line: int
    brackets: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class Num(Expr):
    text: str


@dataclass(slots=True)
class Str(Expr):
    value: str


@dataclass(slots=True)
class Truth(Expr):
    value: bool


@dataclass(slots=True)
class Color(Expr):
    """A colour such as #ff0000."""


@dataclass(slots=True)
class Name(Expr):
    """A name with its dots: `close`, `ta.tr`, `strategy.long`."""

    path: str


@dataclass(slots=True)
class Argument:
    name: str | None
    value: Expr


@dataclass(slots=True)
class Call(Expr):
    """A call of a named function. `receiver`: what stands before the dot where that is no name, as in f(x).g()."""

    path: str
    arguments: list[Argument]
    receiver: Expr | None = None


@dataclass(slots=True)
class Index(Expr):
    """`base[offset]`."""

    base: Expr
    offset: Expr


@dataclass(slots=True)
class Unary(Expr):
    operator: str
    operand: Expr


@dataclass(slots=True)
class Binary(Expr):
    operator: str
    left: Expr
    right: Expr


@dataclass(slots=True)
class Choice(Expr):
    """a ? b : c ? d : e, flat: the cases in their order, and what holds otherwise."""

    cases: list[tuple[Expr, Expr]]
    otherwise: Expr


@dataclass(slots=True)
class Items(Expr):
    """[a, b, c]."""

    items: list[Expr]


@dataclass(slots=True)
class IfValue(Expr):
    """An `if` or a `switch` whose value is used: the conditions (None: otherwise) with their blocks."""

    branches: list[tuple[Expr | None, list[Statement]]]


@dataclass(slots=True)
class LoopValue(Expr):
    """A `for` or `while` whose value is used."""


@dataclass(slots=True)
class Statement:
    """Any statement, with its first and last line. `head`: the last line of what stands before its block."""

    line: int
    end: int
    head: int = field(default=0, kw_only=True)


@dataclass(slots=True)
class Assign(Statement):
    """`names` more than one: a tuple. `operator`: `=` declares, `:=`, `+=` ... change. `mode`: "var" or "varip"."""

    names: list[str]
    operator: str
    value: Expr
    mode: str = ""
    type: str = ""


@dataclass(slots=True)
class Run(Statement):
    """An expression on its own: a call of `plot`, `strategy.entry` ..., or the value of a block."""

    value: Expr


@dataclass(slots=True)
class If(Statement):
    branches: list[tuple[Expr | None, list[Statement]]]


@dataclass(slots=True)
class Function(Statement):
    """`name(parameters) => body`. Parameters with their default values."""

    name: str
    parameters: list[tuple[str, Expr | None]]
    body: list[Statement]


@dataclass(slots=True)
class Loop(Statement):
    """`for` or `while`: read over, since a formula has no loops. `assigned`: names that it changes."""

    word: str
    assigned: list[str]


@dataclass(slots=True)
class Other(Statement):
    """What has no counterpart: `type`, `enum`, `import`, `export`, `method`."""

    word: str


@dataclass(slots=True)
class Broken(Statement):
    """A statement that could not be read, and why. `names`: what it would have defined."""

    message: str
    names: list[str]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment without its //. `own`: nothing stands before it on its line."""

    line: int
    text: str
    own: bool


@dataclass(slots=True)
class Script:
    """A whole script. `version`: that of //@version, else 1; `lines` its text, line by line."""

    version: int
    statements: list[Statement]
    comments: list[Comment]
    lines: list[str]
