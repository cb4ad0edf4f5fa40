"""Which settings a sweep tries, in which order, how they are cut into chunks, and how many are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from apps.backtests.choices import SweepMode
from apps.backtests.errors import CannotBacktest
from apps.backtests.kept_words import refusal_in_words
from apps.backtests.models import Sweep
from apps.core.manner import written
from apps.engine.lang import CheckResult, FormulaError, Program, check, compile_formula
from apps.engine.lang.cost import cost_of, run_refusal
from apps.engine.sweep import Axis, SweepError, axes_of, grid, random_cells
from apps.engine.sweep.axes import size_of
from apps.formulas.errors import InvalidFormula
from apps.markets.models import BarSet

Settings = dict[str, Any]

MOST_CELLS = 10_000  # settings x markets
MOST_MARKETS = 20
MOST_CELL_BARS = 5_000_000_000  # cells x bars: some minutes of one core for an ordinary formula
MOST_STEPS = 1_000_000_000_000  # cells x bars x the formula's steps a bar, at most

CHUNK_SECONDS = 2.0
FEWEST_CHUNKS = 8  # of a sweep that takes long enough, so that several workers have something to do
FEWEST_CHUNK_SECONDS = 0.25
CELL_SECONDS = 0.002  # of one cell, whatever its bars: compiling, figures
BAR_SECONDS = 25e-9
STEP_SECONDS = 1e-9


@dataclass(frozen=True)
class SettingsPlan:
    """The axes of a sweep and its settings, in the order they are run."""

    axes: list[Axis]
    settings: list[Settings]


def plan_settings(
    text: str, axes: Mapping[str, str], *, mode: str = SweepMode.GRID, count: int | None = None, seed: int = 0
) -> SettingsPlan:
    """The settings that `axes` (input: values, as in docs/sweeps.md) ask for.

    Raises InvalidFormula; CannotBacktest whose field is an axis' name, `axes` or `count`.
    """
    found = checked(text)
    named = axes_named(axes, found)
    if not named:
        raise CannotBacktest(
            gettext("Give at least one input a range: a sweep compares settings."), field="axes"
        )
    size = size_of(named)
    if mode == SweepMode.RANDOM:
        if count is None or count < 1:
            raise CannotBacktest(gettext("Say how many settings to draw, 1 or more."), field="count")
        if count > MOST_CELLS:
            raise CannotBacktest(
                gettext("At most {most_cells:,} settings can be drawn.").format(
                    most_cells=written(MOST_CELLS)
                ),
                field="count",
            )
        places = [{value: at for at, value in enumerate(axis.values)} for axis in named]
        settings = sorted(  # neighbours in the order of the grid have columns in common
            random_cells(named, count, seed),
            key=lambda cell: [place[cell[axis.name]] for place, axis in zip(places, named, strict=True)],
        )
    else:
        if size > MOST_CELLS:
            raise CannotBacktest(
                gettext(
                    "The grid has {size:,} settings, and at most {most_cells:,} can be run. Widen a step, fix an "
                    "input, or draw at random."
                ).format(size=written(size), most_cells=written(MOST_CELLS)),
                field="axes",
            )
        settings = grid(named)
    return SettingsPlan(named, settings)


def axes_named(axes: Mapping[str, str], found: CheckResult) -> list[Axis]:
    """The axes as the engine reads them, in the order in which the formula declares its inputs.

    The order of cells follows from it, and a database does not keep that of a mapping. Raises CannotBacktest with the
    field of the axis at fault.
    """
    declared = [spec.name for spec in found.inputs or []]
    named: list[Axis] = []
    for name, values in sorted(axes.items(), key=lambda axis: (*declared, axis[0]).index(axis[0])):
        try:
            named += axes_of({name: values}, found.inputs or [])
        except SweepError as error:
            raise CannotBacktest(refusal_in_words(error), field=name) from error
    return named


def checked(text: str) -> CheckResult:
    """The checker's findings of a text without errors. Raises InvalidFormula."""
    found = check(text)
    if not found.ok:
        raise InvalidFormula([problem.as_dict() for problem in found.errors])
    return found


def settings_of(sweep: Sweep) -> SettingsPlan:
    """The settings of a stored sweep: the same at every call."""
    spec = sweep.spec
    return plan_settings(
        sweep.formula_text, spec["axes"], mode=spec["mode"], count=spec["count"], seed=spec["seed"]
    )


def program_of(text: str, settings: Settings) -> Program:
    """The program of one setting. Raises InvalidFormula; CannotBacktest for a formula of alerts alone."""
    try:
        program = compile_formula(text, settings)
    except FormulaError as error:
        raise InvalidFormula([item.as_dict() for item in error.errors]) from error
    if not program.has_orders:
        raise CannotBacktest(
            gettext("The formula only alerts: a sweep needs at least one “long when” or “short when”."),
            field="text",
        )
    return program


def check_size(plan: SettingsPlan, programs: list[Program], bar_sets: tuple[BarSet, ...]) -> None:
    """Refuse, with CannotBacktest, what would take more than a sweep may."""
    if not bar_sets:
        raise CannotBacktest(gettext("Choose at least one market."), field="bar_sets")
    if len(bar_sets) > MOST_MARKETS:
        raise CannotBacktest(
            gettext("{bar_sets} markets are too many: at most {most_markets} can be swept at once.").format(
                bar_sets=len(bar_sets), most_markets=MOST_MARKETS
            ),
            field="bar_sets",
        )
    cells = len(plan.settings) * len(bar_sets)
    if cells > MOST_CELLS:
        raise CannotBacktest(
            gettext(
                "{settings:,} settings on {bar_sets} markets are {cells:,} cells, and at most {most_cells:,} can be "
                "run. Choose fewer markets or a wider step."
            ).format(
                settings=written(len(plan.settings)),
                bar_sets=len(bar_sets),
                cells=written(cells),
                most_cells=written(MOST_CELLS),
            ),
            field="bar_sets",
        )
    bars = sum(bar_set.bars for bar_set in bar_sets)
    cell_bars = len(plan.settings) * bars
    steps = cell_bars * max(steps_of(program) for program in programs)
    if cell_bars > MOST_CELL_BARS or steps > MOST_STEPS:
        over = min(MOST_CELL_BARS / cell_bars, MOST_STEPS / max(steps, 1))
        raise CannotBacktest(
            gettext(
                "{settings:,} settings over {bars:,} bars take too long: at most {value:,} settings fit, or fewer bars."
            ).format(
                settings=written(len(plan.settings)),
                bars=written(bars),
                value=written(max(1, int(len(plan.settings) * over))),
            ),
            field="axes",
        )
    largest = max(bar_set.bars for bar_set in bar_sets)
    for program in programs:
        refusal = run_refusal(program, largest)
        if refusal:
            raise CannotBacktest(refusal_in_words(f"{refusal}."), field="axes")


def corner_programs(text: str, plan: SettingsPlan) -> list[Program]:
    """The programs of the first setting, of the last, and of all inputs at their largest: what costs most is there."""
    largest = {axis.name: max(axis.values, key=_rank) for axis in plan.axes}
    return [program_of(text, settings) for settings in (plan.settings[0], plan.settings[-1], largest)]


def steps_of(program: Program) -> int:
    return cost_of(program.chart, [graph for _, graph in program.frames.values()]).steps


def seconds_of(cells: int, bars: int, steps: int) -> float:
    """About how long one core takes over so many cells of so many bars."""
    return cells * (CELL_SECONDS + bars * (BAR_SECONDS + steps * STEP_SECONDS))


def chunk_bounds(settings: int, bars: list[int], steps: int) -> list[tuple[int, int, int]]:
    """(market, first, last) of each chunk: neighbours in the order of settings, each a few seconds of work."""
    whole = sum(seconds_of(settings, each, steps) for each in bars)
    wanted = min(CHUNK_SECONDS, max(FEWEST_CHUNK_SECONDS, whole / FEWEST_CHUNKS))
    found = []
    for market, each in enumerate(bars):
        pieces = min(settings, max(1, round(seconds_of(settings, each, steps) / wanted)))
        edges = [settings * i // pieces for i in range(pieces + 1)]
        found += [(market, first, last) for first, last in pairwise(edges)]
    return found


def _rank(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
