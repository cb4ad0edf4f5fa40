"""Logical lines to statements: blocks by indentation, expressions by precedence climbing."""

import re

from apps.engine.pine.reader import syntax as pine
from apps.engine.pine.reader.lexer import Line, Token, read_lines, split_lines
from apps.engine.said import said

MAX_DEPTH = 40  # brackets and signs within one another
MAX_BLOCKS = 12  # blocks within one another
MAX_BRANCHES = 60  # of one if or switch
_LEVELS = {
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
_TYPES = frozenset(
    [
        "int",
        "float",
        "bool",
        "string",
        "color",
        "line",
        "label",
        "box",
        "table",
        "linefill",
        "polyline",
        "array",
        "matrix",
        "map",
    ]
)
_QUALIFIERS = frozenset(["const", "input", "simple", "series"])
_CHANGES = frozenset([":=", "+=", "-=", "*=", "/=", "%="])
_OTHER = frozenset(["type", "enum", "import", "export", "method", "library"])
_BRANCHES = said("one if or switch has more than {max_branches} branches", max_branches=MAX_BRANCHES)
_ESCAPES = {"n": "\n", "t": "\t"}


class _Unreadable(Exception):
    """What is wrong with the statement."""


def read_script(source: str) -> pine.Script:
    """The tree of `source`. Raises TooLong beyond the limits, and nothing else on any text."""
    lines = split_lines(source)
    logical, comments = read_lines(lines)
    blocks = _Blocks(logical)
    statements: list[pine.Statement] = []
    while blocks.at < len(logical):
        statements += blocks.statement(logical[blocks.at].indent, 0)
    version = 1
    for comment in comments:
        found = re.match(r"@version\s*=\s*([0-9]{1,2})\b", comment.text)
        if found is not None:
            version = int(found.group(1))
            break
    return pine.Script(version, statements, comments, lines)


class _Blocks:
    """Reads statements and their blocks from logical lines."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.at = 0

    @property
    def last(self) -> int:
        """The last physical line that has been read."""
        return self.lines[self.at - 1].last

    def block(self, indent: int, depth: int) -> list[pine.Statement]:
        """The statements that stand deeper than `indent`."""
        if depth > MAX_BLOCKS:
            raise _Unreadable(
                said("more than {max_blocks} blocks stand within one another", max_blocks=MAX_BLOCKS)
            )
        result: list[pine.Statement] = []
        while self.at < len(self.lines) and self.lines[self.at].indent > indent:
            result += self.statement(self.lines[self.at].indent, depth)
        return result

    def is_else(self) -> bool:
        return self.lines[self.at].tokens[0].text == "else"

    def skip_block(self, indent: int) -> None:
        while self.at < len(self.lines) and self.lines[self.at].indent > indent:
            self.at += 1

    def statement(self, indent: int, depth: int) -> list[pine.Statement]:
        """The statement of the next line, or the several that commas join."""
        line = self.lines[self.at]
        self.at += 1
        reader = _LineReader(line)
        try:
            return self.read(reader, line, indent, depth)
        except _Unreadable as error:
            self.skip_block(indent)
            while self.at < len(self.lines) and self.lines[self.at].indent == indent and self.is_else():
                self.at += 1
                self.skip_block(indent)
            return [pine.Broken(line.first, self.last, error.args[0], _defined(line), head=line.last)]

    def read(self, reader: "_LineReader", line: Line, indent: int, depth: int) -> list[pine.Statement]:
        word = reader.next
        if word.kind == "name":
            if word.text == "if":
                branches = self.branches(reader, indent, depth)
                return [pine.If(line.first, self.last, branches, head=line.last)]
            if word.text == "switch":
                branches = self.switch(reader, indent, depth)
                return [pine.If(line.first, self.last, branches, head=line.last)]
            if word.text in ("for", "while"):
                return [self.loop(line, indent)]
            if word.text in _OTHER and reader.following.kind == "name":
                self.skip_block(indent)
                return [pine.Other(line.first, self.last, word.text, head=line.last)]
        if reader.is_function():
            return [self.function(reader, line, indent, depth)]
        result: list[pine.Statement] = []
        while True:
            result.append(self.simple(reader, line, indent, depth))
            if not reader.sees(","):
                break
            reader.take()
            if reader.next.kind == "end":
                break
        reader.finish()
        for statement in result:
            statement.end = self.last
            statement.head = line.last
        return result

    def simple(self, reader: "_LineReader", line: Line, indent: int, depth: int) -> pine.Statement:
        """An assignment or an expression."""
        if reader.sees("["):
            names = reader.tuple_names()
            if names is not None:
                return pine.Assign(line.first, line.last, names, "=", self.value(reader, indent, depth))
        mode, type_, name = reader.declaration()
        if name is not None and (
            reader.sees("=") or (not mode and not type_ and reader.next.text in _CHANGES)
        ):
            operator = reader.take().text
            value = self.value(reader, indent, depth)
            return pine.Assign(line.first, line.last, [name], operator, value, mode, type_)
        reader.back()
        return pine.Run(line.first, line.last, reader.expression())

    def value(self, reader: "_LineReader", indent: int, depth: int) -> pine.Expr:
        """What is assigned: an expression, an `if`, a `switch` or a loop."""
        word = reader.next
        if word.kind == "name" and word.text == "if":
            return pine.IfValue(word.line, self.branches(reader, indent, depth))
        if word.kind == "name" and word.text == "switch":
            return pine.IfValue(word.line, self.switch(reader, indent, depth))
        if word.kind == "name" and word.text in ("for", "while"):
            reader.skip()
            self.skip_block(indent)
            return pine.LoopValue(word.line)
        return reader.expression()

    def branches(
        self, reader: "_LineReader", indent: int, depth: int
    ) -> list[tuple[pine.Expr | None, list[pine.Statement]]]:
        """if, else if, else: conditions with their blocks."""
        reader.take()
        condition: pine.Expr | None = reader.expression()
        reader.finish()
        result: list[tuple[pine.Expr | None, list[pine.Statement]]] = []
        while True:
            result.append((condition, self.block(indent, depth + 1)))
            if len(result) > MAX_BRANCHES:
                raise _Unreadable(_BRANCHES)
            if condition is None or self.at >= len(self.lines):
                return result
            line = self.lines[self.at]
            if line.indent != indent or not self.is_else():
                return result
            self.at += 1
            reader = _LineReader(line)
            reader.take()
            condition = None
            if reader.sees("if"):
                reader.take()
                condition = reader.expression()
            reader.finish()

    def switch(
        self, reader: "_LineReader", indent: int, depth: int
    ) -> list[tuple[pine.Expr | None, list[pine.Statement]]]:
        """A switch as the same chain of conditions; with a subject, each is `subject == value`."""
        reader.take()
        subject = None if reader.next.kind == "end" else reader.expression()
        reader.finish()
        if depth >= MAX_BLOCKS:
            raise _Unreadable(
                said("more than {max_blocks} blocks stand within one another", max_blocks=MAX_BLOCKS)
            )
        result: list[tuple[pine.Expr | None, list[pine.Statement]]] = []
        while self.at < len(self.lines) and self.lines[self.at].indent > indent:
            if len(result) >= MAX_BRANCHES:
                raise _Unreadable(_BRANCHES)
            line = self.lines[self.at]
            self.at += 1
            arm = _LineReader(line)
            condition = None if arm.sees("=>") else arm.expression()
            if condition is not None and subject is not None:
                condition = pine.Binary(line.first, "==", subject, condition)
            arm.expect("=>")
            if arm.next.kind == "end":
                result.append((condition, self.block(line.indent, depth + 1)))
            else:
                body = self.simple(arm, line, line.indent, depth + 1)
                arm.finish()
                body.head = line.last
                result.append((condition, [body]))
        return result

    def loop(self, line: Line, indent: int) -> pine.Loop:
        start = self.at
        self.skip_block(indent)
        assigned = [name for inner in self.lines[start : self.at] for name in _changed(inner)]
        return pine.Loop(line.first, self.last, line.tokens[0].text, assigned, head=line.last)

    def function(self, reader: "_LineReader", line: Line, indent: int, depth: int) -> pine.Function:
        name, parameters = reader.function_head()
        if reader.next.kind == "end":
            body = self.block(indent, depth + 1)
        else:
            body = []
            while True:
                body.append(self.simple(reader, line, indent, depth + 1))
                if not reader.sees(","):
                    break
                reader.take()
            reader.finish()
        return pine.Function(line.first, self.last, name, parameters, body, head=line.last)


class _LineReader:
    """Reads one logical line."""

    def __init__(self, line: Line) -> None:
        self.tokens = line.tokens
        self.end = Token("end", "", line.last)
        self.at = 0
        self.mark = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else self.end

    @property
    def following(self) -> Token:
        return self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else self.end

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def skip(self) -> None:
        self.at = len(self.tokens)

    def back(self) -> None:
        self.at = self.mark

    def sees(self, text: str) -> bool:
        token = self.next
        return token.text == text and token.kind in ("operator", "name")

    def found(self) -> str:
        token = self.next
        return said("the end of the line") if token.kind == "end" else f"`{token.text[:40]}`"

    def expect(self, text: str) -> None:
        if not self.sees(text):
            if self.next.kind == "wrong":
                raise _Unreadable(self.next.text)
            raise _Unreadable(said("expected `{text}`, found {found}", text=text, found=self.found()))
        self.take()

    def finish(self) -> None:
        if self.next.kind == "wrong":
            raise _Unreadable(self.next.text)
        if self.next.kind != "end":
            raise _Unreadable(f"unexpected {self.found()}")

    # heads of statements

    def is_function(self) -> bool:
        """name(...) => ..."""
        if self.next.kind != "name" or self.following.text != "(" or self.following.kind != "operator":
            return False
        depth = 0
        for position in range(self.at + 1, len(self.tokens)):
            token = self.tokens[position]
            if token.kind == "operator":
                depth += (token.text == "(") - (token.text == ")")
                if depth == 0:
                    after = self.tokens[position + 1] if position + 1 < len(self.tokens) else self.end
                    return after.text == "=>" and after.kind == "operator"
        return False

    def function_head(self) -> tuple[str, list[tuple[str, pine.Expr | None]]]:
        name = self.take().text
        self.expect("(")
        parameters: list[tuple[str, pine.Expr | None]] = []
        while not self.sees(")"):
            words: list[str] = []
            while self.next.kind == "name" or self.next.text in ("<", ">", "[", "]"):
                words.append(self.take().text)
            if not words:
                raise _Unreadable(said("expected a parameter, found {found}", found=self.found()))
            default = None
            if self.sees("="):
                self.take()
                default = self.expression()
            parameters.append((words[-1], default))
            if not self.sees(","):
                break
            self.take()
        self.expect(")")
        self.expect("=>")
        return name, parameters

    def tuple_names(self) -> list[str] | None:
        """The names of `[a, b] =`; None, and nothing read, where it is no such statement."""
        position = self.at + 1
        names: list[str] = []
        while position + 1 < len(self.tokens) and self.tokens[position].kind == "name":
            names.append(self.tokens[position].text)
            position += 1
            if self.tokens[position].text == ",":
                position += 1
        rest = [token.text for token in self.tokens[position : position + 2]]
        if not names or rest != ["]", "="]:
            return None
        self.at = position + 2
        return names

    def declaration(self) -> tuple[str, str, str | None]:
        """The words before `=`: var, type and name. No name: it is no declaration."""
        self.mark = self.at
        mode = type_ = ""
        words: list[str] = []
        while self.next.kind == "name":
            words.append(self.take().text)
            if self.sees("<"):  # array<float>
                while self.at < len(self.tokens) and not self.sees(">"):
                    self.take()
                self.take()
            if self.sees("[") and self.following.text == "]":  # float[]
                words[-1] = "array"
                self.at += 2
        if not words:
            return "", "", None
        *before, name = words
        for word in before:
            if word in ("var", "varip"):
                mode = word
            elif word not in _QUALIFIERS:
                type_ = word
        if "." in name:
            return mode, type_, None
        return mode, type_, name

    # expressions

    def expression(self) -> pine.Expr:
        self.enter()
        condition = self.binary(1)
        line = condition.line
        cases: list[tuple[pine.Expr, pine.Expr]] = []
        while self.sees("?"):
            self.take()
            then = self.expression()
            self.expect(":")
            cases.append((condition, then))
            condition = self.binary(1)
        self.depth -= 1
        return pine.Choice(line, cases, condition) if cases else condition

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Unreadable(said("the expression is nested too deeply"))

    def binary(self, lowest: int) -> pine.Expr:
        left = self.unary()
        while True:
            token = self.next
            level = _LEVELS.get(token.text, 0) if token.kind in ("operator", "name") else 0
            if level < lowest or level == 0:
                return left
            self.take()
            left = pine.Binary(token.line, token.text, left, self.binary(level + 1))

    def unary(self) -> pine.Expr:
        signs = []
        while self.sees("-") or self.sees("+") or self.sees("not"):
            signs.append(self.take())
            if len(signs) > MAX_DEPTH:
                raise _Unreadable(said("the expression is nested too deeply"))
        operand = self.postfix()
        for sign in reversed(signs):
            if sign.text != "+":
                operand = pine.Unary(sign.line, sign.text, operand)
        return operand

    def postfix(self) -> pine.Expr:
        result = self.primary()
        count = 0
        while True:
            count += 1
            if count > MAX_DEPTH:
                raise _Unreadable(said("the expression is nested too deeply"))
            if self.sees("["):
                self.take()
                offset = self.expression()
                self.expect("]")
                result = pine.Index(result.line, result, offset)
            elif self.sees("."):
                self.take()
                if self.next.kind != "name":
                    raise _Unreadable(
                        said("expected a name after the dot, found {found}", found=self.found())
                    )
                name = self.take()
                arguments = self.arguments() if self.sees("(") else []
                result = pine.Call(name.line, name.text, arguments, result)
            else:
                return result

    def primary(self) -> pine.Expr:
        token = self.take()
        match token.kind:
            case "number":
                return pine.Num(token.line, token.text)
            case "text":
                return pine.Str(token.line, _unquote(token.text))
            case "color":
                return pine.Color(token.line)
            case "name":
                return self.named(token)
            case "wrong":
                raise _Unreadable(token.text)
        if token.kind == "operator" and token.text == "(":
            inner = self.expression()
            self.expect(")")
            inner.brackets = True
            return inner
        if token.kind == "operator" and token.text == "[":
            items: list[pine.Expr] = []
            while not self.sees("]"):
                items.append(self.expression())
                if not self.sees(","):
                    break
                self.take()
            self.expect("]")
            return pine.Items(token.line, items)
        self.at -= 1
        raise _Unreadable(said("expected a value, found {found}", found=self.found()))

    def named(self, token: Token) -> pine.Expr:
        if token.text in ("true", "false"):
            return pine.Truth(token.line, token.text == "true")
        if self.sees("<"):  # array.new<float>(...)
            closing = self.tokens[self.at + 2 : self.at + 4]
            if self.following.text in _TYPES and [t.text for t in closing] == [">", "("]:
                self.at += 3
        if self.sees("("):
            return pine.Call(token.line, token.text, self.arguments())
        return pine.Name(token.line, token.text)

    def arguments(self) -> list[pine.Argument]:
        self.expect("(")
        result: list[pine.Argument] = []
        while not self.sees(")"):
            name = None
            if self.next.kind == "name" and self.following.kind == "operator" and self.following.text == "=":
                name = self.take().text
                self.take()
            result.append(pine.Argument(name, self.expression()))
            if not self.sees(","):
                break
            self.take()
        self.expect(")")
        return result


def _changed(line: Line) -> list[str]:
    """Names that a line assigns to, as far as one can see without reading it."""
    return [
        token.text
        for token, following in zip(line.tokens, line.tokens[1:], strict=False)
        if token.kind == "name" and following.kind == "operator" and following.text in {"=", *_CHANGES}
    ]


def _defined(line: Line) -> list[str]:
    """What a line that cannot be read would have defined."""
    return _changed(line)[:1]


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), text[1:-1])
