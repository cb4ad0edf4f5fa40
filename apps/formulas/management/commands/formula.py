"""`manage.py formula`: check, evaluate, format and explain formula files. Needs no database."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.output import write_whole
from apps.engine.bars import Bars
from apps.engine.lang import (
    Evaluation,
    EvaluationError,
    FormulaError,
    check,
    compile_formula,
    format_text,
    formula_json,
    parse,
)
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.explain import explain
from apps.engine.lang.lexer import MAX_BYTES
from apps.engine.lang.writer import write
from apps.engine.program.calendar import iso_time
from apps.markets.files import read_bars

INVALID = 1
USAGE = 2
MOST_TREE_BYTES = 4 * 1024 * 1024


class _Parser(CommandParser):
    """Usage errors in one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}\n")
        sys.exit(USAGE)


class Command(BaseCommand):
    help = "Check, evaluate, format and explain formula files."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, parser_class=_Parser)
        parser.error = _Parser.error.__get__(parser)  # type: ignore[method-assign]
        about_file = "a formula file, or - for standard input"

        checked = actions.add_parser("check", help="say what is wrong with a formula; exit 0 or 1")
        checked.add_argument("file", help=about_file)
        checked.add_argument("--json", action="store_true", help="print the result as JSON")

        evaluated = actions.add_parser("eval", help="evaluate a formula on bars")
        evaluated.add_argument("file", help=about_file)
        evaluated.add_argument(
            "--bars", required=True, metavar="CSV", help="a CSV or Parquet file of bars, or - for stdin"
        )
        evaluated.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="set an input"
        )
        evaluated.add_argument(
            "--timeframe", help="the bars' timeframe, such as 1h; else their commonest spacing"
        )
        evaluated.add_argument("--timezone", default="UTC", help="the instrument's time zone (IANA name)")
        evaluated.add_argument("--symbol", default="", help="fills {symbol} in alerts")
        evaluated.add_argument(
            "--json", required=True, metavar="OUT", help="where the result goes; - for standard output"
        )

        formatted = actions.add_parser("format", help="print a formula in the one way formulas are laid out")
        formatted.add_argument("file", help=about_file)
        tree = actions.add_parser("tree", help="print a formula's syntax tree as JSON")
        tree.add_argument("file", help=about_file)
        text = actions.add_parser("text", help="print the formula of a syntax tree")
        text.add_argument("file", help="a file with the tree as JSON, or - for standard input")
        explained = actions.add_parser("explain", help="say in plain words what a formula does")
        explained.add_argument("file", help=about_file)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"run_{options['action']}")(options)

    # actions

    def run_check(self, options: dict[str, Any]) -> None:
        text = _read(options["file"], MAX_BYTES)
        result = check(text)
        if options["json"]:
            self.stdout.write(json.dumps(result.as_dict()))
        elif result.ok:
            for warning in result.warnings:
                self.stderr.write(f"warning: {warning}")
            self.stdout.write(f"ok, look-back {result.lookback} bars, hash {result.hash}")
        else:
            for problem in result.errors:
                self.stderr.write(str(problem))
        if not result.ok:
            sys.exit(INVALID)

    def run_eval(self, options: dict[str, Any]) -> None:
        if options["file"] == "-" and options["bars"] == "-":
            _fail("the formula and the bars cannot both come from standard input", USAGE)
        text = _read(options["file"], MAX_BYTES)
        settings: dict[str, str] = {}
        for given in options["set"]:
            name, equals, value = given.partition("=")
            if not equals or not name.strip():
                _fail(f"--set expects NAME=VALUE, found {given!r}", USAGE)
            if name.strip() in settings:
                _fail(f"--set gives {name.strip()} twice", USAGE)
            settings[name.strip()] = value.strip()
        try:
            program = compile_formula(text, settings)
        except FormulaError as error:
            for problem in error.errors:
                self.stderr.write(str(problem))
            sys.exit(INVALID)
        try:
            bars = read_bars(
                _input_bytes(sys.stdin) if options["bars"] == "-" else options["bars"],
                timeframe=options["timeframe"],
                timezone=options["timezone"],
                symbol=options["symbol"],
            )
            result = evaluation_json(bars, program.evaluate(bars))
        except (DomainError, EvaluationError) as error:
            hint = getattr(error, "hint", None)
            _fail(f"{options['bars']}: {error}" + (f" ({hint})" if hint else ""), USAGE)
        except OSError as error:
            _fail(f"cannot read {options['bars']}: {error.strerror or error}", USAGE)
        except OverflowError:
            _fail(f"{options['bars']}: a time lies outside the years 1 to 9999", USAGE)
        except ValueError as error:
            _fail(f"{options['bars']}: {_one_line(error)}", USAGE)
        content = json.dumps(result, allow_nan=False)
        try:
            if options["json"] == "-":
                self.stdout.write(content)
                self.stdout.flush()
                return
            write_whole(options["json"], (content + "\n").encode())
        except BrokenPipeError:  # nobody reads on
            raise
        except OSError as error:
            _fail(f"cannot write {options['json']}: {error.strerror}", USAGE)

    def run_format(self, options: dict[str, Any]) -> None:
        try:
            self.stdout.write(format_text(_read(options["file"], MAX_BYTES)), ending="")
        except FormulaError as error:
            _fail_formula(error)

    def run_tree(self, options: dict[str, Any]) -> None:
        parsed = parse(_read(options["file"], MAX_BYTES))
        if parsed.problems:
            _fail_formula(FormulaError(parsed.problems))
        self.stdout.write(json.dumps(formula_json(parsed.formula), indent=1))

    def run_text(self, options: dict[str, Any]) -> None:
        try:
            content = json.loads(_read(options["file"], MOST_TREE_BYTES))
            self.stdout.write(write(read_formula_json(content)), ending="")
        except (TreeError, json.JSONDecodeError, RecursionError) as error:
            _fail(f"{options['file']}: not the tree of a formula: {_one_line(error)}", INVALID)

    def run_explain(self, options: dict[str, Any]) -> None:
        result = check(_read(options["file"], MAX_BYTES))
        if not result.ok:
            _fail_formula(FormulaError(result.errors))
        self.stdout.write(explain(result.formula))


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


def _read(name: str, most: int) -> str:
    """The text of a file or of standard input; of a longer one a little more than `most` bytes."""
    try:
        if name == "-":
            data = _input_bytes(sys.stdin).read(most + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        _fail(f"cannot read {name}: {error.strerror}", USAGE)
    # what is no UTF-8, and what is too long, is for the checker to say, with its place
    return data.decode("utf-8", "surrogateescape")


def _input_bytes(stream: Any) -> BinaryIO:
    data: BinaryIO = getattr(stream, "buffer", stream)
    return data


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _fail(message: str, code: int) -> NoReturn:
    raise CommandError(message, returncode=code)


def _fail_formula(error: FormulaError) -> NoReturn:
    raise CommandError("\n".join(str(problem) for problem in error.errors), returncode=INVALID)
