"""What was read of a script as the statements of a formula: which definitions are shown, and under which names.

A variable of the script's own keeps its definition and its name. What only carries a value from one line to the next (a
first value that is changed later, a condition of a block, a function's own variables) is written where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from apps.engine.lang import tree
from apps.engine.lang.functions import BUILT_IN_NAMES, FUNCTIONS
from apps.engine.lang.parser import RESERVED
from apps.engine.pine.importer import orders, texts
from apps.engine.pine.importer.parts import (
    change_expressions,
    change_payload,
    expressions_of,
    payload_expressions,
)
from apps.engine.pine.importer.report import Cannot, Record
from apps.engine.pine.importer.state import (
    Alert,
    Define,
    Definition,
    Exit,
    Input,
    Item,
    Order,
    Plot,
    Size,
    State,
)
from apps.engine.pine.importer.values import FACTS, measure, rebuild, walk
from apps.engine.said import said

MOST_NODES = 300  # of an expression that others were written into
DEEPEST = 30

_BLOCK = re.compile(r"\s*(if|else|switch)\b")

Statements = list[tuple[tree.Statement, Record]]


def assemble(state: State) -> Statements:
    """The formula's statements, each with the record of the line it comes from."""
    return _Assembly(state).run()


class _Assembly:
    def __init__(self, state: State) -> None:
        self.state = state
        self.definitions = state.definitions
        self.final: dict[str, str] = {}  # a variable's key: what it holds at the end of the bar
        self.lost: dict[str, str] = {}  # and why there is nothing
        self.carrying: set[str] = set()
        self.delivered: dict[
            int, set[str]
        ] = {}  # definitions written out where they are used, by id of the record
        self.parts: dict[int, list[str | tree.Expr]] = {}
        for variable in state.variables:
            if variable.current.kind == "poison" or not variable.last:
                self.lost[variable.key] = variable.current.name or said(
                    "`{word}` never has a value", word=variable.word
                )
            else:
                self.final[variable.key] = variable.last
                if variable.shown and variable.last in self.definitions:
                    self.definitions[variable.last].kept = True

    def run(self) -> Statements:
        self.link()
        self.take_over()
        self.link()
        self.find_carrying()
        orders.find_closed_together(self.state)
        found: Statements = []
        exits = [item for item in self.state.items if isinstance(item.payload, Exit)]
        for item in self.state.items:
            self.guarded(item, found)
        for item in exits:
            payload = item.payload
            assert isinstance(payload, Exit)
            levels = {key: self.expanded(level, item.record) for key, level in payload.levels.items()}
            condition = self.expanded(payload.condition, item.record)
            item.payload = replace(payload, levels=levels, condition=condition)
        last: Statements = []
        for statement, record in orders.protections(self.state, exits):
            self.checked([statement], record, last)
        self.sizes(last)
        found += last
        self.drop_lost(found)
        self.note_left_out(found)
        return self.named(self.written(found))

    # definitions that read what a formula cannot

    def link(self) -> None:
        """Histories name what a variable holds at the end of the bar."""

        def change(node: tree.Expr) -> tree.Expr:
            if isinstance(node, tree.Name) and node.name in self.final:
                return replace(node, name=self.final[node.name])
            return node

        for definition in self.definitions.values():
            definition.expr = rebuild(definition.expr, change)
        for item in self.state.items:
            change_payload(item, lambda expr: rebuild(expr, change))

    def take_over(self) -> None:
        """Where a variable of the script's own is no more than a function's result, the result bears its name."""
        renamed: dict[str, str] = {}
        for key, definition in self.definitions.items():
            source = definition.expr
            if not (definition.kept and isinstance(source, tree.Name)) or source.name in renamed:
                continue
            made = self.definitions.get(source.name)
            if made is not None and not made.kept:
                definition.expr = made.expr
                renamed[source.name] = key
        self.final |= renamed
        for key in renamed:
            del self.definitions[key]
        self.state.items = [
            item
            for item in self.state.items
            if not (isinstance(item.payload, Define) and item.payload.key in renamed)
        ]

    def find_carrying(self) -> None:
        """Definitions that read the position or the tick, directly or not: they are written out where they are used."""
        for key, definition in self.definitions.items():
            for node in walk(definition.expr):
                if isinstance(node, tree.Name) and (node.name in FACTS or node.name in self.carrying):
                    self.carrying.add(key)
                    break

    def expanded(self, expr: tree.Expr, record: Record) -> tree.Expr:
        """The expression with every carrying definition written out."""
        written: set[str] = set()

        def change(node: tree.Expr) -> tree.Expr:
            if isinstance(node, tree.Name) and node.name in self.carrying:
                written.add(node.name)
                return replace(self.definitions[node.name].expr)
            return node

        for _ in range(DEEPEST):
            if not any(isinstance(node, tree.Name) and node.name in self.carrying for node in walk(expr)):
                self.delivered.setdefault(id(record), set()).update(written)
                return expr
            expr = rebuild(expr, change)
            if measure(expr)[0] > MOST_NODES:
                break
        raise Cannot(said("this depends on the position in too many ways to be written out"))

    # items as statements

    def guarded(self, item: Item, found: Statements) -> None:
        try:
            self.checked(self.statements(item), item.record, found)
        except Cannot as problem:
            item.record.note(problem.status, problem.message)
            item.record.failed = True

    def checked(self, statements: Sequence[tree.Statement], record: Record, found: Statements) -> None:
        """Add the statements that read nothing a formula cannot."""
        for statement in statements:
            nodes = (node for expr in expressions_of(statement) for node in walk(expr))
            fact = next((n.name for n in nodes if isinstance(n, tree.Name) and n.name in FACTS), None)
            if fact is None:
                found.append((statement, record))
            else:
                record.note("needs_edit", FACTS[fact])
                record.failed = True

    def statements(self, item: Item) -> list[tree.Statement]:
        match item.payload:
            case Define(key):
                if key in self.carrying:
                    return []
                return [tree.Definition(0, 0, key, self.definitions[key].expr)]
            case Input(key, statement):
                return [replace(statement, name=key)]
            case Order():
                condition = self.expanded(item.payload.condition, item.record)
                item.payload = replace(item.payload, condition=condition)
                return list(orders.conditions(self.state, item))
            case Alert(parts, condition):
                return self.alert(parts, self.expanded(condition, item.record), item.record)
            case Plot(value, title):
                return [tree.Plot(0, 0, self.expanded(value, item.record), title, 0)]
        return []

    def alert(
        self, parts: list[str | tree.Expr], condition: tree.Expr, record: Record
    ) -> list[tree.Statement]:
        """An alert; what its text shows gets a definition of its own where it has no name yet."""
        before: list[tree.Statement] = []
        shown: list[str | tree.Expr] = []
        for part in parts:
            if isinstance(part, tree.Expr):
                part = self.expanded(part, record)
                if not self.has_name(part):
                    key = f"$value:{len(self.definitions)}"
                    self.definitions[key] = Definition(key, part, "value", record, True)
                    before.append(tree.Definition(0, 0, key, part))
                    part = tree.Name(0, 0, key)
                assert isinstance(part, tree.Name)
                if part.name in self.definitions:
                    self.definitions[part.name].kept = True
            shown.append(part)
        statement = tree.Alert(0, 0, "", 0, condition)
        self.parts[id(statement)] = shown
        return [*before, statement]

    def has_name(self, part: tree.Expr) -> bool:
        if not isinstance(part, tree.Name):
            return False
        function = FUNCTIONS.get(part.name)
        known = part.name in self.definitions or part.name in self.state.inputs
        return known or part.name in (texts.SYMBOL, texts.TIME) or (function is not None and function.bare)

    def sizes(self, found: Statements) -> None:
        """The one size: that of the first entry, its own or else what the header says."""
        given = {id(i.record): i for i in self.state.items if isinstance(i.payload, Size)}
        entries = [
            i.record for i in self.state.items if isinstance(i.payload, Order) and i.payload.side != "close"
        ]
        header = next((i for key, i in given.items() if key not in {id(record) for record in entries}), None)
        chosen = given.get(id(entries[0]), header) if entries else header
        size = None if chosen is None else self.size_of(chosen)
        for record in entries[1:]:
            item = given.get(id(record), header)
            other = None if item is None else self.size_of(item)
            if item is chosen or (
                size and other and size.mode == other.mode and orders.same(size.value, other.value)
            ):
                continue
            record.note("needs_edit", said("a formula has one size; this is another"))
            record.failed = True
        if chosen is not None and size is not None:
            self.checked([size], chosen.record, found)

    def size_of(self, item: Item) -> tree.Sizing:
        payload = item.payload
        assert isinstance(payload, Size)
        return replace(payload.statement, value=self.expanded(payload.statement.value, item.record))

    def drop_lost(self, found: Statements) -> None:
        """Leave out what uses something that was not imported, and what uses that."""
        lost = dict(self.lost)
        defined = {s.name for s, _ in found if isinstance(s, tree.Definition | tree.Input)}
        while True:
            kept: Statements = []
            for statement, record in found:
                reason = ""
                for expr in [*expressions_of(statement), *self.alert_names(statement)]:
                    for node in walk(expr):
                        if (
                            isinstance(node, tree.Name)
                            and node.name.startswith("$")
                            and node.name not in defined
                        ):
                            reason = lost.get(node.name, said("it uses what was not imported"))
                if not reason:
                    kept.append((statement, record))
                    continue
                record.note("needs_edit", reason)
                record.failed = True
                if isinstance(statement, tree.Definition):
                    defined.discard(statement.name)
                    lost[statement.name] = said(
                        "it uses line {line}, which was not imported", line=record.line
                    )
            if len(kept) == len(found):
                return
            found[:] = kept

    def note_left_out(self, found: Statements) -> None:
        """Say of the lines that only served what was not imported that they are not in the formula either."""
        told = {id(record) for _, record in found}
        live = {key for record, keys in self.delivered.items() if record in told for key in keys}
        live |= self.behind([expr for s, _ in found for expr in expressions_of(s)])
        live |= {s.name for s, _ in found if isinstance(s, tree.Definition) and self.definitions[s.name].kept}
        failed = [
            expr for item in self.state.items if item.record.failed for expr in payload_expressions(item)
        ]
        failed += [d.expr for d in self.definitions.values() if d.record.failed]
        wanted = self.behind(failed).union(*self.delivered.values())
        served = {_variable(key) for key in wanted - live}
        alive = {_variable(key) for key in live}
        for key, definition in self.definitions.items():
            record = definition.record
            if (
                key not in live
                and _variable(key) in served - alive
                and record.status == "imported"
                and not _BLOCK.match(self.state.script.lines[record.line - 1])  # its own lines tell
            ):
                record.note("needs_edit", said("only what was not imported uses it"))

    def behind(self, expressions: list[tree.Expr]) -> set[str]:
        """All definitions that the expressions read, directly or not."""
        found: set[str] = set()
        work = list(expressions)
        while work:
            for node in walk(work.pop()):
                if isinstance(node, tree.Name) and node.name in self.definitions and node.name not in found:
                    found.add(node.name)
                    work.append(self.definitions[node.name].expr)
        return found

    def alert_names(self, statement: tree.Statement) -> list[tree.Expr]:
        return [part for part in self.parts.get(id(statement), []) if isinstance(part, tree.Expr)]

    # which definitions are shown

    def written(self, found: Statements) -> Statements:
        """The statements with every definition that is not shown written where it is used."""
        order = {s.name: at for at, (s, _) in enumerate(found) if isinstance(s, tree.Definition)}
        uses = self.uses(found, order)
        done: dict[str, tree.Expr] = {}
        sizes: dict[str, tuple[int, int]] = {}
        shown = {key for key in order if self.definitions[key].kept}
        for at, (statement, _) in enumerate(found):
            for expr in expressions_of(statement):  # a past that is read before it is computed needs its name
                for node in walk(expr):
                    if isinstance(node, tree.Name) and order.get(node.name, -1) >= at:
                        shown.add(node.name)

        def change(node: tree.Expr) -> tree.Expr:
            if not isinstance(node, tree.Name) or node.name not in order or node.name in shown:
                return node
            size, depth = sizes[node.name]
            if (uses[node.name] > 1 and size > 3) or size > MOST_NODES or depth > DEEPEST:
                shown.add(node.name)
                return node
            return done[node.name]

        result: Statements = []
        for statement, record in found:
            if isinstance(statement, tree.Definition):
                if not uses.get(statement.name) and not self.definitions[statement.name].kept:
                    continue
                value = rebuild(statement.value, change)
                done[statement.name] = value
                sizes[statement.name] = measure(value)
                result.append((replace(statement, value=value), record))
            else:
                changed = change_expressions(statement, lambda expr: rebuild(expr, change))
                if id(statement) in self.parts:
                    self.parts[id(changed)] = self.parts[id(statement)]
                result.append((changed, record))
        return [
            (statement, record)
            for statement, record in result
            if not isinstance(statement, tree.Definition) or statement.name in shown
        ]

    def uses(self, found: Statements, order: dict[str, int]) -> dict[str, int]:
        """How often each definition is used by what is kept."""
        counts: dict[str, int] = {}
        by_name = {s.name: s for s, _ in found if isinstance(s, tree.Definition)}
        work: list[tree.Expr] = []
        for statement, _ in found:
            if not isinstance(statement, tree.Definition) or self.definitions[statement.name].kept:
                work += expressions_of(statement)
        while work:
            for node in walk(work.pop()):
                if isinstance(node, tree.Name) and node.name in order:
                    counts[node.name] = counts.get(node.name, 0) + 1
                    if counts[node.name] == 1 and not self.definitions[node.name].kept:
                        work.append(by_name[node.name].value)
        return counts

    # names

    def named(self, found: Statements) -> Statements:
        """Give everything its name: inputs first, then the script's own variables, then the rest."""
        words: dict[str, str] = {texts.SYMBOL: "symbol", texts.TIME: "time"}
        taken: set[str] = set(RESERVED) | BUILT_IN_NAMES
        definitions = [s for s, _ in found if isinstance(s, tree.Definition)]
        inputs = [s.name for s, _ in found if isinstance(s, tree.Input)]
        own = [d.name for d in definitions if self.definitions[d.name].kept]
        rest = [d.name for d in definitions if not self.definitions[d.name].kept]
        for key in (*inputs, *own, *rest):
            base = self.state.inputs[key].name if key in self.state.inputs else self.definitions[key].base
            words[key] = _free(base, taken)
            taken.add(words[key])
            if words[key] != base and (base in RESERVED or base in BUILT_IN_NAMES):
                record = next(r for s, r in found if getattr(s, "name", "") == key)
                record.note(
                    "imported",
                    said(
                        "`{base}` is a word of the language: it is called `{words}`",
                        base=base,
                        words=words[key],
                    ),
                )

        def change(node: tree.Expr) -> tree.Expr:
            return (
                replace(node, name=words.get(node.name, node.name)) if isinstance(node, tree.Name) else node
            )

        result: Statements = []
        titles: set[str] = set()
        for statement, record in found:
            changed = change_expressions(statement, lambda expr: rebuild(expr, change))
            if isinstance(changed, tree.Definition | tree.Input):
                changed.name = words[changed.name]
            if isinstance(changed, tree.Plot):
                changed.name = _title(changed, titles, taken)
            if isinstance(changed, tree.Alert):
                parts = self.parts[id(statement)]
                pieces = [
                    p if isinstance(p, str) else "{" + getattr(change(p), "name", "") + "}" for p in parts
                ]
                changed.text = " ".join("".join(pieces).split("\n"))
            result.append((changed, record))
        return result


def _free(base: str, taken: set[str]) -> str:
    base = base.replace(".", "_")
    if base in RESERVED or base in BUILT_IN_NAMES:
        base = f"my_{base}"
    word, count = base, 0
    while word in taken:
        count += 1
        word = f"{base}_{count}"
    return word


def _title(node: tree.Plot, titles: set[str], taken: set[str]) -> str:
    """A plot's name: its title, else its series; unlike those of other plots and of series it does not show."""
    shows = node.value.name if isinstance(node.value, tree.Name) else ""
    base = node.name or shows or "Plot"
    word, count = base, 1
    while word in titles or (word in taken and word != shows and word not in RESERVED | BUILT_IN_NAMES):
        count += 1
        word = f"{base} {count}"
    titles.add(word)
    return word


def _variable(key: str) -> str:
    """Of the key of one of a variable's values, the variable's."""
    return key.partition(".")[0]
