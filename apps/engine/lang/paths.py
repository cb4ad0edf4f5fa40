"""Where each node stands in the JSON tree, as a JSON pointer (RFC 6901) such as "/statements/3/when/first"."""

from collections.abc import Iterator

from apps.engine.lang import tree


def node_paths(formula: tree.Formula) -> dict[int, str]:
    """The pointer of each expression and statement of `formula` into its `formula_json`, by `id` of the node.

    Chains of operators, rows of signs and choices are one object in JSON. Their inner nodes stand at their operator,
    sign or case: of `a + b - c`, a chain at P, the sum is at P/rest/0.
    """
    paths: dict[int, str] = {}
    for number, statement in enumerate(formula.statements):
        path = f"/statements/{number}"
        paths[id(statement)] = path
        for expression, key in statement_parts(statement):
            _note(paths, expression, f"{path}/{key}")
    return paths


def statement_parts(node: tree.Statement) -> Iterator[tuple[tree.Expr, str]]:
    """The expressions right below a statement, with their pointers from it."""
    match node:
        case tree.Input():
            for key in ("default", "low", "high", "step"):
                value = getattr(node, key)
                if value is not None:
                    yield value, key
            for i, choice in enumerate(node.choices or ()):
                yield choice, f"choices/{i}"
        case tree.Condition() | tree.Alert():
            yield node.condition, "when"
        case tree.ExitAfter():
            yield node.bars, "bars"
        case tree.Definition() | tree.Protect() | tree.Sizing() | tree.Plot():
            yield node.value, "value"


def _note(paths: dict[int, str], expression: tree.Expr, path: str) -> None:
    work = [(expression, path)]
    while work:
        node, path = work.pop()
        paths[id(node)] = path
        match node:
            case tree.Call():
                work += [(argument, f"{path}/arguments/{i}") for i, argument in enumerate(node.arguments)]
            case tree.Field():
                work.append((node.base, f"{path}/of"))
            case tree.History():
                work += [(node.base, f"{path}/of"), (node.ago, f"{path}/ago")]
            case tree.Unary():
                operand, i = node.operand, 1
                while isinstance(operand, tree.Unary) and not operand.brackets:
                    paths[id(operand)] = f"{path}/operators/{i}"
                    operand, i = operand.operand, i + 1
                work.append((operand, f"{path}/of"))
            case tree.Binary():
                links = [node]
                while isinstance(links[-1].left, tree.Binary) and not links[-1].left.brackets:
                    links.append(links[-1].left)
                for i, link in enumerate(reversed(links)):
                    paths.setdefault(id(link), f"{path}/rest/{i}")
                    work.append((link.right, f"{path}/rest/{i}/1"))
                work.append((links[-1].left, f"{path}/first"))
            case tree.Ternary():
                i, last = 0, node
                while True:
                    paths.setdefault(id(last), f"{path}/cases/{i}")
                    work += [(last.condition, f"{path}/cases/{i}/0"), (last.then, f"{path}/cases/{i}/1")]
                    if not isinstance(last.otherwise, tree.Ternary) or last.otherwise.brackets:
                        break
                    i, last = i + 1, last.otherwise
                work.append((last.otherwise, f"{path}/otherwise"))
