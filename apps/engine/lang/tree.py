"""The syntax tree of a formula. Every node knows where it stands; brackets and comments are kept for the writer."""

from dataclasses import dataclass, field
from typing import Literal

# how tightly the operators between two expressions bind; Pine's precedence
LEVELS = {
    "or": 1,
    "and": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
UNARY_OPERATORS = ("-", "not")


@dataclass(slots=True)
class Expr:
    """Any expression. `brackets` counts the pairs written around it; they carry no meaning of their own."""

    line: int
    column: int
    brackets: int = field(default=0, kw_only=True)


@dataclass(slots=True)
class Number(Expr):
    """A number or a percentage as it was written: `text` is "14", "0.5", "3%"."""

    text: str
    value: float
    is_percent: bool = False


@dataclass(slots=True)
class Truth(Expr):
    value: bool


@dataclass(slots=True)
class Text(Expr):
    value: str


@dataclass(slots=True)
class Name(Expr):
    """A word standing alone: a definition, an input, `close`, a function without arguments, or `na`."""

    name: str


@dataclass(slots=True)
class Call(Expr):
    name: str
    arguments: list[Expr]


@dataclass(slots=True)
class Field(Expr):
    """One value of a many-valued function: `base.name`."""

    base: Expr
    name: str


@dataclass(slots=True)
class History(Expr):
    """`base[ago]`."""

    base: Expr
    ago: Expr


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
class Ternary(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(slots=True)
class Statement:
    """Any statement. `comments` stand on lines before it, `comment` behind it; `gap`: an empty line before."""

    line: int
    column: int
    comments: list[str] = field(default_factory=list, kw_only=True)
    comment: str | None = field(default=None, kw_only=True)
    gap: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class Input(Statement):
    """`kind` is that of the default: integer, number, percent, truth or text; numbers as floats."""

    name: str
    name_column: int
    kind: Literal["integer", "number", "percent", "truth", "text"]
    default: Expr
    low: Expr | None = None
    high: Expr | None = None
    step: Expr | None = None
    choices: list[Text] | None = None
    label: str | None = None


@dataclass(slots=True)
class Definition(Statement):
    name: str
    value: Expr


@dataclass(slots=True)
class Condition(Statement):
    """`long when`, `short when`, `exit long when`, `exit short when`, `exit when`."""

    kind: Literal["long", "short", "exit_long", "exit_short", "exit"]
    condition: Expr


@dataclass(slots=True)
class ExitAfter(Statement):
    bars: Expr


@dataclass(slots=True)
class Protect(Statement):
    kind: Literal["stop_loss", "take_profit", "trailing_stop"]
    mode: Literal["percent", "by", "at"]
    value: Expr


@dataclass(slots=True)
class Sizing(Statement):
    """`mode`: amount (a percentage or quote currency, by the type of `value`), units or risk."""

    mode: Literal["amount", "units", "risk"]
    value: Expr


@dataclass(slots=True)
class Alert(Statement):
    text: str
    text_column: int
    condition: Expr


@dataclass(slots=True)
class Plot(Statement):
    value: Expr
    name: str
    name_column: int


@dataclass(slots=True)
class Formula:
    """Statements in their order, and the comments after the last one."""

    statements: list[Statement]
    closing_comments: list[str] = field(default_factory=list)


def literal_kind(literal: Expr) -> Literal["integer", "number", "percent", "truth", "text"]:
    """The kind of an input whose default is `literal`, a plain value."""
    if isinstance(literal, Truth):
        return "truth"
    if isinstance(literal, Text):
        return "text"
    assert isinstance(literal, Number)
    if literal.is_percent:
        return "percent"
    return "integer" if literal.text.lstrip("-").isdigit() else "number"
