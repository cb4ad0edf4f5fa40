"""Pine Script to a formula: read, walk, assemble, check, and report what became of every line."""

from __future__ import annotations

from apps.engine.lang import check, tree
from apps.engine.lang.lexer import MAX_BYTES as FORMULA_BYTES
from apps.engine.lang.writer import write
from apps.engine.pine.importer.assemble import Statements, assemble
from apps.engine.pine.importer.exported import import_exported
from apps.engine.pine.importer.parts import expressions_of
from apps.engine.pine.importer.report import LineReport, PineImport, Record, Status
from apps.engine.pine.importer.state import State
from apps.engine.pine.importer.statements import Walk
from apps.engine.pine.importer.values import walk
from apps.engine.pine.reader import read_script
from apps.engine.pine.reader import syntax as pine
from apps.engine.pine.reader.lexer import MAX_BYTES, TooLong, split_lines
from apps.engine.said import row, said

_ROUNDS = 6  # of leaving out what the checker refuses
_NO_SIGNAL = said("the script gives no signal: add long when, short when or alert")


def import_pine(source: str) -> PineImport:
    """The formula that a Pine script (versions 3 to 6) says, as far as a formula can, with a report for every line.

    Never raises on any text. Where a line could not be imported, the formula has a comment `# needs edit: ...` at its
    place, and all that depends on it is left out as well.
    """
    source = source.encode("utf-8", "replace").decode("utf-8")
    if len(source.encode("utf-8")) > MAX_BYTES:
        return _refused(
            source[:200], said("the script is longer than {max_bytes} bytes", max_bytes=f"{MAX_BYTES:,}")
        )
    try:
        exported = import_exported(source, split_lines(source))
        if exported is not None:
            return exported
        script = read_script(source)
    except TooLong as problem:
        return _refused(source[:200], problem.args[0])
    state = State(script)
    Walk(state).run()
    _note_functions(state)
    statements = assemble(state)
    _drop_unused_inputs(statements)
    text, ok = _checked(state, statements)
    return PineImport(text, state.title, ok, _report(state, statements))


def _refused(start: str, reason: str) -> PineImport:
    first = split_lines(start)[0]
    return PineImport(f"# needs edit: {reason}\n", "", False, [LineReport(1, "impossible", reason, first)])


def _note_functions(state: State) -> None:
    """A function is imported where it is called; its own line says so."""
    for name, function in state.functions.items():
        for record in state.records:
            if record.line == function.line and record.end == max(function.end, function.line):
                if name in state.called:
                    record.note("imported", said("written out where it is called"))
                else:
                    record.note("ignored", said("never called"))


def _drop_unused_inputs(statements: Statements) -> None:
    """Inputs of which nothing is left in the formula: they choose colours, or what was left out."""
    used = {
        node.name
        for statement, _ in statements
        for expr in expressions_of(statement)
        for node in walk(expr)
        if isinstance(node, tree.Name)
    }
    texts = "".join(statement.text for statement, _ in statements if isinstance(statement, tree.Alert))
    for statement, record in list(statements):
        if (
            isinstance(statement, tree.Input)
            and statement.name not in used
            and "{" + statement.name + "}" not in texts
        ):
            statements.remove((statement, record))
            if record.status == "imported":
                record.status = "ignored"
            record.note("ignored", said("an input of which nothing in the formula depends"))


# text


def _checked(state: State, statements: Statements) -> tuple[str, bool]:
    """The text, after leaving out what the checker refuses; and whether the checker passes it."""
    text = ""
    for _ in range(_ROUNDS):
        formula, places = _formula(state, statements)
        text = write(formula)
        if len(text.encode("utf-8")) > FORMULA_BYTES:
            formula, places = _formula(state, statements, comments=False)
            text = write(formula)
        result = check(text)
        if result.ok:
            return text, True
        refused: dict[int, str] = {}
        for problem in result.errors:
            at = places.get(problem.line)
            if at is not None and not problem.message.startswith("a formula needs at least"):
                told = said("{message} ({hint})", message=problem.message, hint=problem.hint)
                refused.setdefault(at, told if problem.hint else problem.message)
        if not refused:
            message = result.errors[0].message
            if message.startswith("a formula needs at least"):
                message = _NO_SIGNAL
            head = state.records[0] if state.records else Record(1, 1)
            head.note("needs_edit", message)
            formula, _ = _formula(state, statements, comments=len(text.encode("utf-8")) <= FORMULA_BYTES)
            return write(formula), False
        _leave_out(statements, refused)
    return text, check(text).ok


def _leave_out(statements: Statements, refused: dict[int, str]) -> None:
    """Remove the refused statements and those that use what they defined."""
    lost: dict[str, int] = {}
    for at, message in refused.items():
        statement, record = statements[at]
        record.note("needs_edit", message)
        record.failed = True
        if isinstance(statement, tree.Definition | tree.Input):
            lost[statement.name] = record.line
    used = [
        {n.name for e in expressions_of(statement) for n in walk(e) if isinstance(n, tree.Name)}
        for statement, _ in statements
    ]
    gone = set(refused)
    again = True
    while again:
        again = False
        for at, (statement, record) in enumerate(statements):
            if at in gone:
                continue
            names = used[at]
            if isinstance(statement, tree.Alert):
                names = names | {word for word in lost if "{" + word + "}" in statement.text}
            using = sorted(names & lost.keys())
            if using:
                gone.add(at)
                again = True
                record.note(
                    "needs_edit",
                    said(
                        "it uses `{using}` of line {lost}, which was not imported",
                        using=using[0],
                        lost=lost[using[0]],
                    ),
                )
                record.failed = True
                if isinstance(statement, tree.Definition):
                    lost[statement.name] = record.line
    statements[:] = [entry for at, entry in enumerate(statements) if at not in gone]


def _formula(
    state: State, statements: Statements, *, comments: bool = True
) -> tuple[tree.Formula, dict[int, int]]:
    """The statements with their comments, and the statement that stands on each line of the text."""
    script = state.script
    own = [(c.line, c.text) for c in script.comments if c.own and not c.text.startswith("@")]
    marks = [(record.line, _mark(script, record)) for record in state.records if _needs_mark(record)]
    above = sorted({*marks, *(own if comments else [])}, key=lambda entry: entry[0])
    behind = {c.line: c.text for c in script.comments if not c.own} if comments else {}
    formula = tree.Formula([])
    places: dict[int, int] = {}
    line = at = 0
    last_source = 0
    for position, (statement, record) in enumerate(statements):
        statement.comments = []
        statement.comment = None
        first = record.line
        while at < len(above) and above[at][0] <= record.line:
            first = min(first, above[at][0]) if statement.comments == [] else first
            statement.comments.append(above[at][1])
            at += 1
        if not isinstance(statement, tree.Protect | tree.Sizing):
            for number in range(record.line, record.end + 1):
                if number in behind and statement.comment is None:
                    statement.comment = behind.pop(number)
        blank = first >= 2 and not script.lines[first - 2].strip() and first != last_source
        statement.gap = bool(formula.statements) and blank
        last_source = first
        line += statement.gap + len(statement.comments) + 1
        places[line] = position
        formula.statements.append(statement)
    formula.closing_comments = [text for _, text in above[at:]]
    return formula, places


def _needs_mark(record: Record) -> bool:
    return record.status in ("needs_edit", "impossible") and bool(record.messages)


def _mark(script: pine.Script, record: Record) -> str:
    source = " ".join(text.strip() for text in script.lines[record.line - 1 : record.end])
    source = " ".join(source.split("//")[0].split())
    if len(source) > 80:
        source = source[:77] + "..."
    return f"needs edit: {source} ({'; '.join(record.messages)})"


# report


def _report(state: State, statements: Statements) -> list[LineReport]:
    """What became of every line that is not blank. Of several statements on a line the gravest counts."""
    script = state.script
    by_line: dict[int, list[Record]] = {}
    for record in state.records:
        for number in range(record.line, record.end + 1):
            by_line.setdefault(number, []).append(record)
    remarks = {comment.line: comment for comment in script.comments if comment.own}
    report: list[LineReport] = []
    for number, text in enumerate(script.lines, 1):
        if not text.strip():
            continue
        if number in remarks:
            status, message = _remark(script, remarks[number])
        else:
            status, message = _of_line(by_line.get(number, []), number)
        report.append(LineReport(number, status, message, text))
    return report


def _remark(script: pine.Script, comment: pine.Comment) -> tuple[Status, str]:
    if comment.text.startswith("@version"):
        return "ignored", said("the script is written in version {version}", version=script.version)
    if comment.text.startswith("@"):
        return "ignored", said("an annotation for TradingView")
    return "imported", said("comment")


def _of_line(records: list[Record], number: int) -> tuple[Status, str]:
    if not records:
        return "ignored", said("says nothing a formula could")
    smallest = min(record.end - record.line for record in records)
    found = Record(number, number)
    for record in records:
        if record.end - record.line == smallest:
            found.note(record.status)
            for message in record.messages:
                if not (message == "drawing" and found.status != "ignored"):
                    found.note(record.status, message)
    message = row("{left}; {right}", found.messages) if found.messages else ""
    if not message and found.status == "ignored":
        message = said("has no effect")
    return found.status, message
