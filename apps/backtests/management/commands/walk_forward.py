"""`manage.py walk_forward FILE --bars CSV --set fast=5..24`: choose inputs on the past, trade what came next."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
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
from apps.engine.result import iso_times
from apps.engine.stats.calendar import DAY_MS
from apps.engine.sweep import axes_of, grid
from apps.engine.walk_forward import (
    METRICS,
    MODES,
    FoldResult,
    WalkForwardError,
    WalkForwardResult,
    WalkForwardSpec,
    walk_forward,
)
from apps.engine.walk_forward.spec import DEFAULT_TRAIN_SHARE, check_spec

DEFAULTS = WalkForwardSpec()

# Flags of a whole number: the field of WalkForwardSpec, and what it means.
LENGTHS = (
    ("--folds", "folds", "how many times to choose and test"),
    ("--train-bars", "train_bars", "bars to train on, in place of the share"),
    ("--test-bars", "test_bars", "bars to test on, in place of the share"),
    ("--purge", "purge_bars", "bars left out at the end of each training (the longest look-back)"),
    ("--embargo", "embargo_bars", "bars left out of later training after each test"),
    ("--min-train-bars", "min_train_bars", "fewest bars to train on, besides the warm-up"),
    ("--min-test-bars", "min_test_bars", "fewest bars to test on"),
    ("--min-trades", "min_trades", "fewest closed trades in training for a cell to be chosen"),
)
PERCENT = ("cagr", "total_return", "avg_trade", "win_rate", "max_drawdown", "volatility")
OVERALL = (
    ("final_equity", "amount"),
    ("total_return", "percent"),
    ("buy_and_hold", "percent"),
    ("cagr", "percent"),
    ("sharpe", "number"),
    ("max_drawdown", "percent"),
    ("trades", "count"),
    ("fees", "amount"),
)


class Command(EngineCommand):
    help = "Walk a formula forward: choose its inputs on the past of each fold, and trade what came next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_flags(parser)
        add_condition_flags(parser)
        add_set_flag(parser, "values of an input to choose from: 5..24, 5..50 step 5, or 1,2,3")
        parser.add_argument("--mode", default=DEFAULTS.mode, choices=MODES, help="(%(default)s)")
        parser.add_argument(
            "--metric",
            default=DEFAULTS.metric,
            choices=METRICS,
            metavar="NAME",
            help="to choose by (%(default)s)",
        )
        parser.add_argument(
            "--train-share", type=float, help=f"training's part of a fold ({DEFAULT_TRAIN_SHARE:g})"
        )
        for flag, name, meaning in LENGTHS:
            default = getattr(DEFAULTS, name)
            told = meaning if default is None else f"{meaning} (%(default)s)"
            parser.add_argument(flag, dest=name, type=int, default=default, metavar="N", help=told)
        add_json_flag(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        params = params_of(options)
        pairs = pairs_of(options["set"], example="fast=5..24")
        spec = WalkForwardSpec(
            mode=options["mode"],
            metric=options["metric"],
            train_share=options["train_share"],
            **{name: options[name] for _, name, _ in LENGTHS},
        )
        writable(options["json"])
        check_one_stdin(options)
        try:
            check_spec(spec)
        except WalkForwardError as error:
            raise CommandError(str(error), returncode=2) from error
        text = formula_text(options["file"])
        bars, finer = bars_of(options)
        with reported(options["file"]):
            checked = check(text)
            if not checked.ok:
                raise FormulaError(checked.errors)
            cells = grid(axes_of(pairs, checked.inputs or []))
            result = walk_forward(text, bars, cells, spec, params, finer=finer)
        if options["json"]:
            write_json(options["json"], result.to_json_bytes())
        else:
            self.stdout.write(_summary(result))


def _summary(result: WalkForwardResult) -> str:
    """A line for each fold, the figures of the tests joined, how steady the choices were, and the verdict."""
    metric = result.spec.metric
    names = list(result.cells[0])
    head = [
        "fold",
        "trained (bars)",
        "tested (bars)",
        *names,
        f"{metric} trained",
        "tested",
        "return",
        "efficiency",
    ]
    lines = _table([head, *(_row(result, each, names) for each in result.folds)])
    rows = [(name.replace("_", " "), shown(result.metrics[name], kind)) for name, kind in OVERALL]
    rows += [
        ("profitable folds", shown(result.profitable_folds, "percent")),
        ("efficiency", shown(result.efficiency, "percent")),
        ("rank correlation", shown(result.stability.rank_correlation, "number")),
    ]
    for each in result.stability.inputs:
        kept, spread = shown(each.unchanged, "percent"), shown(each.spread, "percent")
        rows.append((each.name, f"unchanged {kept}, spread {spread} of what was tried"))
    if result.hindsight is not None:
        best = result.hindsight
        inputs = (
            ", ".join(f"{name}={value}" for name, value in result.cells[best.cell].items()) or "the defaults"
        )
        gained = shown(best.metrics["total_return"], "percent")
        told = f"{metric} {_score(best.metrics[metric], metric)}, return {gained}"
        rows.append(("in hindsight", f"{inputs}: {told}"))
    rows.append(("result", result.hashes["result"]))
    width = max(len(name) for name, _ in rows)
    lines += ["", *(f"{name:<{width}}  {value}" for name, value in rows), "", result.verdict.text]
    return "\n".join(lines)


def _row(result: WalkForwardResult, each: FoldResult, names: Sequence[str]) -> list[str]:
    metric, fold = result.spec.metric, each.fold
    chosen = (
        ["-"] * len(names)
        if each.chosen is None
        else [str(result.cells[each.chosen][name]) for name in names]
    )
    return [
        str(fold.number),
        f"{_dates(result, fold.train)} ({fold.train_bars:,})",
        f"{_dates(result, fold.test)} ({fold.test_bars:,})",
        *chosen,
        "-" if each.in_sample is None else _score(each.in_sample[metric], metric),
        _score(each.out_of_sample[metric], metric),
        shown(each.out_of_sample["total_return"], "percent"),
        shown(each.efficiency, "percent"),
    ]


def _dates(result: WalkForwardResult, span: tuple[int, int]) -> str:
    """The openings of the first and the last bar of a span."""
    bars = result.bars
    characters = len("2020-01-01") if bars.timeframe_ms % DAY_MS == 0 else len("2020-01-01T00:00")
    first, last = (time[:characters] for time in iso_times(bars.time[[span[0], span[1] - 1]]))
    return f"{first}..{last}"


def _score(value: float | int | None, metric: str) -> str:
    return shown(value, "percent" if metric in PERCENT else "number")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as aligned lines, the figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
