"""`manage.py sweep FILE --bars CSV --set fast=5..24`: one formula with many settings. Needs no database."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

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
from apps.engine.lang import FormulaError, check
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
            cells = run_cells(text, bars, settings, params, finer=finer)
            elapsed = time.perf_counter() - started
        found = plateau(cells, axes, metric) if options["random"] is None else None
        if options["json"]:
            write_json(options["json"], _json(cells, elapsed, found))
        else:
            self.stdout.write(_table(cells, axes, metric, found, options["limit"], elapsed))


def _cells(text: str, pairs: dict[str, str], options: dict[str, Any]) -> tuple[list[Axis], list[dict]]:
    checked = check(text)
    if checked.inputs is None:
        raise FormulaError(checked.errors)
    axes = axes_of(pairs, checked.inputs)
    if options["random"] is not None:
        return axes, random_cells(axes, options["random"], options["seed"])
    return axes, grid(axes)


def _json(cells: list[Cell], elapsed: float, found: Plateau | None) -> bytes:
    shared = {name: cells[0].hashes[name] for name in ("formula", "data", "engine")}
    body = {
        "cells": [cell.as_dict() for cell in cells],
        "elapsed_s": elapsed,
        "tried": len(cells),
        "hashes": shared,
        "plateau": found.as_dict() if found else None,
    }
    return (json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n").encode()


def _table(
    cells: list[Cell], axes: list[Axis], metric: str, found: Plateau | None, limit: int, elapsed: float
) -> str:
    """The best cells, and what to think of them."""
    sign = 1 if metric in LOWER_IS_BETTER else -1

    def rank(number: int) -> tuple[bool, float]:
        value = cells[number].metrics[metric]
        return value is None, 0.0 if value is None else sign * value

    columns = [pair for pair in COLUMNS if pair[0] != metric]
    kind = dict(COLUMNS).get(metric, "number")
    rows = [[*(axis.name for axis in axes), metric, *(name for name, _ in columns)]]
    if found:
        rows[0].append("plateau")
    for number in sorted(range(len(cells)), key=rank)[:limit]:
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
    if len(cells) > 1:
        lines.append("The best of many is the best partly by luck: expect less of it than the table shows.")
    if found and found.best is not None and len(cells) > 1:
        lines.append(
            "The best cell's neighbours are within one standard deviation of it."
            if found.supported
            else "The best cell stands alone: its neighbours do not come within one standard deviation of it."
        )
    return "\n".join(lines)
