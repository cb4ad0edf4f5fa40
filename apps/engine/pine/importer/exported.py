"""Scripts that the exporter wrote: read back into exactly the formula they came from.

Only the part between `//- Formula` and the orders or alerts is read; the rest of such a script follows from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.engine.lang import check, tree
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.writer import write
from apps.engine.pine.exporter import export_pine
from apps.engine.pine.functions import FORMS
from apps.engine.pine.importer.report import Cannot, LineReport, PineImport
from apps.engine.pine.importer.requests import frame_name
from apps.engine.pine.names import formula_name
from apps.engine.pine.reader import read_script
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

_START, _ENDS = "//- Formula", ("//- Orders", "//- Alerts")
_MOVED = re.compile(r"//- (\w+) is computed above, where it is first needed")
_TEMPORARY = re.compile(r"x_\d+")
_CONDITION = re.compile(r"(long|short|exit_long|exit_short|exit|alert)_\d+")
_PROTECT = re.compile(r"(stop_loss|take_profit|trailing_stop)_(percent|by|at)")
_SIZE = {"size_percent": "amount", "size_cash": "amount", "size_units": "units", "size_risk": "risk"}
_OPERATORS = {"f_div": "/", "f_mod": "%"}
_SEVERAL = re.compile(r"f_(max|min|avg)\d*")
_PLACE = re.compile(r"\{(\d+)\}")
_KINDS = {"int": "integer", "float": "number", "bool": "truth", "string": "text"}
_CLOSES = tree.Name(0, 0, "@closes")  # whether the chart's bar closes a higher one


@dataclass(frozen=True)
class _Pattern:
    """A call of Pine's that stands for the function `name`: the place of each argument, or its fixed text."""

    name: str
    arguments: tuple[int | str, ...]
    outputs: tuple[str, ...]


def _patterns() -> tuple[dict[str, list[_Pattern]], dict[str, str]]:
    """The exporter's table the other way round: by Pine's function, and by Pine's variable."""
    calls: dict[str, list[_Pattern]] = {}
    variables: dict[str, str] = {}
    for form in FORMS.values():
        path, bracket, inner = form.template.partition("(")
        if not bracket:
            variables[path] = form.name
            continue
        words = [word.strip() for word in inner.rstrip(")").split(",")] if inner != ")" else []
        places = tuple(int(m.group(1)) if (m := _PLACE.fullmatch(word)) else word for word in words)
        calls.setdefault(path, []).append(_Pattern(form.name, places, form.outputs))
    return calls, variables


_CALLS, _VARIABLES = _patterns()


class _NotOurs(Exception):
    """The script is not as the exporter writes them."""


def import_exported(source: str, lines: list[str]) -> PineImport | None:
    """The formula of an exported script; None where `source` is none, or was changed where it matters."""
    if _START not in lines:
        return None
    start = lines.index(_START)
    end = next((at for at in range(start, len(lines)) if lines[at] in _ENDS), None)
    if end is None:
        return None
    part = ["" if not start < at < end else line for at, line in enumerate(lines)]
    try:
        formula = _Reader(part).formula()
    except (_NotOurs, Cannot):
        return None
    text = write(formula)
    if not check(text).ok:
        return None
    header = next(
        (s for s in read_script("\n".join(lines[:start])).statements if isinstance(s, pine.Run)), None
    )
    call = header.value if header is not None else None
    if (
        not isinstance(call, pine.Call)
        or not call.arguments
        or not isinstance(call.arguments[0].value, pine.Str)
    ):
        return None
    title = call.arguments[0].value.value
    strategy = call.path == "strategy"
    again = export_pine(text, kind="strategy" if strategy else "indicator", name=title).script.split("\n")
    report = []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        same = at < len(again) and again[at] == line
        if start < at < end:
            generated = line.startswith("//- ")
            status, message = ("ignored", said("made by the export")) if generated else ("imported", "")
        elif same or line.startswith("//"):
            status, message = "ignored", said("made by the export: it follows from the formula")
        else:
            status, message = (
                "needs_edit",
                said("changed since the export: only the part headed Formula was read"),
            )
        report.append(LineReport(at + 1, status, message, line))  # type: ignore[arg-type]
    return PineImport(text, title, True, report)


class _Reader:
    """The statements between the marks, one after another."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.script = read_script("\n".join(lines))
        self.temporaries: dict[str, tree.Expr] = {}
        self.alert: tree.Alert | None = None

    def formula(self) -> tree.Formula:
        changed = {
            s.names[0] for s in self.script.statements if isinstance(s, pine.Assign) and s.operator == ":="
        }
        found: list[tuple[int, str, tree.Statement]] = []
        for node in self.script.statements:
            predeclared = isinstance(node, pine.Assign) and node.operator == "=" and node.names[0] in changed
            if predeclared:
                continue
            statement = self.statement(node)
            if statement is not None:
                word = node.names[0] if isinstance(node, pine.Assign) else ""
                found.append((node.line, word, statement))
        return self.arranged(found)

    def arranged(self, found: list[tuple[int, str, tree.Statement]]) -> tree.Formula:
        """The statements with their comments, those that were moved up back in their places."""
        behind = {c.line: c.text for c in self.script.comments if not c.own}
        above = [
            (c.line, c.text)
            for c in self.script.comments
            if c.own and not c.text.startswith("- ") and c.text != "-"
        ]
        places = {m.group(1): at + 1 for at, line in enumerate(self.lines) if (m := _MOVED.fullmatch(line))}
        entries: list[tuple[int, tree.Statement]] = []
        at = 0
        for line, word, statement in found:
            while at < len(above) and above[at][0] < line:
                statement.comments.append(above[at][1])
                at += 1
            statement.comment = behind.get(line)
            entries.append((places.get(word, line), statement))
        entries.sort(key=lambda entry: entry[0])
        last = 0
        for line, statement in entries:
            between = self.lines[last : line - 1]
            statement.gap = last > 0 and not all(text.strip() for text in between)
            last = line
        closing = [text for _, text in above[at:]]
        return tree.Formula([statement for _, statement in entries], closing)

    # statements

    def statement(self, node: pine.Statement) -> tree.Statement | None:
        if isinstance(node, pine.Run):
            return self.plot(node.value)
        if not isinstance(node, pine.Assign):
            raise _NotOurs
        if len(node.names) > 1 or (node.type == "" and node.operator == "="):
            self.several(node)
            return None
        word = node.names[0]
        if _TEMPORARY.fullmatch(word):
            self.temporaries[word] = self.expression(node.value)
            return None
        if word.startswith("text_") and word[5:].isdigit() and self.alert is not None:
            self.alert.text = self.text(node.value)
            return None
        made = self.setting(word, node.value)
        if made is not None:
            return made
        name = formula_name(word)
        given = self.input(name, node.value)
        return given if given is not None else tree.Definition(0, 0, name, self.expression(node.value))

    def several(self, node: pine.Assign) -> None:
        """[x_1, x_2] = a many-valued function."""
        made = self.expression(node.value)
        if not isinstance(made, tree.Call) or not isinstance(node.value, pine.Call):
            raise _NotOurs
        own = FUNCTIONS[made.name].outputs  # of the script's helper functions
        outputs = next((p.outputs for p in _CALLS.get(node.value.path, []) if p.name == made.name), own)
        if len(outputs) != len(node.names):
            raise _NotOurs
        for word, output in zip(node.names, outputs, strict=True):
            self.temporaries[word] = tree.Field(0, 0, made, output)

    def plot(self, node: pine.Expr) -> tree.Statement:
        if not isinstance(node, pine.Call) or node.path != "plot" or len(node.arguments) != 2:
            raise _NotOurs
        value, title = (argument.value for argument in node.arguments)
        if not isinstance(title, pine.Str):
            raise _NotOurs
        return tree.Plot(0, 0, self.expression(value), title.value, 0)

    def setting(self, word: str, value: pine.Expr) -> tree.Statement | None:
        """Conditions and settings, by their fixed names."""
        condition = _CONDITION.fullmatch(word)
        if condition is not None:
            kind = condition.group(1)
            if kind == "alert":
                self.alert = tree.Alert(0, 0, "", 0, self.expression(value))
                return self.alert
            return tree.Condition(0, 0, kind, self.expression(value))  # type: ignore[arg-type]
        protect = _PROTECT.fullmatch(word)
        if protect is not None:
            word, mode = protect.groups()
            return tree.Protect(0, 0, word, mode, self.expression(value))  # type: ignore[arg-type]
        if word == "exit_after":
            return tree.ExitAfter(0, 0, self.expression(value))
        if word in _SIZE:
            return tree.Sizing(0, 0, _SIZE[word], self.expression(value))  # type: ignore[arg-type]
        return None

    # inputs and texts

    def input(self, name: str, node: pine.Expr) -> tree.Input | None:
        is_percent = False
        if (
            isinstance(node, pine.Binary)
            and isinstance(node.left, pine.Call)
            and node.left.path == "input.float"
        ):
            is_percent, node = True, node.left
        if not isinstance(node, pine.Call) or not node.path.startswith("input."):
            return None
        kind = "percent" if is_percent else _KINDS.get(node.path[6:], "")
        result = tree.Input(0, 0, name, 0, kind, tree.Expr(0, 0))  # type: ignore[arg-type]
        for position, argument in enumerate(node.arguments):
            value = argument.value
            if argument.name is None and position == 0:
                result.default = self.literal(value, kind)
            elif argument.name is None and position == 1 and isinstance(value, pine.Str):
                result.label = value.value
            elif argument.name in ("minval", "maxval", "step"):
                part = {"minval": "low", "maxval": "high", "step": "step"}[argument.name]
                bound = self.literal(value, kind)
                if isinstance(bound, tree.Number):  # a bound needs no point to be a number
                    bound.text = bound.text.removesuffix(".0")
                setattr(result, part, bound)
            elif argument.name == "options" and isinstance(value, pine.Items):
                texts = [item.value for item in value.items if isinstance(item, pine.Str)]
                result.choices = [tree.Text(0, 0, text) for text in texts]
            elif argument.name != "tooltip":
                raise _NotOurs
        return result

    def literal(self, node: pine.Expr, kind: str) -> tree.Expr:
        sign = ""
        if isinstance(node, pine.Unary) and node.operator == "-":
            sign, node = "-", node.operand
        match node:
            case pine.Num():
                text = sign + node.text
                if kind == "percent":
                    text = text.removesuffix(".0")
                    return tree.Number(0, 0, text + "%", float(text) / 100.0, True)
                return tree.Number(0, 0, text, float(text))
            case pine.Str():
                return tree.Text(0, 0, node.value)
            case pine.Truth():
                return tree.Truth(0, 0, node.value)
        raise _NotOurs

    def text(self, node: pine.Expr) -> str:
        """The text of an alert from the sum of its parts."""
        parts: list[pine.Expr] = []
        while isinstance(node, pine.Binary) and node.operator == "+":
            parts.append(node.right)
            node = node.left
        parts.append(node)
        return "".join(self.text_part(part) for part in reversed(parts))

    def text_part(self, node: pine.Expr) -> str:
        if isinstance(node, pine.Str):
            return node.value
        if isinstance(node, pine.Name) and node.path == "syminfo.ticker":
            return "{symbol}"
        if isinstance(node, pine.Call) and node.path == "f_time":
            return "{time}"
        if isinstance(node, pine.Call) and node.path in ("f_text", "f_truth"):
            node = node.arguments[0].value
        shown = self.expression(node)
        if not isinstance(shown, tree.Name):
            raise _NotOurs
        return "{" + shown.name + "}"

    # expressions

    def expression(self, node: pine.Expr) -> tree.Expr:
        result = self.meaning(node)
        if node.brackets and isinstance(result, tree.Binary | tree.Ternary | tree.Unary):
            result.brackets = 1
        return result

    def meaning(self, node: pine.Expr) -> tree.Expr:
        match node:
            case pine.Num():
                return tree.Number(0, 0, node.text, float(node.text))
            case pine.Truth():
                return tree.Truth(0, 0, node.value)
            case pine.Str():
                return tree.Text(0, 0, node.value)
            case pine.Name():
                return self.name(node.path)
            case pine.Index():
                return tree.History(0, 0, self.expression(node.base), self.expression(node.offset))
            case pine.Unary():
                return tree.Unary(0, 0, node.operator, self.expression(node.operand))
            case pine.Binary():
                return self.chain(node)
            case pine.Choice():
                return self.choice(node)
            case pine.Call():
                return self.call(node)
        raise _NotOurs

    def name(self, path: str) -> tree.Expr:
        if path in self.temporaries:
            return self.temporaries[path]
        if path in _VARIABLES:
            return tree.Name(0, 0, _VARIABLES[path])
        if path == "na":
            return tree.Name(0, 0, "na")
        if "." in path:
            raise _NotOurs
        return tree.Name(0, 0, formula_name(path))

    def chain(self, node: pine.Binary) -> tree.Expr:
        spine = [node]
        left = node.left
        while isinstance(left, pine.Binary) and not left.brackets:
            spine.append(left)
            left = left.left
        if isinstance(left, pine.Name) and left.path == "time_close":
            return _CLOSES
        result = self.expression(left)
        for one in reversed(spine):
            in_percent = one.operator == "/" and isinstance(one.right, pine.Num) and one.right.text == "100.0"
            result = self.percent(result) if in_percent else self.binary(one, result)
        return result

    def binary(self, node: pine.Binary, left: tree.Expr) -> tree.Expr:
        return tree.Binary(0, 0, node.operator, left, self.expression(node.right))

    def percent(self, number: tree.Expr) -> tree.Expr:
        if isinstance(number, tree.Unary) and number.operator == "-":
            return tree.Unary(0, 0, "-", self.percent(number.operand))
        if not isinstance(number, tree.Number):
            raise _NotOurs
        return tree.Number(0, 0, number.text + "%", float(number.text) / 100.0, True)

    def choice(self, node: pine.Choice) -> tree.Expr:
        result = self.expression(node.otherwise)
        for condition_node, then_node in reversed(node.cases):
            condition, then = self.expression(condition_node), self.expression(then_node)
            result = then if condition is _CLOSES else tree.Ternary(0, 0, condition, then, result)
        return result

    def call(self, node: pine.Call) -> tree.Expr:
        path = node.path
        if node.receiver is not None:
            raise _NotOurs
        if path == "request.security":
            frame, inner = (argument.value for argument in node.arguments[1:3])
            word = (
                tree.Text(0, 0, frame_name(frame.value))
                if isinstance(frame, pine.Str)
                else self.expression(frame)
            )
            return tree.Call(0, 0, "tf", [word, self.expression(inner)])
        arguments = [self.expression(argument.value) for argument in node.arguments]
        if path in ("int", "f_frame"):
            return arguments[0]
        if path in _OPERATORS:
            return tree.Binary(0, 0, _OPERATORS[path], *arguments)
        several = _SEVERAL.fullmatch(path)
        if several is not None:
            return tree.Call(0, 0, several.group(1), arguments)
        if path in ("nz", "math.round", "f_round"):
            return tree.Call(0, 0, "nz" if path == "nz" else "round", arguments)
        if path.startswith("f_") and path[2:] in FUNCTIONS:
            name = path[2:]
            return tree.Call(0, 0, name, arguments) if arguments else tree.Name(0, 0, name)
        for pattern in _CALLS.get(path, []):
            made = self.matched(pattern, node, arguments)
            if made is not None:
                return made
        raise _NotOurs

    def matched(self, pattern: _Pattern, node: pine.Call, arguments: list[tree.Expr]) -> tree.Expr | None:
        """The call in our words, where its fixed arguments are those of the pattern."""
        if len(pattern.arguments) != len(arguments):
            return None
        found: dict[int, tree.Expr] = {}
        for place, argument, given in zip(pattern.arguments, node.arguments, arguments, strict=True):
            if isinstance(place, int):
                found.setdefault(place, given)
            elif not _is_word(argument.value, place):
                return None
        if not found:
            return tree.Name(0, 0, pattern.name)
        return tree.Call(0, 0, pattern.name, [found[place] for place in sorted(found)])


def _is_word(node: pine.Expr, word: str) -> bool:
    return (isinstance(node, pine.Name) and node.path == word) or (
        isinstance(node, pine.Num) and node.text == word
    )
