"""Between which bounds each value of a graph stays, and which conditions therefore never or always hold.

Interval arithmetic over the operators in the order of building. Ranges hold up to rounding, and all of it is said of
bars on which nothing is na.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

from apps.engine.program.graph import HISTORY, Graph, Instruction
from apps.engine.said import said

INF = math.inf


class Range(NamedTuple):
    """From `low` to `high`, both included; `whole`: only whole numbers."""

    low: float = -INF
    high: float = INF
    whole: bool = False

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        if self.low > -INF and self.high < INF:
            return said("{low} to {high}", low=f"{self.low:g}", high=f"{self.high:g}")
        if self.low > -INF:
            return said("at least {low}", low=f"{self.low:g}")
        return said("at most {high}", high=f"{self.high:g}") if self.high < INF else said("any number")


class Truth(NamedTuple):
    """Whether a condition can be true, and whether it can be false."""

    true: bool = True
    false: bool = True


ANYTHING = Range()
EITHER = Truth()
NEVER = Truth(true=False)
ALWAYS = Truth(false=False)
SWAPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
ORDERS = {
    "lt": 1,
    "eq": 2,
    "gt": 4,
    "le": 3,
    "ge": 6,
    "ne": 5,
}  # which of below, equal, above a comparison allows

_SOURCES = {
    "volume": Range(0.0),
    "bar_index": Range(0.0, whole=True),
    "hour": Range(0.0, 23.0, True),
    "minute": Range(0.0, 59.0, True),
    "day_of_week": Range(1.0, 7.0, True),
    "day_of_month": Range(1.0, 31.0, True),
    "month": Range(1.0, 12.0, True),
    "year": Range(1.0, 9999.0, True),
}
_PERCENTAGE = Range(0.0, 100.0)
_POSITIVE = Range(0.0)
# operators whose outputs stay within fixed bounds whatever comes in
_FIXED: dict[str, tuple[Range, ...]] = {
    "rsi": (_PERCENTAGE,),
    "mfi": (_PERCENTAGE,),
    "stoch": (_PERCENTAGE,),
    "percentrank": (_PERCENTAGE,),
    "dmi": (_PERCENTAGE, _PERCENTAGE, _PERCENTAGE),
    "cmo": (Range(-100.0, 100.0),),
    "williams": (Range(-100.0, 0.0),),
    "correlation": (Range(-1.0, 1.0),),
    "sign": (Range(-1.0, 1.0, True),),
    "stdev": (_POSITIVE,),
    "variance": (_POSITIVE,),
    "true_range": (_POSITIVE,),
    "atr": (_POSITIVE,),
    "sqrt": (_POSITIVE,),
    "exp": (_POSITIVE,),
    "barssince": (Range(0.0, whole=True),),
    "supertrend": (ANYTHING, Range(-1.0, 1.0, True)),
}
# operators whose first output is one of their (last) input's values, and those that take a mean of them
_PICKING = frozenset(["highest", "lowest", "fixnan", "valuewhen", "pivothigh", "pivotlow", HISTORY, "gate"])
_AVERAGING = frozenset(["sma", "ema", "rma", "wma", "kama", "alma", "median"])
CROSSINGS = frozenset(["crossover", "crossunder", "cross"])


class Ranges:
    """The ranges of a graph's numbers and truths. `known`: ranges of values known from elsewhere."""

    def __init__(self, graph: Graph, known: dict[int, Range], frames: dict[int, Range | Truth]) -> None:
        self.graph = graph
        self.numbers: dict[int, Range] = dict(known)
        self.truths: dict[int, Truth] = {}
        self.maker: dict[int, Instruction] = {}
        for name, ref in graph.sources.items():
            self.numbers[ref] = _SOURCES.get(name, ANYTHING)
        for ref, found in frames.items():
            if isinstance(found, Truth):
                self.truths[ref] = found
            else:
                self.numbers[ref] = found
        joined = {ref for ins in graph.instructions if ins.op in ("and", "or") for ref in ins.inputs}
        for instruction in graph.instructions:
            self._add(instruction, instruction.outputs[0] not in joined)

    def number(self, ref: int) -> Range:
        const = self.graph.values[ref].const
        if const is not None:
            return Range(const, const, const == math.floor(const)) if math.isfinite(const) else ANYTHING
        return self.numbers.get(ref, ANYTHING)

    def truth(self, ref: int) -> Truth:
        const = self.graph.values[ref].const
        if const is not None:
            return ALWAYS if const else NEVER
        return self.truths.get(ref, EITHER)

    def of(self, ref: int) -> Range | Truth:
        return self.truth(ref) if self.graph.values[ref].kind == "b" else self.number(ref)

    def _add(self, instruction: Instruction, is_whole_condition: bool) -> None:
        op, inputs, outputs = instruction.op, instruction.inputs, instruction.outputs
        for ref in outputs:
            self.maker[ref] = instruction
        if self.graph.values[outputs[0]].kind == "b":
            truth = self._truth(op, inputs)
            if truth is EITHER and is_whole_condition and op in ("and", "or"):
                truth = self._joined(op, outputs[0])
            if truth is not EITHER:
                self.truths[outputs[0]] = truth
            return
        for ref, found in zip(outputs, self._numbers(instruction), strict=False):
            if found != ANYTHING and ref not in self.numbers and found.low <= found.high:
                self.numbers[ref] = found

    # numbers

    def _numbers(self, instruction: Instruction) -> Iterable[Range]:
        op, inputs = instruction.op, instruction.inputs
        if op in _FIXED:
            return _FIXED[op]
        if op in _PICKING or op in _AVERAGING:
            source = self.number(inputs[0] if op == "gate" else inputs[-1])
            if op in _AVERAGING:
                return (source._replace(whole=False),)
            if op in ("highest", "lowest"):
                return (source, Range(1.0 - instruction.params[0], 0.0, True))
            return (source,)
        if op == "sum":
            low, high, whole = self.number(inputs[0])
            return (Range(_times(low, instruction.params[0]), _times(high, instruction.params[0]), whole),)
        if op == "cum":
            low, high, whole = self.number(inputs[0])
            return (Range(0.0 if low >= 0 else -INF, 0.0 if high <= 0 else INF, whole),)
        if op == "choose":
            return (_hull(self.number(inputs[1]), self.number(inputs[2])),)
        if op == "nz":
            return (_hull(self.number(inputs[0]), self.number(inputs[1])),)
        if op in _ARITHMETIC:
            return (_ARITHMETIC[op](*(self.number(ref) for ref in inputs)),)
        return ()

    # truths

    def _truth(self, op: str, inputs: tuple[int, ...]) -> Truth:
        if op in SWAPPED:
            return self._compared(op, *inputs)
        if op in CROSSINGS:
            return self._crossed(op, *inputs)
        if op == "not":
            truth = self.truth(inputs[0])
            return Truth(truth.false, truth.true) if truth != EITHER else EITHER
        if op == HISTORY:  # before the first bar there is false
            return self.truth(inputs[0]) if inputs else EITHER
        if op in ("and", "or"):
            a, b = self.truth(inputs[0]), self.truth(inputs[1])
            if op == "and":
                return NEVER if NEVER in (a, b) else ALWAYS if a == b == ALWAYS else EITHER
            return ALWAYS if ALWAYS in (a, b) else NEVER if a == b == NEVER else EITHER
        if op == "choose_bool":
            a, b = self.truth(inputs[1]), self.truth(inputs[2])
            return a if a == b else EITHER
        return EITHER

    def _compared(self, op: str, a: int, b: int) -> Truth:
        if a == b:
            return ALWAYS if op in ("le", "ge", "eq") else NEVER
        if self.is_na(a) or self.is_na(b):
            return NEVER
        x, y = self.number(a), self.number(b)
        possible = 0
        if x.low < y.high:
            possible |= ORDERS["lt"]
        if x.high > y.low:
            possible |= ORDERS["gt"]
        if max(x.low, y.low) <= min(x.high, y.high) and not _between_whole(x, y) and not _between_whole(y, x):
            possible |= ORDERS["eq"]
        if not possible & ORDERS[op]:
            return NEVER
        return ALWAYS if not possible & ~ORDERS[op] else EITHER

    def is_na(self, ref: int) -> bool:
        const = self.graph.values[ref].const
        return const is not None and const != const

    def _crossed(self, op: str, a: int, b: int) -> Truth:
        x, y = self.number(a), self.number(b)
        over = x.high > y.low and x.low <= y.high  # a > b now, a <= b before
        under = x.low < y.high and x.high >= y.low
        possible = a != b and {"crossover": over, "crossunder": under, "cross": over or under}[op]
        return EITHER if possible else NEVER

    # conditions joined by `and` or by `or`

    def _joined(self, op: str, ref: int) -> Truth:
        """NEVER where the parts of an `and` exclude one another, ALWAYS where those of an `or` leave nothing out."""
        facts = _Facts(self)
        for part in self._parts(op, ref):
            facts.add(part, op == "and")
            if facts.impossible:
                return NEVER if op == "and" else ALWAYS
        return EITHER

    def _parts(self, op: str, ref: int) -> Iterable[int]:
        work, seen = [ref], {ref}
        while work:
            part = work.pop()
            maker = self.maker.get(part)
            if maker is None or maker.op != op:
                yield part
                continue
            for inner in maker.inputs:
                if inner not in seen:
                    seen.add(inner)
                    work.append(inner)


class _Facts:
    """What must hold at once: truths, the order of pairs of numbers, and bounds of single numbers."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self.truths: dict[int, bool] = {}
        self.orders: dict[tuple[int, int], int] = {}
        self.bounds: dict[int, Range] = {}
        self.impossible = False

    def add(self, ref: int, holds: bool) -> None:
        maker = self.ranges.maker.get(ref)
        while maker is not None and maker.op == "not":
            ref, holds = maker.inputs[0], not holds
            maker = self.ranges.maker.get(ref)
        if self.truths.setdefault(ref, holds) != holds:
            self.impossible = True
        if maker is None:
            return
        a, b = maker.inputs[0], maker.inputs[-1]
        if maker.op in SWAPPED:
            mask = ORDERS[maker.op]
            self.order(a, b, mask if holds else 7 & ~mask)
        elif maker.op in ("crossover", "crossunder") and holds:
            self.order(a, b, ORDERS["gt" if maker.op == "crossover" else "lt"])

    def order(self, a: int, b: int, mask: int) -> None:
        """`a` is to `b` as one of the bits of `mask` says."""
        if a > b:
            a, b, mask = b, a, (mask & 1) << 2 | mask & 2 | mask >> 2
        left = self.orders.get((a, b), 7) & mask
        self.orders[a, b] = left
        self.impossible = self.impossible or not left
        values = self.ranges.graph.values
        for ref, other, known in ((a, b, mask), (b, a, (mask & 1) << 2 | mask & 2 | mask >> 2)):
            const = values[other].const
            if const is not None and const == const and known != 5:
                self.narrow(ref, known, const)

    def narrow(self, ref: int, mask: int, const: float) -> None:
        """The value `ref` is to `const` as `mask` says."""
        found = self.bounds.get(ref) or self.ranges.number(ref)
        low, high, whole = found
        if not mask & 4:
            high = min(high, const if mask & 2 else math.nextafter(const, -INF))
        if not mask & 1:
            low = max(low, const if mask & 2 else math.nextafter(const, INF))
        if whole:
            low, high = _ceil(low), _floor(high)
        self.bounds[ref] = Range(low, high, whole)
        self.impossible = self.impossible or low > high


def _ceil(x: float) -> float:
    return float(math.ceil(x)) if math.isfinite(x) else x


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


def _between_whole(x: Range, y: Range) -> bool:
    """Whether `y` is a single number that the whole numbers of `x` never are."""
    return x.whole and y.low == y.high and y.low != _floor(y.low)


def _times(x: float, y: float) -> float:
    return 0.0 if x == 0.0 or y == 0.0 else x * y


def _hull(x: Range, y: Range) -> Range:
    return Range(min(x.low, y.low), max(x.high, y.high), x.whole and y.whole)


def _add(x: Range, y: Range) -> Range:
    return Range(x.low + y.low, x.high + y.high, x.whole and y.whole)


def _neg(x: Range) -> Range:
    return Range(-x.high, -x.low, x.whole)


def _mul(x: Range, y: Range) -> Range:
    ends = [_times(a, b) for a, b in product(x[:2], y[:2])]
    return Range(min(ends), max(ends), x.whole and y.whole)


def _div(x: Range, y: Range) -> Range:
    if y.low <= 0.0 <= y.high:
        signed = x.low >= 0.0 and y.low >= 0.0  # division by 0 itself is na
        return _POSITIVE if signed else ANYTHING
    return _mul(x, Range(1.0 / y.high, 1.0 / y.low))._replace(whole=False)


def _mod(x: Range, y: Range) -> Range:
    """The remainder has the sign of the dividend and is smaller than the divisor."""
    most = max(abs(y.low), abs(y.high))
    whole = x.whole and y.whole
    most = most - 1.0 if whole else most
    return Range(max(-most, min(x.low, 0.0)), min(most, max(x.high, 0.0)), whole)


def _abs(x: Range) -> Range:
    low = 0.0 if x.low <= 0.0 <= x.high else min(abs(x.low), abs(x.high))
    return Range(low, max(abs(x.low), abs(x.high)), x.whole)


def _rounded(how: Callable[[float], float]) -> Callable[[Range], Range]:
    return lambda x: Range(how(x.low), how(x.high), True)


_ARITHMETIC: dict[str, Callable[..., Range]] = {
    "add": _add,
    "sub": lambda x, y: _add(x, _neg(y)),
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "mod": _mod,
    "abs": _abs,
    "floor": _rounded(_floor),
    "ceil": _rounded(_ceil),
    "max": lambda x, y: Range(max(x.low, y.low), max(x.high, y.high), x.whole and y.whole),
    "min": lambda x, y: Range(min(x.low, y.low), min(x.high, y.high), x.whole and y.whole),
}
