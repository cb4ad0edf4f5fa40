"""What changed between two versions of a formula, in sentences: layout, comments and needless brackets never count.

There is a change exactly where the formula's hash differs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from apps.engine.lang import tree
from apps.engine.lang.diff.expressions import Edit, edits
from apps.engine.lang.diff.keys import Keys
from apps.engine.lang.diff.matching import Pair, match_statements, moved, renamed_text
from apps.engine.lang.diff.renames import find_renames
from apps.engine.lang.diff.words import bare, content_of, label_of, shown, subject_of
from apps.engine.lang.errors import FormulaError
from apps.engine.lang.parser import Parsed, parse
from apps.engine.lang.writer import write_expression, write_statement
from apps.engine.said import row, said

__all__ = ["NO_CHANGE", "Change", "diff", "summary"]

NO_CHANGE = said("no semantic change")
_GROUPS = (
    (said("inputs"), ("input",)),
    (said("series"), ("series",)),
    (said("entry"), ("long", "short")),
    (said("exits"), ("exit_long", "exit_short", "exit", "exit_after")),
    (said("protection"), ("stop_loss", "take_profit", "trailing_stop")),
    (said("size"), ("size",)),
    (said("alerts"), ("alert",)),
    (said("plots"), ("plot",)),
)
_WHOLE = {"added": said("{what} added: {content}"), "removed": said("{what} removed: {content}")}
_AFTER = {"added": said("exit after {bars} added"), "removed": said("exit after {bars} removed")}
_RENAMED = {
    "input": said("input {old} renamed to {new}"),
    "series": said("series {old} renamed to {new}"),
    "plot": said("plot {old} renamed to {new}"),
}
_OF_INPUT = {
    "kind": said("{input}: kind"),
    "default": said("{input}: default"),
    "range": said("{input}: range"),
    "step": said("{input}: step"),
    "choices": said("{input}: choices"),
    "label": said("{input}: label"),
}


@dataclass(frozen=True)
class Change:
    """One change.

    `subject`: input, series, long, short, exit_long, exit_short, exit, exit_after, stop_loss, take_profit,
    trailing_stop, size, alert or plot. `old` and `new` are the smallest texts that differ, None where there is none;
    lines and nodes (pointers into each version's tree) say where.
    """

    kind: Literal["added", "removed", "changed", "renamed", "moved"]
    subject: str
    sentence: str
    old: str | None = None
    new: str | None = None
    old_line: int | None = None
    new_line: int | None = None
    old_node: str | None = None
    new_node: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def diff(old: str, new: str) -> list[Change]:
    """The changes from one text to another, in the order of the new one; none where both mean the same.

    Raises FormulaError where either cannot be read; what else is wrong with them does not matter here.
    """
    return _Comparison(_parsed(old), _parsed(new)).changes()


def summary(old: str, new: str) -> str:
    """The changes in one line, then what stayed as it was: "EMA length 9 → 12 in fast; entry unchanged"."""
    before, after = _parsed(old), _parsed(new)
    changes = _Comparison(before, after).changes()
    if not changes:
        return NO_CHANGE
    touched = {change.subject for change in changes}
    there = {subject_of(node) for node in (*before.formula.statements, *after.formula.statements)}
    unchanged = [name for name, subjects in _GROUPS if there & set(subjects) and not touched & set(subjects)]
    sentences = [change.sentence for change in changes]
    if unchanged:
        sentences.append(said("{what} unchanged", what=row("{left}, {right}", unchanged)))
    return row("{left}; {right}", sentences)


def _parsed(text: str) -> Parsed:
    parsed = parse(text)
    if parsed.problems:
        raise FormulaError(parsed.problems)
    return parsed


class _Comparison:
    def __init__(self, old: Parsed, new: Parsed) -> None:
        self.old, self.new = old.formula.statements, new.formula.statements
        self.keys = Keys(find_renames(old.formula, new.formula))
        self.old_paths, self.new_paths = old.paths, new.paths

    def changes(self) -> list[Change]:
        pairs = match_statements(self.old, self.new, self.keys)
        gone, come = {i for i, _ in pairs}, {j for _, j in pairs}
        found: list[tuple[float, Change]] = []
        for i, j in pairs:
            found += [(j, change) for change in self.between(self.old[i], self.new[j])]
        for j, after in enumerate(self.new):
            if j not in come:
                found.append((j, self.whole("added", None, after)))
        for i, before in enumerate(self.old):
            if i not in gone:
                found.append((self.place_of(i, pairs), self.whole("removed", before, None)))
        for i, j in moved(pairs):
            found.append((j, self.move(self.old[i], self.new[j])))
        return [change for _, change in sorted(found, key=lambda each: each[0])]

    def place_of(self, position: int, pairs: list[Pair]) -> float:
        """Where a removed statement would stand among the new ones."""
        before = [j for i, j in pairs if i < position]
        return before[-1] + 0.5 if before else -0.5

    # changes

    def make(
        self,
        kind: Literal["added", "removed", "changed", "renamed", "moved"],
        sentence: str,
        statements: tuple[tree.Statement | None, tree.Statement | None],
        texts: tuple[str | None, str | None],
        nodes: tuple[tree.Expr | None, tree.Expr | None] = (None, None),
    ) -> Change:
        old, new = statements
        places: list[int | str | None] = []
        for statement, node, paths in zip(statements, nodes, (self.old_paths, self.new_paths), strict=True):
            at = node or statement
            places += [None, None] if at is None else [at.line, paths[id(at)]]
        subject = subject_of(new or old)  # type: ignore[arg-type]
        return Change(kind, subject, sentence, *texts, places[0], places[2], places[1], places[3])  # type: ignore[arg-type]

    def whole(
        self, kind: Literal["added", "removed"], old: tree.Statement | None, new: tree.Statement | None
    ) -> Change:
        node = new or old
        assert node is not None
        label = label_of(node)
        if isinstance(node, tree.ExitAfter):
            sentence = said(_AFTER[kind], bars=content_of(node))
        else:
            sentence = said(_WHOLE[kind], what=label, content=content_of(node))
        texts = (write_statement(old) if old else None, write_statement(new) if new else None)
        return self.make(kind, sentence, (old, new), texts)

    def move(self, old: tree.Statement, new: tree.Statement) -> Change:
        sentence = said("{what} moved, line {old} → {new}", what=label_of(new), old=old.line, new=new.line)
        return self.make("moved", sentence, (old, new), (None, None))

    def changed(
        self, old: tree.Statement, new: tree.Statement, what: str, before: str | None, after: str | None
    ) -> Change:
        """Something of a statement that is no expression, or a plain value of it."""
        kind: Literal["added", "removed", "changed"] = "changed"
        if before is None or after is None:
            kind = "added" if before is None else "removed"
            told = said(_WHOLE[kind], what=what, content=after if before is None else before)
        else:
            told = said("{what} {old} → {new}", what=what, old=before, new=after)
        return self.make(kind, told, (old, new), (before, after))

    def between(self, old: tree.Statement, new: tree.Statement) -> list[Change]:
        """The changes within one statement."""
        match old, new:
            case tree.Input(), tree.Input():
                return [*self.renamed(old, new), *self.of_input(old, new)]
            case tree.Definition(), tree.Definition():
                return [*self.renamed(old, new), *self.of_value(old, new, old.value, new.value, new.name)]
            case tree.Condition(), tree.Condition():
                return self.of_value(old, new, old.condition, new.condition, label_of(new))
            case tree.Alert(), tree.Alert():
                found = self.of_value(old, new, old.condition, new.condition, label_of(new))
                if renamed_text(old.text, self.keys.renamed) != new.text:
                    found.insert(
                        0, self.changed(old, new, said("alert text"), f'"{old.text}"', f'"{new.text}"')
                    )
                return found
            case tree.Plot(), tree.Plot():
                found = self.of_value(old, new, old.value, new.value, label_of(new))
                if old.name != new.name:
                    found.insert(0, self.rename("plot", f'"{old.name}"', f'"{new.name}"', old, new))
                return found
            case tree.Protect(), tree.Protect():
                return self.of_order(old, new, old.value, new.value, old.mode != new.mode)
            case tree.Sizing(), tree.Sizing():
                return self.of_order(old, new, old.value, new.value, old.mode != new.mode)
            case tree.ExitAfter(), tree.ExitAfter():
                return self.of_order(old, new, old.bars, new.bars, False)
        raise TypeError(f"not one statement: {old!r}, {new!r}")

    def renamed(self, old: tree.Input | tree.Definition, new: tree.Input | tree.Definition) -> list[Change]:
        if old.name == new.name:
            return []
        return [self.rename(subject_of(new), old.name, new.name, old, new)]

    def rename(self, what: str, before: str, after: str, old: tree.Statement, new: tree.Statement) -> Change:
        told = said(_RENAMED[what], old=before, new=after)
        return self.make("renamed", told, (old, new), (before, after))

    def of_input(self, old: tree.Input, new: tree.Input) -> list[Change]:
        label = label_of(new)
        parts = [
            ("kind", old.kind, new.kind),
            ("default", shown(old.default), shown(new.default)),
            ("range", _range(old), _range(new)),
            ("step", _step(old), _step(new)),
            ("choices", _choices(old), _choices(new)),
            ("label", _label(old), _label(new)),
        ]
        same = {
            "default": self.keys.same(old.default, new.default),
            "range": _same(self.keys, (old.low, old.high), (new.low, new.high)),
            "step": _same(self.keys, (old.step,), (new.step,)),
        }
        return [
            self.changed(old, new, said(_OF_INPUT[what], input=label), before, after)
            for what, before, after in parts
            if not same.get(what, before == after)
        ]

    def of_order(
        self, old: tree.Statement, new: tree.Statement, before: tree.Expr, after: tree.Expr, other_mode: bool
    ) -> list[Change]:
        """A protective order, the size or `exit after`."""
        found = edits(before, after, self.keys)
        if other_mode or any(edit.replaced for edit in found):
            return [self.changed(old, new, label_of(new), content_of(old), content_of(new))]
        return [self.of_edit(old, new, edit, label_of(new)) for edit in found]

    def of_value(
        self, old: tree.Statement, new: tree.Statement, before: tree.Expr, after: tree.Expr, place: str
    ) -> list[Change]:
        return [self.of_edit(old, new, edit, place) for edit in edits(before, after, self.keys)]

    def of_edit(self, old: tree.Statement, new: tree.Statement, edit: Edit, place: str) -> Change:
        if not edit.argument:
            sentence = said("{place}: {change}", place=place, change=edit.what)
        elif isinstance(new, tree.Definition | tree.Alert | tree.Plot):
            sentence = said("{change} in {place}", change=edit.what, place=place)
        else:
            sentence = said("{change} in the {place}", change=edit.what, place=place)
        texts = (
            None if edit.old is None else write_expression(edit.old),
            None if edit.new is None else write_expression(edit.new),
        )
        return self.make(edit.kind, sentence, (old, new), texts, (edit.old, edit.new))


def _step(node: tree.Input) -> str | None:
    return None if node.step is None else shown(node.step)


def _range(node: tree.Input) -> str | None:
    return None if node.low is None or node.high is None else f"{bare(node.low)}..{bare(node.high)}"


def _choices(node: tree.Input) -> str | None:
    return None if node.choices is None else ", ".join(shown(choice) for choice in node.choices)


def _label(node: tree.Input) -> str | None:
    return None if node.label is None else f'"{node.label}"'


def _same(keys: Keys, old: tuple[tree.Expr | None, ...], new: tuple[tree.Expr | None, ...]) -> bool:
    return all(
        (one is None and other is None) or (one is not None and other is not None and keys.same(one, other))
        for one, other in zip(old, new, strict=True)
    )
