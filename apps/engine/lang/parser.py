"""Tokens to tree: statements are cut apart first, so that one broken statement never spoils the next.

Expressions are read by precedence climbing (Pratt); precedence is Pine's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from apps.engine.lang import habits, tree
from apps.engine.lang.errors import Problem, nearest
from apps.engine.lang.lexer import Comment, Kind, Token, tokenize, unquote
from apps.engine.lang.paths import node_paths
from apps.engine.said import said

MAX_BRACKETS = 64
MAX_TREE_DEPTH = 160
MAX_DEPTH = 200  # operators nested to the right, brackets counted: far beyond what anyone writes

STATEMENT_WORDS = (
    "input",
    "long",
    "short",
    "exit",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "size",
    "alert",
    "plot",
)
# words with a meaning inside statements and expressions: no series can bear them
RESERVED = frozenset(STATEMENT_WORDS) | {
    "when",
    "and",
    "or",
    "not",
    "true",
    "false",
    "in",
    "as",
    "by",
    "at",
    "na",
}

_SIGNS = ("-", "not")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CONTINUING = frozenset(
    ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "?", ":", "=", ",", "..", "."]
)


class _Broken(Exception):
    """The statement cannot be read further; its problem has been noted."""


@dataclass
class Parsed:
    """The readable statements, all syntax errors, and names whose definition was broken (with their lines)."""

    formula: tree.Formula
    problems: list[Problem]
    broken_names: dict[str, int] = field(default_factory=dict)

    @cached_property
    def paths(self) -> dict[int, str]:
        """Where each node stands in the tree's JSON form, by `id`."""
        return node_paths(self.formula)


def parse(text: str) -> Parsed:
    """The tree of `text`, and everything wrong with its syntax. Never raises."""
    read = tokenize(text)
    parsed = Parsed(tree.Formula([]), list(read.problems))
    comments = list(read.comments)
    bad_lines = {problem.line for problem in read.problems}
    last_line = 0
    for chunk in _cut(read.tokens, parsed.problems):
        lines = range(chunk[0].line, chunk[-1].line + 1)
        # where a character could not be read, what follows from its absence is not worth saying
        problems = [] if any(line in bad_lines for line in lines) else parsed.problems
        parser = _StatementParser(chunk, problems)
        try:
            statement = parser.statement()
        except _Broken:
            name = parser.defined_name
            if name is not None:
                parsed.broken_names.setdefault(name, chunk[0].line)
            continue
        if problems is not parsed.problems:  # read, but with a hole where the bad character stood
            if parser.defined_name is not None:
                parsed.broken_names.setdefault(parser.defined_name, chunk[0].line)
            continue
        last_line = _attach(statement, comments, lines, last_line)
        parsed.formula.statements.append(statement)
    parsed.formula.closing_comments = [comment.text for comment in comments]
    return parsed


def _attach(statement: tree.Statement, comments: list[Comment], lines: range, last_line: int) -> int:
    """Give the statement its comments: those above it, those inside it, and the one behind it."""
    above: list[str] = []
    first_line = lines[0]
    while comments and comments[0].line < lines[-1] + 1:
        comment = comments[0]
        if comment.line == lines[-1] and not comment.own_line:
            if statement.comment is not None or comment.line == last_line:
                break
            statement.comment = comment.text
            comments.pop(0)
            break
        first_line = min(first_line, comment.line)
        above.append(comment.text)
        comments.pop(0)
    statement.comments = above
    statement.gap = last_line > 0 and first_line > last_line + 1
    return lines[-1]


def _cut(tokens: list[Token], problems: list[Problem]) -> list[list[Token]]:
    """Tokens of each statement. A statement ends at its line's end, except inside brackets or after an
    operator; a statement's keyword at depth 0, or at a line's start, always begins a new one."""
    chunks: list[list[Token]] = []
    current: list[Token] = []
    open_brackets: list[Token] = []
    line_began = True

    def finish() -> None:
        nonlocal current
        if open_brackets:
            first = open_brackets[0]
            problems.append(
                Problem(
                    first.line,
                    first.column,
                    said("this `{text}` is never closed", text=first.text),
                    said("close it with `{opening}`", opening=_OPENING[first.text]),
                )
            )
            open_brackets.clear()
            current.append(Token(Kind.END, "unclosed", current[-1].line, current[-1].column))
        if current:
            chunks.append(current)
        current = []

    for position, token in enumerate(tokens):
        if token.kind is Kind.END:
            finish()
            break
        if token.kind is Kind.NEWLINE:
            line_began = True
            if not current or open_brackets or _continues(current[-1]):
                continue
            finish()
            continue
        if (
            current
            and token.kind is Kind.NAME
            and _starts_statement(token, tokens, position, line_began, current, bool(open_brackets))
        ):
            finish()
        line_began = False
        if token.kind is Kind.OPERATOR:
            if token.text in _OPENING:
                open_brackets.append(token)
            elif token.text in _OPENING.values():
                if open_brackets and _OPENING[open_brackets[-1].text] == token.text:
                    open_brackets.pop()
                elif open_brackets:
                    opened = open_brackets[-1]
                    problems.append(
                        Problem(
                            token.line,
                            token.column,
                            said(
                                "`{text}` closes nothing: the `{text2}` of line {line} is open",
                                text=token.text,
                                text2=opened.text,
                                line=opened.line,
                            ),
                            said("close it with `{opening}` first", opening=_OPENING[opened.text]),
                        )
                    )
                    open_brackets.pop()
                    token = Token(Kind.END, "unclosed", token.line, token.column)
        current.append(token)
    return chunks


def _continues(token: Token) -> bool:
    if token.kind is Kind.NAME:
        return token.text in ("and", "or", "not", "when")
    return token.kind is Kind.OPERATOR and token.text in _CONTINUING


def _starts_statement(
    token: Token, tokens: list[Token], position: int, line_began: bool, current: list[Token], inside: bool
) -> bool:
    if token.text in STATEMENT_WORDS:
        if token.text in ("long", "short") and len(current) == 1 and current[0].text == "exit":
            return False
        if current[0].text == "input" and len(current) == 1:
            return False  # an input that bears a statement's word: its own message is clearer
        return line_began or not inside
    if not line_began:
        return False
    following = tokens[position + 1]
    return following.text == "=" and following.kind is Kind.OPERATOR and (inside or _continues(current[-1]))


class _StatementParser:
    """Reads one statement from its tokens."""

    def __init__(self, tokens: list[Token], problems: list[Problem]) -> None:
        last = tokens[-1]
        if last.kind is not Kind.END:
            tokens = [*tokens, Token(Kind.END, "", last.line, last.column + len(last.text))]
        self.tokens = tokens
        # what is read again and again: the text of operators and names, nothing for all else
        self.words = [t.text if t.kind in (Kind.OPERATOR, Kind.NAME) else "" for t in tokens]
        self.at = 0
        self.problems = problems
        self.brackets = 0
        self.depth = 0
        self.defined_name: str | None = None

    # reading tokens

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def sees(self, *texts: str) -> bool:
        return self.words[self.at] in texts

    def fail(self, message: str, hint: str = "", at: Token | None = None) -> _Broken:
        token = at or self.next
        if token.text != "unclosed" or token.kind is not Kind.END:  # an open bracket has its own message
            self.problems.append(Problem(token.line, token.column, message, hint))
        return _Broken()

    def found(self, token: Token | None = None) -> str:
        token = token or self.next
        if token.kind is Kind.END:
            return said("the end of the statement")
        return f"`{token.text[:40]}`"

    def expect(self, text: str, hint: str = "") -> Token:
        if self.sees(text):
            return self.take()
        if not hint and self.next.kind is Kind.NAME:
            hint = nearest(self.next.text, [text])
        raise self.fail(said("expected `{text}`, found {found}", text=text, found=self.found()), hint)

    # statements

    def statement(self) -> tree.Statement:
        token = self.take()
        readers: dict[str, Callable[[Token], tree.Statement]] = {
            "input": self.input,
            "long": self.condition,
            "short": self.condition,
            "exit": self.exit,
            "stop_loss": self.protection,
            "take_profit": self.protection,
            "trailing_stop": self.protection,
            "size": self.sizing,
            "alert": self.alert,
            "plot": self.plot,
        }
        if token.kind is Kind.NAME and token.text in readers:
            statement = readers[token.text](token)
        elif token.kind is Kind.NAME and self.sees("="):
            statement = self.definition(token)
        else:
            raise self.not_a_statement(token)
        if self.next.kind is not Kind.END:
            raise self.trailing()
        if self.next.text == "unclosed":
            raise _Broken
        for name in ("value", "condition", "bars"):
            expression = getattr(statement, name, None)
            if expression is not None:
                self.check_depth(expression)
        return statement

    def check_depth(self, expression: tree.Expr) -> None:
        """Refuse what nests too deeply for those who walk the tree. Chains of operators do not nest."""
        work = [(expression, 0)]
        while work:
            node, depth = work.pop()
            if depth > MAX_TREE_DEPTH:
                place = Token(Kind.NAME, "", node.line, node.column)
                raise self.fail(
                    said("the expression is nested too deeply"),
                    said("give its parts names of their own"),
                    place,
                )
            match node:
                case tree.Call():
                    work += [(argument, depth + 1) for argument in node.arguments]
                case tree.Field():
                    work.append((node.base, depth + 1))
                case tree.History():
                    work += [(node.base, depth + 1), (node.ago, depth + 1)]
                case tree.Unary():
                    work.append((node.operand, depth + (not isinstance(node.operand, tree.Unary))))
                case tree.Binary():
                    work += [
                        (node.left, depth + (not isinstance(node.left, tree.Binary))),
                        (node.right, depth + 1),
                    ]
                case tree.Ternary():
                    chained = isinstance(node.otherwise, tree.Ternary)
                    work += [
                        (node.condition, depth + 1),
                        (node.then, depth + 1),
                        (node.otherwise, depth + (not chained)),
                    ]

    def not_a_statement(self, token: Token) -> _Broken:
        if token.kind is Kind.NAME and token.text not in ("and", "or"):
            if self.sees(":") and self.tokens[self.at + 1].text == "=":
                self.defined_name = token.text
                return self.fail(
                    said("`:=` is not used here"), said("write {code}", code=f"{token.text} = ...")
                )
            if self.sees("==", "+", "-"):
                return self.fail(
                    said("expected `=` after `{text}`, found {found}", text=token.text, found=self.found()),
                    said("a definition is written NAME = EXPRESSION"),
                )
            hint = habits.STATEMENTS.get(token.text) or nearest(token.text, STATEMENT_WORDS)
            return self.fail(
                said("expected a statement, found `{text}`", text=token.text[:40]),
                hint or said("a definition is written NAME = EXPRESSION"),
                token,
            )
        hint = said("a statement starts with a name or one of: {words}", words=", ".join(STATEMENT_WORDS))
        if token.text in tree.LEVELS or token.text in ("?", ":"):
            hint = said("to go on from the line before, end that line with the operator or use brackets")
        if token.text == "/" and self.sees("/"):
            hint = said("a comment begins with #")
        return self.fail(said("expected a statement, found {found}", found=self.found(token)), hint, token)

    def trailing(self) -> _Broken:
        token = self.next
        before = self.tokens[self.at - 1]
        if before.kind is Kind.PERCENT:
            return self.fail(
                said("expected an operator or the end of the line, found {found}", found=self.found()),
                said("`{text}` is a percentage; for the remainder write a space before %", text=before.text),
            )
        if token.text == "=":
            return self.fail(said("unexpected `=`"), said("equality is written `==`"))
        hint = ""
        if token.kind is Kind.NAME:
            hint = nearest(token.text, ["and", "or", "when", "as"])
        elif token.text == "(" and self.at >= 3 and self.tokens[self.at - 2].text == ".":
            hint = habits.spaced_call(self.tokens[self.at - 3].text, before.text)
        return self.fail(
            said("expected an operator or the end of the line, found {found}", found=self.found()), hint
        )

    def definition(self, name: Token) -> tree.Definition:
        self.defined_name = name.text
        self.take()
        return tree.Definition(name.line, name.column, name.text, self.expression())

    def input(self, word: Token) -> tree.Input:
        name = self.take()
        if name.kind is not Kind.NAME:
            raise self.fail(
                said("expected the input's name, found {found}", found=self.found(name)),
                said("write {code}", code="input NAME = VALUE"),
                name,
            )
        self.defined_name = name.text
        self.expect("=", said("write {code}", code="input NAME = VALUE"))
        default = self.literal(said("the default"), bool_or_text=True)
        statement = tree.Input(
            word.line, word.column, name.text, name.column, tree.literal_kind(default), default
        )
        if self.sees("in"):
            self.take()
            if self.next.kind is Kind.TEXT:
                statement.choices = [self.text()]
                while self.sees(","):
                    self.take()
                    statement.choices.append(self.text())
            else:
                statement.low = self.literal(said("the lowest value"))
                self.expect("..", said("a range is written LOW..HIGH"))
                statement.high = self.literal(said("the highest value"))
        if self.sees("step"):
            step = self.take()
            if statement.low is None:
                raise self.fail(
                    said("a step needs a range before it"),
                    said("write {code}", code="in LOW..HIGH step S"),
                    step,
                )
            statement.step = self.literal(said("the step"))
        if self.next.kind is Kind.TEXT:
            statement.label = self.text().value
        return statement

    def literal(self, what: str, bool_or_text: bool = False) -> tree.Expr:
        token = self.take()
        if token.text == "-" and self.next.kind in (Kind.NUMBER, Kind.PERCENT):
            number = self.number(self.take())
            return tree.Number(token.line, token.column, "-" + number.text, -number.value, number.is_percent)
        if token.kind in (Kind.NUMBER, Kind.PERCENT):
            return self.number(token)
        if bool_or_text and token.kind is Kind.TEXT:
            return tree.Text(token.line, token.column, unquote(token.text))
        if bool_or_text and token.text in ("true", "false") and token.kind is Kind.NAME:
            return tree.Truth(token.line, token.column, token.text == "true")
        raise self.fail(
            said("expected {what} as a plain value, found {found}", what=what, found=self.found(token)),
            at=token,
        )

    def text(self) -> tree.Text:
        token = self.take()
        if token.kind is not Kind.TEXT:
            raise self.fail(
                said("expected a text in double quotes, found {found}", found=self.found(token)), at=token
            )
        return tree.Text(token.line, token.column, unquote(token.text))

    def when(self) -> tree.Expr:
        self.expect("when")
        return self.expression()

    def condition(self, word: Token) -> tree.Condition:
        kind = "long" if word.text == "long" else "short"
        return tree.Condition(word.line, word.column, kind, self.when())  # type: ignore[arg-type]

    def exit(self, word: Token) -> tree.Statement:
        if self.sees("after"):
            self.take()
            count = self.expression()
            self.expect("bars", said("write {code}", code="exit after N bars"))
            return tree.ExitAfter(word.line, word.column, count)
        kind = "exit"
        if self.sees("long", "short"):
            kind = f"exit_{self.take().text}"
        elif not self.sees("when"):
            hint = said("write exit when, exit long when, exit short when or exit after N bars")
            raise self.fail(
                said("expected `when`, `long`, `short` or `after`, found {found}", found=self.found()), hint
            )
        return tree.Condition(word.line, word.column, kind, self.when())  # type: ignore[arg-type]

    def protection(self, word: Token) -> tree.Protect:
        mode = "percent"
        if self.sees("by", "at"):
            mode = self.take().text
            if mode == "at" and word.text == "trailing_stop":
                raise self.fail(
                    said("a trailing stop has no `at`"),
                    said(
                        "write {code} or {other}", code="trailing_stop 3%", other="trailing_stop by DISTANCE"
                    ),
                    self.tokens[self.at - 1],
                )
        return tree.Protect(word.line, word.column, word.text, mode, self.expression())  # type: ignore[arg-type]

    def sizing(self, word: Token) -> tree.Sizing:
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        starts = following.kind in (Kind.NUMBER, Kind.PERCENT, Kind.NAME) and following.text != "units"
        if self.sees("risk") and (starts or following.text == "("):
            self.take()
            return tree.Sizing(word.line, word.column, "risk", self.expression())
        value = self.expression()
        if self.sees("units"):
            self.take()
            return tree.Sizing(word.line, word.column, "units", value)
        return tree.Sizing(word.line, word.column, "amount", value)

    def alert(self, word: Token) -> tree.Alert:
        text = self.text()
        return tree.Alert(word.line, word.column, text.value, text.column, self.when())

    def plot(self, word: Token) -> tree.Plot:
        value = self.expression()
        self.expect("as", said("write {code}", code='plot EXPRESSION as "NAME"'))
        name = self.text()
        return tree.Plot(word.line, word.column, value, name.value, name.column)

    # expressions

    def expression(self) -> tree.Expr:
        """A ternary, or anything that binds closer."""
        self.enter()
        condition = self.binary(1)
        if self.words[self.at] != "?":
            self.depth -= 1
            return condition
        parts = []  # of a chain a ? b : c ? d : e, read in a loop: it nests to the right without end
        while self.sees("?"):
            mark = self.take()
            then = self.expression()
            self.expect(":", said("a choice is written CONDITION ? A : B"))
            parts.append((condition, then, mark))
            condition = self.binary(1)
        result = condition
        for test, then, mark in reversed(parts):
            result = tree.Ternary(mark.line, mark.column, test, then, result)
        self.depth -= 1
        return result

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(
                said("the expression is nested too deeply"), said("give its parts names of their own")
            )

    def binary(self, lowest: int) -> tree.Expr:
        self.enter()
        left = self.unary()
        while True:
            level = tree.LEVELS.get(self.words[self.at], 0)
            if level < lowest or level == 0:
                self.depth -= 1
                return left
            token = self.take()
            right = self.binary(level + 1)
            left = tree.Binary(token.line, token.column, token.text, left, right)

    def unary(self) -> tree.Expr:
        if self.words[self.at] not in _SIGNS:
            return self.postfix()
        signs = []
        while self.words[self.at] in _SIGNS:
            signs.append(self.take())
        operand = self.postfix()
        for sign in reversed(signs):
            operand = tree.Unary(sign.line, sign.column, sign.text, operand)
        return operand

    def postfix(self) -> tree.Expr:
        result = self.primary()
        while True:
            word = self.words[self.at]
            if word == "[":
                opened = self.open()
                ago = self.expression()
                self.close("]", opened)
                result = tree.History(opened.line, opened.column, result, ago)
            elif word == ".":
                self.take()
                name = self.take()
                if name.kind is not Kind.NAME or name.text in RESERVED:
                    raise self.fail(
                        said("expected a name after the dot, found {found}", found=self.found(name)), at=name
                    )
                result = tree.Field(name.line, name.column, result, name.text)
            else:
                return result

    def open(self) -> Token:
        self.brackets += 1
        if self.brackets > MAX_BRACKETS:
            raise self.fail(
                said("more than 64 nested brackets"), said("give parts of the expression names of their own")
            )
        return self.take()

    def close(self, text: str, opened: Token) -> None:
        self.brackets -= 1
        if not self.sees(text):
            before = self.tokens[self.at - 1]
            hint = ""
            if before.kind is Kind.PERCENT and self.next.kind is not Kind.END:
                hint = said(
                    "`{text}` is a percentage; for the remainder write a space before %", text=before.text
                )
            elif self.next.text == "=":
                hint = said("equality is written `==`")
            elif self.next.kind in (Kind.NUMBER, Kind.TEXT, Kind.NAME):
                hint = said("between two values stands an operator, between two arguments a comma")
            raise self.fail(said("expected `{text}`, found {found}", text=text, found=self.found()), hint)
        self.take()

    def primary(self) -> tree.Expr:
        token = self.next
        if token.kind in (Kind.NUMBER, Kind.PERCENT):
            return self.number(self.take())
        if token.kind is Kind.TEXT:
            return self.text()
        if token.text == "(" and token.kind is Kind.OPERATOR:
            opened = self.open()
            inner = self.expression()
            self.close(")", opened)
            inner.brackets += 1
            return inner
        if token.kind is Kind.NAME:
            if token.text in ("true", "false"):
                self.take()
                return tree.Truth(token.line, token.column, token.text == "true")
            if token.text in RESERVED and token.text != "na":
                raise self.fail(
                    said("expected a value, found `{text}`, a word of the language itself", text=token.text)
                )
            self.take()
            if self.sees("("):
                return self.call(token)
            return tree.Name(token.line, token.column, token.text)
        hint = ""
        if token.kind is Kind.END and self.at > 0:
            hint = said("an expression is missing here")
        elif token.text == "=":
            hint = said("equality is written `==`")
        elif token.text == "+":
            hint = said("leave out the plus sign")
        raise self.fail(said("expected a value, found {found}", found=self.found()), hint)

    def call(self, name: Token) -> tree.Call:
        opened = self.open()
        arguments: list[tree.Expr] = []
        if not self.sees(")"):
            arguments.append(self.expression())
            while self.sees(","):
                self.take()
                arguments.append(self.expression())
        self.close(")", opened)
        return tree.Call(name.line, name.column, name.text, arguments)

    def number(self, token: Token) -> tree.Number:
        is_percent = token.kind is Kind.PERCENT
        value = float(token.text.rstrip("%"))
        if value > 1e300:
            raise self.fail(said("the number {text} is too large", text=token.text[:40]), at=token)
        return tree.Number(
            token.line, token.column, token.text, value / 100.0 if is_percent else value, is_percent
        )
