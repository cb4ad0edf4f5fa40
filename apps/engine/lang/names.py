"""Which definitions use which: the order to build them in, and the circles that are allowed or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.engine.lang import tree
from apps.engine.lang.functions import TIMEFRAME_FUNCTION


@dataclass
class Uses:
    """Names an expression uses: of the same bar (`now`), of an earlier one as NAME[n] (`past`), and in tf()
    (`framed`). `looks_at_frame`: there is a tf() in it."""

    now: list[tree.Name] = field(default_factory=list)
    past: list[tree.Name] = field(default_factory=list)
    framed: list[tree.Name] = field(default_factory=list)
    looks_at_frame: bool = False

    def all(self) -> Iterator[tree.Name]:
        yield from self.now
        yield from self.past
        yield from self.framed


def uses_of(expression: tree.Expr) -> Uses:
    """All names in `expression`. NAME[0] is of the same bar."""
    uses = Uses()
    work: list[tuple[tree.Expr, bool]] = [(expression, False)]
    while work:
        node, framed = work.pop()
        match node:
            case tree.Name():
                (uses.framed if framed else uses.now).append(node)
            case tree.History(base=tree.Name() as name, ago=ago):
                same_bar = isinstance(ago, tree.Number) and ago.value == 0
                (uses.framed if framed else uses.now if same_bar else uses.past).append(name)
                work.append((ago, framed))
            case tree.History():
                work += [(node.base, framed), (node.ago, framed)]
            case tree.Call():
                inside = framed or node.name == TIMEFRAME_FUNCTION
                uses.looks_at_frame = uses.looks_at_frame or inside
                work += [(argument, inside) for argument in node.arguments]
            case tree.Field():
                work.append((node.base, framed))
            case tree.Unary():
                work.append((node.operand, framed))
            case tree.Binary():
                work += [(node.left, framed), (node.right, framed)]
            case tree.Ternary():
                work += [(node.condition, framed), (node.then, framed), (node.otherwise, framed)]
    return uses


def components(edges: dict[str, set[str]]) -> list[list[str]]:
    """Tarjan's strongly connected components, each after those it depends on; without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    result: list[list[str]] = []
    targets = {name: [t for t in sorted(edges[name]) if t in edges] for name in edges}
    for root in edges:
        if root in index:
            continue
        work = [(root, 0)]
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            for position in range(at, len(targets[node])):
                child = targets[node][position]
                if child not in index:
                    work += [(node, position + 1), (child, 0)]
                    break
                if child in on_stack:
                    low[node] = min(low[node], index[child])
            else:
                if low[node] == index[node]:
                    cut = stack.index(node)
                    members = stack[cut:]
                    del stack[cut:]
                    on_stack.difference_update(members)
                    result.append(members)
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
    return result
