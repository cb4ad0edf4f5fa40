"""Which values each input takes, and the cells they make: all of a grid, or some of it at random."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from apps.engine.lang.settings import InputSpec, Setting, resolve
from apps.engine.said import said
from apps.engine.sim.spec import SimulationError

MOST_CELLS = 20_000  # of one sweep
_NUMBERS = ("integer", "number", "percent")
_RANGE = re.compile(r"(?P<low>\S+?)\s*\.\.\s*(?P<high>\S+?)(?:\s+step\s+(?P<step>\S+))?")

Settings = dict[str, Setting]


class SweepError(SimulationError):
    """An axis or a cell that cannot be run. `field` is the input's name, `cells`, or `bars`."""


@dataclass(frozen=True)
class Axis:
    """The values one input takes, in the order given; `ordered` where the next value is the nearest one."""

    name: str
    values: tuple[Setting, ...]
    ordered: bool


def axes_of(pairs: Mapping[str, str], inputs: Sequence[InputSpec]) -> list[Axis]:
    """An axis for each pair: `5..24`, `0.5..2 step 0.5`, `1,2,3`, `true,false`, or one value.

    Whole numbers go by 1 unless a step is given, other numbers by the step the input declares. Values are read as
    those of a single backtest are. Raises SweepError for unknown names, wrong or repeated values, too many of them.
    """
    return [_axis(name, text, inputs) for name, text in pairs.items()]


def _axis(name: str, text: str, inputs: Sequence[InputSpec]) -> Axis:
    specs = [spec for spec in inputs if spec.name == name]
    if not specs:
        refusal = resolve(list(inputs), {name: text})[1][0]
        raise _wrong(name, refusal.message, refusal.hint)
    spec = specs[0]
    values: list[Setting] = []
    texts: list[str] = []
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip()) if spec.kind in _NUMBERS else None
        texts += _steps(spec, **found.groupdict()) if found else [part.strip()]
        if len(texts) > MOST_CELLS:
            raise _too_many(name, len(texts))
    for each in texts:
        accepted, refusals = resolve(specs, {name: each})
        if refusals:
            raise _wrong(name, refusals[0].message, refusals[0].hint)
        if accepted[name] in values:
            raise _wrong(name, said("setting `{name}`: {each} is given twice", name=name, each=each))
        values.append(accepted[name])
    return Axis(name, tuple(values), spec.kind in _NUMBERS)


def _wrong(name: str, message: str, hint: str = "") -> SweepError:
    return SweepError(f"{message}{f' ({hint})' if hint else ''}.", field=name)


def _too_many(name: str, count: int) -> SweepError:
    return SweepError(
        said(
            "{name} takes {count} values: at most {most_cells}.",
            name=name,
            count=f"{count:,}",
            most_cells=f"{MOST_CELLS:,}",
        ),
        field=name,
    )


def _steps(spec: InputSpec, low: str, high: str, step: str | None) -> list[str]:
    """The values of a range as texts, exact in decimals: 0.1..0.3 step 0.1 ends with 0.3."""
    percent = spec.kind == "percent" and low.endswith("%")
    first, last = _decimal(spec, low, percent), _decimal(spec, high, percent)
    if step is not None:
        by = _decimal(spec, step, percent)
    elif spec.kind == "integer":
        by = Decimal(1)
    elif spec.step is not None:
        by = Decimal(repr(spec.step)) * (100 if percent else 1)
    else:
        raise _wrong(
            spec.name,
            said(
                "setting `{name}`: {low}..{high} needs a step, such as {low}..{high} step 0.1",
                name=spec.name,
                low=low,
                high=high,
            ),
        )
    if by <= 0:
        raise _wrong(
            spec.name, said("setting `{name}`: a step must be above 0, not {by}", name=spec.name, by=by)
        )
    if last < first:
        raise _wrong(
            spec.name,
            said("setting `{name}`: the range {low}..{high} is empty", name=spec.name, low=low, high=high),
        )
    count = int((last - first) / by) + 1
    if count > MOST_CELLS:
        raise _too_many(spec.name, count)
    return [f"{first + i * by}{'%' if percent else ''}" for i in range(count)]


def _decimal(spec: InputSpec, text: str, percent: bool) -> Decimal:
    if text.endswith("%") != percent:
        raise _wrong(
            spec.name, said("setting `{name}`: percentages and plain numbers in one range", name=spec.name)
        )
    try:
        value = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        value = Decimal("nan")
    if not (value.is_finite() and abs(value.adjusted()) < 300):
        raise _wrong(
            spec.name,
            said(
                "setting `{name}`: expected a number in its range, found {text}",
                name=spec.name,
                text=repr(text[:80]),
            ),
        )
    return value


def grid(axes: Sequence[Axis]) -> list[Settings]:
    """Every combination, the last axis running fastest. SweepError where there are more than MOST_CELLS."""
    count = size_of(axes)
    if count > MOST_CELLS:
        raise SweepError(
            said(
                "the grid has {count} cells: at most {most_cells}. Take longer steps, or draw some at random.",
                count=f"{count:,}",
                most_cells=f"{MOST_CELLS:,}",
            ),
            field="cells",
        )
    names = [axis.name for axis in axes]
    return [
        dict(zip(names, values, strict=True)) for values in itertools.product(*(axis.values for axis in axes))
    ]


def random_cells(axes: Sequence[Axis], count: int, seed: int) -> list[Settings]:
    """`count` different cells of the grid, or all of them where it has fewer; the same ones for the same seed."""
    if not 1 <= count <= MOST_CELLS:
        raise SweepError(
            said(
                "from 1 to {most_cells} cells can be drawn, not {count}.",
                most_cells=f"{MOST_CELLS:,}",
                count=f"{count:,}",
            ),
            field="cells",
        )
    total = size_of(axes)
    draw = random.Random(seed)
    if 2 * count >= total:
        picked = draw.sample(range(total), min(count, total))
    else:
        unique: dict[int, None] = {}
        while len(unique) < count:
            unique[draw.randrange(total)] = None
        picked = list(unique)
    return [_cell(axes, number) for number in picked]


def size_of(axes: Sequence[Axis]) -> int:
    """Cells of the whole grid."""
    return math.prod(len(axis.values) for axis in axes)


def _cell(axes: Sequence[Axis], number: int) -> Settings:
    """The cell that comes `number`th in the grid."""
    cell: Settings = {}
    for axis in reversed(axes):
        number, at = divmod(number, len(axis.values))
        cell[axis.name] = axis.values[at]
    return {axis.name: cell[axis.name] for axis in axes}
