"""A formula on bars: evaluated, certified, asked why, and put to its tests."""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from apps.core.output import write_whole
from apps.engine.bars import Bars
from apps.engine.lang import Evaluation, compile_formula
from apps.engine.lang.cases import CaseError, read_cases, run_cases
from apps.engine.lang.certificate import certificate
from apps.engine.lang.why import NoSuchBar, Why, why
from apps.engine.program.calendar import iso_time
from apps.formulas.management.formula_commands.common import (
    INVALID,
    USAGE,
    Options,
    add_action,
    add_bars,
    add_json,
    add_settings,
    bars_errors,
    bars_of,
    fail,
    formula_errors,
    one_line,
    only_one_from_stdin,
    read_json,
    read_settings,
    read_text,
)  # fmt: skip


def add_to(actions: Any) -> None:
    evaluated = add_action(actions, "eval", run_eval, "evaluate a formula on bars")
    add_bars(evaluated)
    add_settings(evaluated)
    evaluated.add_argument(
        "--json", required=True, metavar="OUT", help="where the result goes; - for standard output"
    )
    certified = add_action(actions, "certificate", run_certificate, "show that a formula never looks ahead")
    add_settings(certified)
    add_json(certified)
    asked = add_action(actions, "why", run_why, "say what every condition was on one bar, and why")
    add_bars(asked)
    add_settings(asked)
    asked.add_argument(
        "--at",
        required=True,
        metavar="TIME|INDEX",
        help="the bar's opening time (ISO 8601), or its number: 0 is the first, -1 the last",
    )
    add_json(asked)
    tested = add_action(actions, "test", run_test, "run a formula's tests; exit 0 or 1")
    tested.add_argument("cases", metavar="CASES.json", help="a JSON list of cases, or - for standard input")
    add_json(tested)


def run_eval(command: BaseCommand, options: Options) -> None:
    only_one_from_stdin(options["file"], options["bars"])
    text, settings = read_text(options["file"]), read_settings(options["set"])
    with formula_errors():
        program = compile_formula(text, settings)
    with bars_errors(options):
        bars = bars_of(options)
        result = evaluation_json(bars, program.evaluate(bars))
    content = json.dumps(result, allow_nan=False)
    try:
        if options["json"] == "-":
            command.stdout.write(content)
            command.stdout.flush()
            return
        write_whole(options["json"], (content + "\n").encode())
    except BrokenPipeError:  # nobody reads on
        raise
    except OSError as error:
        fail(f"cannot write {options['json']}: {error.strerror}", USAGE)


def evaluation_json(bars: Bars, evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as JSON: opening times, every named series and plot with null for na, and all signals."""
    series: dict[str, list[Any]] = {}
    for name, column in (*evaluation.series.items(), *evaluation.plots.items()):
        if name in evaluation.truths:
            series[name] = [bool(value) for value in column.tolist()]
        else:
            series[name] = [value if math.isfinite(value) else None for value in column.tolist()]
    signals = [
        {"time": iso_time(signal.time), "kind": signal.kind, "text": signal.text or None}
        for signal in evaluation.signals
    ]
    return {"time": [iso_time(time) for time in bars.time.tolist()], "series": series, "signals": signals}


def run_certificate(command: BaseCommand, options: Options) -> None:
    with formula_errors():
        result = certificate(read_text(options["file"]), read_settings(options["set"]))
    if options["json"]:
        command.stdout.write(json.dumps(result.as_dict()))
    else:
        command.stdout.write(result.as_text(), ending="")


def run_why(command: BaseCommand, options: Options) -> None:
    only_one_from_stdin(options["file"], options["bars"])
    text, settings = read_text(options["file"]), read_settings(options["set"])
    with bars_errors(options):
        bars = bars_of(options)
    index = _bar_number(options["at"], bars)
    with formula_errors(), bars_errors(options):
        try:
            result = why(text, bars, index, settings)
        except NoSuchBar as error:
            fail(f"--at: {one_line(error)}", USAGE)
    if options["json"]:
        command.stdout.write(json.dumps(result.as_dict(), allow_nan=False))
    else:
        command.stdout.write("\n".join(_why_lines(result)))


def _bar_number(at: str, bars: Bars) -> int:
    """The number of the bar that --at names."""
    try:
        number = int(at)
    except ValueError:
        try:
            time = datetime.fromisoformat(at)
        except ValueError:
            fail(f"--at expects a time such as 2024-03-01T12:00:00Z or a bar's number, found {at!r}", USAGE)
        moment = time if time.tzinfo else time.replace(tzinfo=UTC)
        found = (bars.time == round(moment.timestamp() * 1000)).nonzero()[0]
        if not len(found):
            fail(f"--at: no bar opens at {at}", USAGE)
        return int(found[0])
    if not -len(bars) <= number < len(bars):
        fail(
            f"--at: there is no bar {number}; the {len(bars):,} bars are numbered from 0, or from -1 at the end",
            USAGE,
        )
    return number % len(bars)


def _why_lines(result: Why) -> list[str]:
    lines = [f"bar {result.bar}, {iso_time(result.time)}"]
    for statement in result.as_dict()["statements"]:
        if statement["sentence"]:
            lines.append(f"line {statement['line']}: {statement['sentence']}")
        elif statement["value"] is not None or statement["tree"] is not None:
            value = "na" if statement["value"] is None else json.dumps(statement["value"], ensure_ascii=False)
            lines.append(f"line {statement['line']}: {statement['text']} is {value}")
    return lines


def run_test(command: BaseCommand, options: Options) -> None:
    only_one_from_stdin(options["file"], options["cases"])
    text, content = read_text(options["file"]), read_json(options["cases"])
    try:
        cases = read_cases(content)
    except CaseError as error:
        fail(f"{options['cases']}: {one_line(error)}", USAGE)
    results = run_cases(text, cases)
    if options["json"]:
        command.stdout.write(json.dumps([result.as_dict() for result in results], allow_nan=False))
    else:
        for result in results:
            command.stdout.write(
                f"ok: {result.name}" if result.ok else f"failed: {result.name}: {result.sentence}"
            )
    if not all(result.ok for result in results):
        sys.exit(INVALID)
