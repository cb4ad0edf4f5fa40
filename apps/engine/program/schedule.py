"""In which order a graph's instructions run over whole columns, and which of them share a loop."""

from dataclasses import dataclass

from apps.engine.program.chains import CHAINS
from apps.engine.program.graph import Graph, Instruction

_MOST_TOGETHER = max(len(names) for names in CHAINS)
_CHAINED = frozenset(name for names in CHAINS for name in names)


@dataclass(frozen=True)
class Batch:
    """Instructions that run together: in one loop, or bar by bar where they are `cyclic`, using one another's past."""

    instructions: list[Instruction]
    cyclic: bool = False


def schedule(graph: Graph) -> list[Batch]:
    """Every instruction of `graph` in an order in which each follows what it uses.

    Smoothing operators wait until nothing else can run, so that as many as possible stand ready and run together.
    """
    waiting = [_batch(group) for group in graph.groups()]
    missing = {ref for batch in waiting for instruction in batch.instructions for ref in instruction.outputs}
    order: list[Batch] = []
    while waiting:
        later: list[Batch] = []
        for batch in waiting:
            if not _is_chained(batch) and _is_ready(batch, missing):
                _ran(batch, missing)
                order.append(batch)
            else:
                later.append(batch)
        ready = [batch for batch in later if _is_chained(batch) and _is_ready(batch, missing)]
        chosen = ready[:_MOST_TOGETHER]
        if chosen:
            together = [instruction for batch in chosen for instruction in batch.instructions]
            order.append(Batch(sorted(together, key=lambda instruction: instruction.op)))
            _ran(order[-1], missing)
        waiting = [batch for batch in later if not any(batch is other for other in chosen)]
    return order


def _batch(group: list[Instruction]) -> Batch:
    uses_itself = bool(set(group[0].inputs) & set(group[0].outputs))
    return Batch(group, cyclic=len(group) > 1 or uses_itself)


def _is_chained(batch: Batch) -> bool:
    return not batch.cyclic and batch.instructions[0].op in _CHAINED


def _is_ready(batch: Batch, missing: set[int]) -> bool:
    made = {ref for instruction in batch.instructions for ref in instruction.outputs}
    return not any(
        ref in missing and ref not in made for instruction in batch.instructions for ref in instruction.inputs
    )


def _ran(batch: Batch, missing: set[int]) -> None:
    missing.difference_update(ref for instruction in batch.instructions for ref in instruction.outputs)
