"""Which parts of an expression decided its value, and the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.lang.outline import Spot
from apps.engine.program.calendar import iso_time
from apps.engine.said import Figure, Said, row, said

Value = float | bool | str | None
MAX_REASONS = 6
MAX_OPENED = 12  # definitions within one another
_COMPARED = {  # where it holds, and where it does not
    "<": (said("below {value}"), said("not below {value}")),
    "<=": (said("at or below {value}"), said("not at or below {value}")),
    ">": (said("above {value}"), said("not above {value}")),
    ">=": (said("at or above {value}"), said("not at or above {value}")),
    "==": (said("equal to {value}"), said("not equal to {value}")),
    "!=": (said("different from {value}"), said("not different from {value}")),
}
_NOT_CROSSED = {
    "crossover": said("{left} did not rise above {right}"),
    "crossunder": said("{left} did not fall below {right}"),
    "cross": said("{left} did not cross {right}"),
}
_WANTED = {"crossover": 1, "crossunder": -1}  # the order of both sides in which it ends
_MOVED = {  # by function and whether it holds: in comparison with one bar, and with several
    ("rising", True): (
        said("{text} is {value}, above the value before it"),
        said("{text} is {value}, above each of the {count} values before it"),
    ),
    ("rising", False): (
        said("{text} is {value}, not above the value before it"),
        said("{text} is {value}, not above each of the {count} values before it"),
    ),
    ("falling", True): (
        said("{text} is {value}, below the value before it"),
        said("{text} is {value}, below each of the {count} values before it"),
    ),
    ("falling", False): (
        said("{text} is {value}, not below the value before it"),
        said("{text} is {value}, not below each of the {count} values before it"),
    ),
}


@dataclass(frozen=True)
class Part:
    """A sub-expression on a bar.

    `kind`, `operators`, `name` and the order of `parts` are those of `outline.Spot`; `node` is its path in
    `formula_json`; `type`: number, percent, truth, text or many. `value`: number, true/false, text, or None for na.
    `before`: its value one bar earlier, where that counts as well (`looks_back`: in a crossing). `bars_ago`: its value
    is that of so many bars earlier, on its own timeframe. `decided`: it took part in deciding the statement's value.
    `definition`: the name of the definition it stands for. `timeframe`: the higher timeframe on which it is evaluated;
    of a `tf`, the one it looks at, whose last closed bar opened at `time` (milliseconds).
    """

    kind: str
    text: str
    line: int
    column: int
    node: str
    type: str
    name: str
    operators: tuple[str, ...]
    value: Value
    before: Value
    looks_back: bool
    bars_ago: int
    decided: bool
    definition: str
    timeframe: str
    time: int | None
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; na as None. What does not apply is left out."""
        result: dict[str, Any] = {
            "kind": self.kind,
            "text": self.text,
            "line": self.line,
            "column": self.column,
            "node": self.node,
            "type": self.type,
            "value": plain(self.value),
            "decided": self.decided,
        }
        if self.operators:
            result["operators"] = list(self.operators)
        if self.looks_back:
            result["before"] = plain(self.before)
        if self.bars_ago:
            result["bars_ago"] = self.bars_ago
        if self.definition:
            result["definition"] = self.definition
        if self.timeframe:
            result["timeframe"] = self.timeframe
        if self.kind == "tf":
            result["time"] = None if self.time is None else iso_time(self.time)
        result["parts"] = [part.as_dict() for part in self.parts]
        return result


def plain(value: Value) -> Value:
    """A value as JSON can hold it: None for what is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def decides(spot: Spot, value: Value, parts: Sequence[Value]) -> list[bool]:
    """For each part of `spot`, whether it had a say in `value`."""
    if spot.kind == "chain" and spot.operators[0] in ("and", "or"):
        # one false side makes `and` false, one true side makes `or` true; else all sides are alike
        return [part is value for part in parts]
    if spot.kind == "choice":
        result = [False] * len(parts)
        for i in range(0, len(parts) - 1, 2):
            result[i] = True
            if parts[i]:
                result[i + 1] = True
                return result
        result[-1] = True
        return result
    if spot.kind == "call" and spot.name == "nz":
        return [True, parts[0] is None][: len(parts)]
    if spot.kind == "call" and spot.name in ("min", "max"):
        return [part == value for part in parts]
    return [True] * len(parts)


def sentence(part: Part, definitions: Mapping[str, Part]) -> str:
    """Why `part`, a condition, is true or false, without a full stop. `definitions`: by name, those of the chart."""
    return _Reasons(definitions).because(part)


class _Reasons:
    def __init__(self, definitions: Mapping[str, Part]) -> None:
        self.definitions = definitions
        self.told: set[str] = set()
        self.opened = 0

    def because(self, part: Part) -> str:
        match part.kind:
            case "chain" if part.operators[0] in ("and", "or"):
                return self.several([inner for inner in part.parts if inner.value is part.value])
            case "chain" if part.parts[0].type == "truth":
                return self.several(list(part.parts))
            case "chain" if len(part.parts) == 2:
                return self.compared(part)
            case "unary":
                return self.because(part.parts[0])
            case "choice":
                taken = [inner for inner in part.parts if inner.decided] or [part.parts[-1]]
                return self.several(taken)
            case "history":
                bars = part.parts[0].bars_ago - part.bars_ago
                reason = self.because(part.parts[0])
                return said("{bars} earlier {reason}", bars=_bars(bars), reason=reason) if bars else reason
            case "tf":
                if part.time is None:
                    return said("no bar of {timeframe} has closed yet", timeframe=part.timeframe)
                return said(
                    "on the {timeframe} bar of {time}, {reason}",
                    timeframe=part.timeframe,
                    time=iso_time(part.time),
                    reason=self.because(part.parts[1]),
                )
            case "call":
                return self.called(part)
            case "name":
                return self.named(part)
        return said("{text} is always {value}", text=part.text, value=_word(part.value))

    def several(self, parts: list[Part]) -> str:
        told = [self.because(part) for part in parts[:MAX_REASONS]]
        if len(parts) > MAX_REASONS:
            told.append(said("{count} more", count=len(parts) - MAX_REASONS))
        return row("{left}, and {right}", told)

    def named(self, part: Part) -> str:
        plainly = said("{text} is {value}", text=part.text, value=_word(part.value))
        inner = self.definitions.get(part.definition)
        if inner is None or part.definition in self.told or part.bars_ago or part.timeframe:
            return plainly
        if self.opened == MAX_OPENED:
            return plainly
        self.told.add(part.definition)
        self.opened += 1
        reason = self.because(inner)
        self.opened -= 1
        return said("{told} ({reason})", told=plainly, reason=reason)

    def compared(self, part: Part) -> str:
        left, right = part.parts
        missing = [side.text for side in (left, right) if side.value is None]
        if missing:
            return _missing(missing)
        holds, fails = _COMPARED[part.operators[0]]
        first, second = _numbers(left.value, right.value)
        how = said(holds if part.value else fails, value=_with(right, second))
        if left.kind in ("number", "text"):
            return said("{text} is {how}", text=left.text, how=how)
        return said("{text} is {value}, {how}", text=left.text, value=first, how=how)

    def called(self, part: Part) -> str:
        name, arguments = part.name, part.parts
        if name == "na":
            inner = arguments[0]
            if part.value:
                return said("{text} is missing", text=inner.text)
            return said("{text} is {value}, not missing", text=inner.text, value=_shown(inner.value))
        if name in ("rising", "falling"):
            inner, length = arguments
            if inner.value is None:
                return _missing([inner.text])
            count = _shown(length.value)
            pattern = _MOVED[name, bool(part.value)][count != "1"]
            return said(pattern, text=inner.text, value=_shown(inner.value), count=count)
        if name in ("crossover", "crossunder", "cross"):
            return self.crossed(part)
        return said("{text} is {value}", text=part.text, value=_word(part.value))

    def crossed(self, part: Part) -> str:
        a, b = part.parts
        missing = [side.text for side in (a, b) if side.value is None]
        if missing:
            return _missing(missing)
        first, second = _numbers(a.value, b.value)
        left, right = _with(a, first), _with(b, second)
        if a.before is None or b.before is None:
            now = said(_NOT_CROSSED[part.name], left=left, right=right)
            return said("{now}: there is no value one bar before", now=now)
        order = _order(a.value, b.value)
        pattern = _crossing(part, order)
        now = said(pattern, left=left, right=right)
        if not part.value and part.name != "cross" and order != _WANTED[part.name]:
            return now
        return said("{now} (before: {was})", now=now, was=_versus(a.before, b.before))


def _crossing(part: Part, order: int) -> Said:
    """What became of a crossing whose first side is now above (1), equal to (0) or below (-1) the second."""
    if part.value:
        return said("{left} rose above {right}") if order > 0 else said("{left} fell below {right}")
    if part.name == "cross":
        return _NOT_CROSSED["cross"]
    is_over = part.name == "crossover"
    if order == _WANTED[part.name]:
        return (
            said("{left} was already above {right}") if is_over else said("{left} was already below {right}")
        )
    return said("{left} is not above {right}") if is_over else said("{left} is not below {right}")


def _bars(count: int) -> str:
    return said("one bar") if count == 1 else said("{count} bars", count=f"{count:,}")


def _missing(texts: list[str]) -> str:
    """One text or two, of what has no value."""
    if len(texts) == 1:
        return said("{text} has no value", text=texts[0])
    return said("{left} and {right} have no value", left=texts[0], right=texts[1])


def _word(value: Value) -> str:
    """A condition's value."""
    return said("not known") if value is None else _shown(value)


def _order(a: Value, b: Value) -> int:
    assert isinstance(a, float)
    assert isinstance(b, float)
    return (a > b) - (a < b)


def _versus(a: Value, b: Value) -> str:
    first, second = _numbers(a, b)
    return said("{left} {sign} {right}", left=first, sign="=><"[_order(a, b)], right=second)


def _with(part: Part, shown: str) -> str:
    """An operand with its value: of a literal only its text."""
    if part.kind in ("number", "text"):
        return Figure(part.text) if part.kind == "number" else part.text
    simple = part.kind not in ("chain", "choice", "unary")
    return said("{text} {value}", text=part.text if simple else f"({part.text})", value=shown)


def _numbers(a: Value, b: Value) -> tuple[str, str]:
    """Both, with as many digits as it takes to tell them apart."""
    first, second = _shown(a), _shown(b)
    if first == second and a != b:
        return Figure(repr(a)), Figure(repr(b))
    return first, second


def _shown(value: Value) -> str:
    """A number in few digits: six that count, and two decimals at least where it is large."""
    if value is None:
        return "na"
    if isinstance(value, bool | str):
        return str(value).lower() if isinstance(value, bool) else f'"{value}"'
    if not math.isfinite(value):
        return said("infinite")
    if 1000 <= abs(value) < 1e15:
        return Figure(f"{value:.2f}".rstrip("0").rstrip("."))
    return Figure(f"{value:.6g}")
