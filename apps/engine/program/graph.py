"""A formula as operators and the values between them, equal parts shared.

A value is a number: its place in `Graph.values`, and its register in the machine. Values of several outputs of one
operator stand next to one another. Each timeframe a formula looks at has a graph of its own.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from apps.engine.indicators.operators import OPERATORS

NEVER = 1_000_000_000  # the look-back of what never has a value
BAR_SOURCES = ("open", "high", "low", "close", "volume")
TIME_SOURCES = ("hour", "minute", "day_of_week", "day_of_month", "month", "year", "day")
HISTORY = "history"
FRAME = "frame"


@dataclass
class Value:
    """`kind`: f number, b true/false. `const`: its value where that is known. `first`: index of the first bar on
    which it can be known; `late`: for each value of a higher timeframe it depends on, how many bars after that one."""

    kind: str
    const: float | None = None
    first: int = 0
    late: dict[int, int] = field(default_factory=dict)


@dataclass
class Instruction:
    """One operator at work. History's input may be set later, since a series may use its own past."""

    op: str
    inputs: tuple[int, ...]
    params: tuple[float, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class FrameUse:
    """A value of this graph that comes from value `inner` of the graph of timeframe `frame`."""

    ref: int
    frame: str
    inner: int


class Graph:
    """The operators of one timeframe."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.instructions: list[Instruction] = []
        self.sources: dict[str, int] = {}
        self.frame_uses: list[FrameUse] = []
        self._known: dict[tuple[object, ...], tuple[int, ...]] = {}

    def _new(self, kind: str, const: float | None = None) -> int:
        self.values.append(Value(kind, const))
        return len(self.values) - 1

    def source(self, name: str) -> int:
        """A column of the bar, a part of its time, or `bar_index`."""
        if name not in self.sources:
            self.sources[name] = self._new("f")
        return self.sources[name]

    def constant(self, value: float, kind: str = "f") -> int:
        key = ("constant", kind, math.copysign(1.0, value), repr(value))
        if key not in self._known:
            self._known[key] = (self._new(kind, float(value)),)
        return self._known[key][0]

    def apply(self, op: str, inputs: tuple[int, ...], params: tuple[float, ...] = ()) -> tuple[int, ...]:
        """The outputs of an operator, new or the same as before; computed here where all inputs are constants."""
        key = (op, inputs, params)
        if key in self._known:
            return self._known[key]
        operator = OPERATORS[op]
        if not operator.state and all(self.values[ref].const is not None for ref in inputs):
            arguments = [self._python_value(ref) for ref in inputs]
            whole = [int(p) if kind == "i" else p for kind, p in zip(operator.params, params, strict=True)]
            result = operator.step.py_func(*arguments, *whole)  # type: ignore[attr-defined]
            outputs: tuple[int, ...] = (self.constant(float(result), operator.outputs),)
        else:
            outputs = tuple(self._new(kind) for kind in operator.outputs)
            self.instructions.append(Instruction(op, inputs, params, outputs))
        self._known[key] = outputs
        return outputs

    def _python_value(self, ref: int) -> float | bool:
        value = self.values[ref]
        assert value.const is not None
        return bool(value.const) if value.kind == "b" else value.const

    def one(self, op: str, inputs: tuple[int, ...], params: tuple[float, ...] = ()) -> int:
        """The first output of `apply`."""
        return self.apply(op, inputs, params)[0]

    def history(self, ref: int, ago: int) -> int:
        """The value `ref` as of `ago` bars ago."""
        if ago == 0:
            return ref
        key = (HISTORY, (ref,), (ago,))
        if key not in self._known:
            self._known[key] = (self.open_history(self.values[ref].kind, ago).outputs[0],)
            self.instructions[-1].inputs = (ref,)
        return self._known[key][0]

    def open_history(self, kind: str, ago: int) -> Instruction:
        """The past of a value not yet built; its `inputs` must be set before the graph is used."""
        instruction = Instruction(HISTORY, (), (ago,), (self._new(kind),))
        self.instructions.append(instruction)
        return instruction

    def from_frame(self, frame: str, inner: int, kind: str) -> int:
        """The last closed value `inner` of timeframe `frame`."""
        key = (FRAME, frame, inner)
        if key not in self._known:
            ref = self._new(kind)
            self.frame_uses.append(FrameUse(ref, frame, inner))
            self.values[ref].late = {ref: 0}
            self._known[key] = (ref,)
        return self._known[key][0]

    # bounds

    def memory(self) -> int:
        """Numbers remembered from bar to bar."""
        return sum(state_size(instruction) for instruction in self.instructions)

    def cost(self) -> int:
        """Steps of work per bar."""
        total = 0
        for instruction in self.instructions:
            if instruction.op != HISTORY:
                total += OPERATORS[instruction.op].cost(*(int(p) for p in instruction.params))
            total += 1
        return total

    # order and look-back

    def groups(self) -> list[list[Instruction]]:
        """Instructions in an order in which each follows what it uses; those that use one another's past together.

        Tarjan's strongly connected components, without recursion. Within a group the order is that of building,
        in which everything but history follows what it uses.
        """
        producer = {ref: i for i, ins in enumerate(self.instructions) for ref in ins.outputs}
        edges = [[producer[ref] for ref in ins.inputs if ref in producer] for ins in self.instructions]
        if all(child < i for i, children in enumerate(edges) for child in children):
            return [[instruction] for instruction in self.instructions]  # no series uses its own past
        index: dict[int, int] = {}
        low: dict[int, int] = {}
        on_stack: set[int] = set()
        stack: list[int] = []
        result: list[list[Instruction]] = []
        for root in range(len(self.instructions)):
            if root in index:
                continue
            work = [(root, 0)]
            while work:
                node, edge = work.pop()
                if edge == 0:
                    index[node] = low[node] = len(index)
                    stack.append(node)
                    on_stack.add(node)
                for position in range(edge, len(edges[node])):
                    child = edges[node][position]
                    if child not in index:
                        work.append((node, position + 1))
                        work.append((child, 0))
                        break
                    if child in on_stack:
                        low[node] = min(low[node], index[child])
                else:
                    if low[node] == index[node]:
                        members: list[int] = []
                        while True:
                            member = stack.pop()
                            on_stack.discard(member)
                            members.append(member)
                            if member == node:
                                break
                        result.append([self.instructions[i] for i in sorted(members)])
                    if work:
                        parent = work[-1][0]
                        low[parent] = min(low[parent], low[node])
        return result

    def find_lookbacks(self, groups: list[list[Instruction]] | None = None) -> None:
        """Set `first` and `late` of every value; `groups` are `groups()`, where they are at hand.

        Where series use one another's past, a value is known as soon as what it is made of is. A choice waits for
        both its branches, unless one of them waits for the choice itself: then it is known once either is.
        """
        for group in groups or self.groups():
            if len(group) == 1 and not set(group[0].outputs) & set(group[0].inputs):
                self._update(group[0], patient=True)
            elif not self._settle(group, patient=True) and not self._settle(group, patient=False):
                for instruction in group:
                    for ref in instruction.outputs:
                        if self.values[ref].late:
                            self.values[ref].first, self.values[ref].late = NEVER, {}

    def _settle(self, group: list[Instruction], patient: bool) -> bool:
        """Find the look-backs of a group, starting from never; whether all of it is known at some time."""
        users: dict[int, list[int]] = {}
        for i, instruction in enumerate(group):
            for ref in instruction.inputs:
                users.setdefault(ref, []).append(i)
            for ref in instruction.outputs:
                self.values[ref].first, self.values[ref].late = NEVER, {}
        waiting = deque(range(len(group)))
        queued = set(waiting)
        budget = 200 + 50 * len(group)
        frame_budget = 100_000  # of steps through `late`, which many timeframes make long
        while waiting and budget and frame_budget > 0:
            budget -= 1
            i = waiting.popleft()
            queued.discard(i)
            frame_budget -= sum(len(self.values[ref].late) for ref in group[i].inputs)
            if self._update(group[i], patient):
                for user in (user for ref in group[i].outputs for user in users.get(ref, [])):
                    if user not in queued:
                        queued.add(user)
                        waiting.append(user)
        if waiting:
            return False
        return all(self.values[ref].first < NEVER for instruction in group for ref in instruction.outputs)

    def _update(self, instruction: Instruction, patient: bool) -> bool:
        """Recompute the look-back of an instruction's outputs; whether it changed."""
        inputs = [self.values[ref] for ref in instruction.inputs]
        op = instruction.op
        if op == HISTORY:
            warmup: tuple[int, ...] = (int(instruction.params[0]),)
        else:
            warmup = OPERATORS[op].warmup(*(_plain(p) for p in instruction.params))
        if op == "nz":
            inputs = [min(inputs, key=lambda value: (value.first, len(value.late)))]
        elif op == "is_na":
            inputs = []
        elif op in ("choose", "choose_bool") and not patient:
            quickest = min(inputs[1:], key=lambda value: (value.first, max(value.late.values(), default=-1)))
            inputs = [inputs[0], quickest]
        first = max((value.first for value in inputs), default=0)
        late: dict[int, int] = {}
        for value in inputs:
            for ref, bars in value.late.items():
                late[ref] = max(late.get(ref, 0), bars)
        changed = False
        for ref, bars in zip(instruction.outputs, warmup, strict=True):
            new_first = min(first + bars, NEVER)
            new_late = {source: min(since + bars, NEVER) for source, since in late.items()}
            value = self.values[ref]
            if (value.first, value.late) != (new_first, new_late):
                value.first, value.late = new_first, new_late
                changed = True
        return changed


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


def state_size(instruction: Instruction) -> int:
    """Numbers an instruction keeps between bars."""
    if instruction.op == HISTORY:
        return 1 + int(instruction.params[0])
    operator = OPERATORS[instruction.op]
    window = operator.memory(*(int(p) for p in instruction.params)) if operator.memory else 0
    return len(operator.state) + window
