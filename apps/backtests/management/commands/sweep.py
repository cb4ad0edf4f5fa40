"""`manage.py sweep FILE --bars CSV --set fast=5..24`: one formula with many settings. Needs no database."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

import numpy as np
from django.core.management.base import CommandError

from apps.backtests.management.options import (
    EngineCommand,
    add_condition_flags,
    add_file_flags,
    add_json_flag,
    add_set_flag,
    bars_of,
    check_one_stdin,
    formula_text,
    pairs_of,
    params_of,
    reported,
    shown,
    writable,
    write_json,
)
from apps.engine.bars import Bars
from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.luck import Luck, sweep_luck
from apps.engine.honesty.overfitting import PBO, pbo
from apps.engine.lang import FormulaError, check
from apps.engine.stats.calendar import year_of
from apps.engine.sweep import (
    MOST_CELLS,
    Axis,
    Cell,
    Plateau,
    axes_of,
    grid,
    plateau,
    random_cells,
    run_cells,
)
from apps.engine.sweep.plateau import LOWER_IS_BETTER

MOST_RETURNS = 5_000_000  # kept for the probability of overfitting: 40 MB

# Beside the chosen metric.
COLUMNS = (
    ("total_return", "percent"),
    ("sharpe", "number"),
    ("max_drawdown", "percent"),
    ("trades", "count"),
    ("profit_factor", "number"),
)


class Command(EngineCommand):
    help = "Run a formula with every combination of settings. Without --json, prints the best ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_flags(parser)
        add_condition_flags(parser)
        add_set_flag(parser, "values of an input: 5..24, 5..50 step 5, 1,2,3 or true,false")
        parser.add_argument("--random", type=int, metavar="N", help="draw N cells of the grid at random")
        parser.add_argument("--seed", type=int, default=1, help="of the draw (%(default)s)")
        parser.add_argument("--metric", default="sharpe", help="what the best is judged by (%(default)s)")
        parser.add_argument("--limit", type=int, default=10, help="rows of the table (%(default)s)")
        add_json_flag(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        params = params_of(options)
        pairs = pairs_of(options["set"], example="fast=5..24")
        if not pairs:
            raise CommandError("a sweep needs --set NAME=VALUES, such as --set fast=5..24.", returncode=2)
        if options["random"] is not None and not 1 <= options["random"] <= MOST_CELLS:
            raise CommandError(
                f"--random takes from 1 to {MOST_CELLS:,} cells, not {options['random']:,}.", returncode=2
            )
        if options["limit"] < 1:
            raise CommandError(f"--limit must be 1 or more, not {options['limit']}.", returncode=2)
        writable(options["json"])
        check_one_stdin(options)
        text = formula_text(options["file"])
        bars, finer = bars_of(options)
        metric = options["metric"]
        with reported(options["file"]):
            axes, settings = _cells(text, pairs, options)
            # A first cell over two bars loads the kernels, which is part of starting up.
            first = run_cells(text, bars.slice(0, 2), settings[:1], params)[0]
            if metric not in first.metrics:
                known = ", ".join(first.metrics)
                raise CommandError(f"--metric: there is no {metric!r}, but {known}.", returncode=2)
            started = time.perf_counter()
            periods = len(year_of(bars.time, bars.timeframe_ms, bars.timezone).last_of_period)
            keep = len(settings) * periods <= MOST_RETURNS
            cells = run_cells(text, bars, settings, params, finer=finer, with_returns=keep)
            elapsed = time.perf_counter() - started
        found = plateau(cells, axes, metric) if options["random"] is None else None
        luck, overfitting = _honesty(cells, metric)
        if options["json"]:
            write_json(options["json"], _json(cells, finer, elapsed, found, luck, overfitting))
        else:
            self.stdout.write(
                _table(cells, axes, metric, found, luck, overfitting, options["limit"], elapsed)
            )


def _cells(text: str, pairs: dict[str, str], options: dict[str, Any]) -> tuple[list[Axis], list[dict]]:
    checked = check(text)
    if checked.inputs is None:
        raise FormulaError(checked.errors)
    axes = axes_of(pairs, checked.inputs)
    if options["random"] is not None:
        return axes, random_cells(axes, options["random"], options["seed"])
    return axes, grid(axes)


def _honesty(cells: list[Cell], metric: str) -> tuple[Luck | None, PBO | None]:
    """How far luck explains the best cell, and how often the best of one half of the days is poor in the other.

    None where there is nothing to judge, or, for the second, where the days are too few or the returns too many.
    """
    order = sorted(range(len(cells)), key=lambda number: _rank(cells[number], metric))
    best = cells[order[0]]
    per_year = best.metrics["periods_per_year"]
    luck = None
    if best.metrics[metric] is not None and per_year:
        luck = sweep_luck(best.moments, [cell.moments for cell in cells], float(per_year))
    returns = [cell.returns for cell in cells if cell.returns is not None]
    try:
        # accounts that ended early have fewer days than the others
        overfitting = pbo(np.column_stack(returns)) if len({len(each) for each in returns}) == 1 else None
    except HonestyError:
        overfitting = None
    return luck, overfitting


def _rank(cell: Cell, metric: str) -> tuple[bool, float]:
    """Sorts the best first; what has no value comes last."""
    value = cell.metrics[metric]
    sign = 1 if metric in LOWER_IS_BETTER else -1
    return value is None, 0.0 if value is None else sign * value


def _json(
    cells: list[Cell],
    finer: Bars | None,
    elapsed: float,
    found: Plateau | None,
    luck: Luck | None,
    overfitting: PBO | None,
) -> bytes:
    shared = {name: cells[0].hashes[name] for name in ("formula", "data", "engine")}
    body = {
        "cells": [cell.as_dict() for cell in cells],
        "elapsed_s": elapsed,
        "tried": len(cells),
        "hashes": shared,
        "finer_timeframe_ms": finer.timeframe_ms if finer is not None else None,
        "plateau": found.as_dict() if found else None,
        "luck": luck.as_dict() if luck else None,
        "pbo": overfitting.as_dict() if overfitting else None,
    }
    return (json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n").encode()


def _table(
    cells: list[Cell],
    axes: list[Axis],
    metric: str,
    found: Plateau | None,
    luck: Luck | None,
    overfitting: PBO | None,
    limit: int,
    elapsed: float,
) -> str:
    """The best cells, and what to think of them."""
    columns = [pair for pair in COLUMNS if pair[0] != metric]
    kind = dict(COLUMNS).get(metric, "number")
    rows = [[*(axis.name for axis in axes), metric, *(name for name, _ in columns)]]
    if found:
        rows[0].append("plateau")
    for number in sorted(range(len(cells)), key=lambda number: _rank(cells[number], metric))[:limit]:
        cell = cells[number]
        row = [str(cell.inputs[axis.name]) for axis in axes]
        row += [shown(cell.metrics[name], each) for name, each in ((metric, kind), *columns)]
        if found:
            row.append(shown(found.scores[number], kind))
        rows.append(row)
    rows[0] = [name.replace("_", " ") for name in rows[0]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += ["", f"{len(cells):,} cells tried in {elapsed:.2f} s."]
    if luck:
        lines.append(f"The best cell: {luck.words}")
    if overfitting:
        lines.append(
            f"Probability that choosing by the past overfits (PBO): {100 * overfitting.probability:.0f} %."
        )
    if found and found.best is not None and len(cells) > 1:
        lines.append(
            "The best cell's neighbours are within one standard deviation of it."
            if found.supported
            else "The best cell stands alone: its neighbours do not come within one standard deviation of it."
        )
    return "\n".join(lines)
