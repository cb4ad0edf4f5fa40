"""Lines of Pine, and expressions of the language turned into them.

Pine keeps the history of a call only where the call runs on every bar, and `and`, `or` and `?:` skip what they do not
need. So every call that remembers something becomes a line of its own, named x_1, x_2 and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.engine.lang import tree
from apps.engine.lang.errors import Problem
from apps.engine.lang.functions import FUNCTIONS, TIMEFRAME_FUNCTION
from apps.engine.pine.exporter.literals import number, quoted
from apps.engine.pine.exporter.meaning import Meaning, Type
from apps.engine.pine.functions import call_form
from apps.engine.pine.names import pine_name
from apps.engine.program.calendar import DAY, MINUTE, WEEK, Timeframe, read_timeframe
from apps.engine.said import said

_LEVELS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!="), 3),
    **dict.fromkeys(("<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
}
_BY_ZERO = {"/": "f_div", "%": "f_mod"}  # na where Pine may say infinity
_UNARY = 7
_TIGHT = 8


@dataclass(frozen=True)
class Piece:
    """A Pine expression: its text, how tightly it binds, and its type."""

    text: str
    level: int
    type: Type

    def at(self, level: int) -> str:
        """The text where only what binds at `level` may stand, in brackets where it binds less."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass
class Code:
    """The script's lines as they grow. `types`: of every name that has a line already, by the formula's name;
    `known`: the temporary of each line that has one, `made`: all temporaries; `declared`: names whose past can be
    read before their own line; `frames`: the temporaries that hold values of other timeframes, by their number in
    the chart's graph."""

    meaning: Meaning
    types: dict[str, Type] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    frames: dict[int, str] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def temporary(self, type_: Type, text: str) -> str:
        """The name of a line `text`, a new one or that of the same line before."""
        key = f"{type_} {text}"
        if key not in self.known:
            self.known[key] = self._next_name()
            self.lines.append(f"{type_} {self.known[key]} = {text}")
        return self.known[key]

    def _next_name(self) -> str:
        name = f"x_{len(self.made) + 1}"
        self.made.add(name)
        return name

    def wrong(self, at: tree.Expr, message: str, hint: str = "") -> None:
        self.problems.append(Problem(at.line, at.column, message, hint, self.meaning.paths.get(id(at), "")))

    # expressions

    def expression(self, node: tree.Expr, top: bool = False) -> Piece:
        """`node` in Pine; what must stand alone is added to the lines first. `top`: it will have a line for itself."""
        piece = self._expression(node, top)
        if node.brackets and piece.level < _TIGHT:
            return Piece(f"({piece.text})", _TIGHT, piece.type)
        return piece

    def _expression(self, node: tree.Expr, top: bool) -> Piece:
        match node:
            case tree.Number():
                return self._number(node)
            case tree.Truth():
                return Piece("true" if node.value else "false", _TIGHT, "bool")
            case tree.Text():
                return Piece(quoted(node.value), _TIGHT, "string")
            case tree.Name():
                return self._name(node, top)
            case tree.Call():
                return self._call(node, top)
            case tree.Field():
                return self._field(node)
            case tree.History():
                return self._history(node)
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Ternary():
                return self._ternary(node)
        raise TypeError(f"not an expression: {node!r}")

    def _unary(self, node: tree.Unary) -> Piece:
        signs = [node.operator]
        last = node.operand
        while isinstance(last, tree.Unary) and not last.brackets:
            signs.append(last.operator)
            last = last.operand
        operand = self.expression(last)
        text = operand.at(_UNARY)
        if node.operator == "not":
            return Piece("not " * len(signs) + text, _UNARY, "bool")
        text = f"({text})" if text.startswith("-") else text
        text = "-(" * (len(signs) - 1) + f"-{text}" + ")" * (len(signs) - 1)  # Pine has no --x
        return Piece(text, _UNARY, operand.type)

    def _number(self, node: tree.Number) -> Piece:
        if node.is_percent:  # the only place in which 100.0 is written so
            return Piece(f"{number(float(node.text.rstrip('%')))} / 100.0", _LEVELS["/"], "float")
        text = number(node.value)
        return Piece(text, _TIGHT, "int" if text.isdigit() else "float")

    def _name(self, node: tree.Name, top: bool) -> Piece:
        name = node.name
        if name == "na":  # Pine compares and computes with a na only where it knows its type
            return Piece("na" if top else self.temporary("float", "na"), _TIGHT, "float")
        if name in self.types:
            return Piece(pine_name(name), _TIGHT, self.types[name])
        form = call_form(name, 0)
        type_: Type = "int" if form.whole else "float"
        if form.steady or (top and form.template.startswith("f_")):
            return Piece(form.template, _TIGHT, type_)
        return self._alone(form.template, type_, top)

    def _alone(self, text: str, type_: Type, top: bool) -> Piece:
        """A call that needs a line of its own."""
        if top and f"{type_} {text}" not in self.known:
            return Piece(text, _TIGHT, type_)
        return Piece(self.temporary(type_, text), _TIGHT, type_)

    def _arguments(self, node: tree.Call) -> list[str]:
        parameters = FUNCTIONS[node.name].parameters
        texts = []
        for i, argument in enumerate(node.arguments):
            parameter = parameters[min(i, len(parameters) - 1)]
            texts.append(
                self.whole(argument) if parameter.kind == "length" else self.expression(argument).text
            )
        return texts

    def whole(self, node: tree.Expr) -> str:
        """A constant that Pine must see as an int."""
        piece = self.expression(node)
        return piece.text if piece.type == "int" else f"int({piece.text})"

    def _call(self, node: tree.Call, top: bool) -> Piece:
        if node.name == TIMEFRAME_FUNCTION:
            return self._timeframe(node)
        form = call_form(node.name, len(node.arguments))
        text = form.template.format(*self._arguments(node))
        function = FUNCTIONS[node.name]
        type_: Type = "bool" if function.result == "truth" else "int" if form.whole else "float"
        return Piece(text, _TIGHT, type_) if form.steady else self._alone(text, type_, top)

    def _field(self, node: tree.Field) -> Piece:
        call = node.base
        assert isinstance(call, tree.Call)  # only calls have several values
        form = call_form(call.name, len(call.arguments))
        arguments = self._arguments(call)
        text = form.template.format(*arguments)
        if call.name == "macd" and not self._in_order(call.arguments[1], call.arguments[2]):
            text = f"f_macd({', '.join(arguments)})"
        if text not in self.known:
            names = [self._next_name() for _ in form.outputs]
            self.lines.append(f"[{', '.join(names)}] = {text}")
            self.known[text] = names[0]
        first = int(self.known[text].removeprefix("x_"))
        return Piece(f"x_{first + form.outputs.index(node.name)}", _TIGHT, "float")

    def _in_order(self, fast: tree.Expr, slow: tree.Expr) -> bool:
        """Whether `fast` is known not to be above `slow`, as the inputs are set; Pine's macd does not sort them."""
        low, high = self.meaning.value_of(fast), self.meaning.value_of(slow)
        return low is not None and high is not None and low <= high

    def _history(self, node: tree.History) -> Piece:
        ago = self.whole(node.ago)
        base = node.base
        if isinstance(base, tree.Name) and self.meaning.is_own(base.name):
            self.declare(base.name)
            return Piece(f"{pine_name(base.name)}[{ago}]", _TIGHT, self.types[base.name])
        piece = self.expression(base, top=True)
        is_column = isinstance(base, tree.Name) and base.name != "na" and call_form(base.name, 0).steady
        stands = is_column or piece.text in self.made
        text = piece.text if stands else self.temporary(_declared(piece.type), piece.text)
        return Piece(f"{text}[{ago}]", _TIGHT, piece.type)

    def declare(self, name: str) -> None:
        """Make the past of `name` readable before its line stands."""
        if name not in self.types:
            type_ = self.meaning.type_of(name)
            self.types[name] = type_
            self.declared.add(name)
            self.lines.append(f"{type_} {pine_name(name)} = {'false' if type_ == 'bool' else 'na'}")

    def _binary(self, node: tree.Binary) -> Piece:
        spine = [node]
        while isinstance(spine[-1].left, tree.Binary) and not spine[-1].left.brackets:
            spine.append(spine[-1].left)
        left = self.expression(spine[-1].left)
        for part in reversed(spine):
            left = self._operation(part.operator, left, self.expression(part.right), part.right)
        return left

    def _operation(self, operator: str, left: Piece, right: Piece, divisor: tree.Expr) -> Piece:
        level = _LEVELS[operator]
        if operator in _BY_ZERO and not (isinstance(divisor, tree.Number) and divisor.value != 0):
            return Piece(f"{_BY_ZERO[operator]}({left.text}, {right.text})", _TIGHT, "float")
        text = f"{left.at(level)} {operator} {right.at(level + 1)}"
        if level < _LEVELS["+"]:
            return Piece(text, level, "bool")
        whole = left.type == right.type == "int" and operator != "/"
        return Piece(text, level, "int" if whole else "float")

    def _ternary(self, node: tree.Ternary) -> Piece:
        parts = []
        types: list[Type] = []
        last: tree.Expr = node
        while isinstance(last, tree.Ternary) and (last is node or not last.brackets):
            then = self.expression(last.then, top=_is_na(last.then) and not _is_na(node.otherwise))
            parts.append(f"{self.expression(last.condition).at(1)} ? {then.at(1)} : ")
            types.append(then.type)
            last = last.otherwise
        end = self.expression(last, top=_is_na(last) and not _is_na(node.then))
        types.append(end.type)
        type_: Type = types[0] if len(set(types)) == 1 else "float"
        return Piece("".join(parts) + end.at(1), 0, type_)

    # other timeframes

    def _timeframe(self, node: tree.Call) -> Piece:
        """The value of the last closed higher bar: that of this one on the chart's bar that ends it, else that of the
        one before. Neither of the two requests alone says that on past and on live bars alike."""
        named, inner = node.arguments
        for name in sorted(self.meaning.behind(inner) & self.meaning.recursive):
            self.wrong(
                node,
                said("`{name}` uses its own past, which Pine cannot compute on another timeframe", name=name),
                said("leave `{name}` out of tf()", name=name),
            )
            return Piece("na", _TIGHT, "float")
        frame = self._frame_of(named)
        ends = self.temporary("bool", f"time_close == time_close({frame})")
        value = self.expression(inner, top=True)
        type_ = _declared(value.type)
        held = value.text
        if held not in self.made and not (isinstance(inner, tree.Name) and inner.name in self.types):
            held = self.temporary(type_, value.text)
        request = f"request.security(syminfo.tickerid, {frame}, {held}"
        now = self.temporary(type_, f"{request}, lookahead = barmerge.lookahead_off)")
        past = self.temporary(type_, f"{request}[1], lookahead = barmerge.lookahead_on)")
        result = self.temporary(type_, f"{ends} ? {now} : {past}")
        if type_ == "float":
            self.frames[self.meaning.ref_of(node)] = result
        return Piece(result, _TIGHT, type_)

    def _frame_of(self, named: tree.Expr) -> str:
        if isinstance(named, tree.Text):
            frame = read_timeframe(named.value)
            assert frame is not None  # the checker has read it
            return quoted(pine_timeframe(frame))
        return self.temporary("string", f"f_frame({self.expression(named).text})")


def _is_na(node: tree.Expr) -> bool:
    return isinstance(node, tree.Name) and node.name == "na"


def _declared(type_: Type) -> Type:
    return "float" if type_ == "int" else type_


def pine_timeframe(frame: Timeframe) -> str:
    """A timeframe as Pine writes it: 4h is "240", 1d "1D"."""
    if frame.months:
        return f"{frame.months}M"
    for unit, size in (("W", WEEK), ("D", DAY)):
        if frame.length % size == 0:
            return f"{frame.length // size}{unit}"
    assert frame.length % MINUTE == 0
    return str(frame.length // MINUTE)
