"""When two expressions mean the same: one number for each meaning, brackets and spelling of numbers left out."""

from collections.abc import Mapping

from apps.engine.lang import tree

UNARY, BINARY, CHOICE = "unary", "chain", "choice"


def signs_of(node: tree.Unary) -> tuple[list[str], tree.Expr]:
    """A row of signs, and what stands behind it."""
    signs: list[str] = []
    operand: tree.Expr = node
    while isinstance(operand, tree.Unary):
        signs.append(operand.operator)
        operand = operand.operand
    return signs, operand


def terms_of(node: tree.Binary) -> tuple[list[str], list[tree.Expr]]:
    """The operators of one level from left to right, and the terms between them."""
    operators: list[str] = []
    terms: list[tree.Expr] = []
    left: tree.Expr = node
    level = tree.LEVELS[node.operator]
    while isinstance(left, tree.Binary) and tree.LEVELS[left.operator] == level:
        operators.append(left.operator)
        terms.append(left.right)
        left = left.left
    return operators[::-1], [left, *reversed(terms)]


def cases_of(node: tree.Ternary) -> list[tree.Expr]:
    """Condition, value, condition, value, ..., and the value otherwise."""
    parts: list[tree.Expr] = []
    last: tree.Expr = node
    while isinstance(last, tree.Ternary):
        parts += [last.condition, last.then]
        last = last.otherwise
    return [*parts, last]


def shape_of(node: tree.Expr) -> tuple[tuple[object, ...], list[tree.Expr]]:
    """What an expression is by itself, and its parts: two mean the same if their shapes and parts do."""
    match node:
        case tree.Number():
            return (
                "percent" if node.is_percent else "number",
                repr(node.value),
            ), []  # -0 is not 0 to the hash
        case tree.Truth():
            return ("truth", node.value), []
        case tree.Text():
            return ("text", node.value), []
        case tree.Name():
            return ("name", node.name), []
        case tree.Call():
            return ("call", node.name, len(node.arguments)), node.arguments
        case tree.Field():
            return ("field", node.name), [node.base]
        case tree.History():
            return ("history",), [node.base, node.ago]
        case tree.Unary():
            signs, operand = signs_of(node)
            return (UNARY, *signs), [operand]
        case tree.Binary():
            operators, terms = terms_of(node)
            return (BINARY, *operators), terms
        case tree.Ternary():
            parts = cases_of(node)
            return (CHOICE, len(parts)), parts
    raise TypeError(f"not an expression: {node!r}")


class Keys:
    """Numbers of meanings, the same for both versions. `renamed`: new names of the old version's series and inputs."""

    def __init__(self, renamed: Mapping[str, str] | None = None) -> None:
        self.renamed = dict(renamed or {})
        self._known: dict[tuple[object, ...], int] = {}
        self._of: dict[tuple[int, bool], int] = {}

    def of(self, node: tree.Expr, old: bool) -> int:
        """The number of `node`'s meaning; of the old version, with its names as they are called now."""
        place = (id(node), old)
        if place not in self._of:
            shape, parts = shape_of(node)
            if old and shape[0] == "name":
                shape = ("name", self.renamed.get(str(shape[1]), shape[1]))
            whole = (shape, *(self.of(part, old) for part in parts))
            self._of[place] = self._known.setdefault(whole, len(self._known))
        return self._of[place]

    def same(self, old: tree.Expr, new: tree.Expr) -> bool:
        return self.of(old, True) == self.of(new, False)
