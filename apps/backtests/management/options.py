"""What the commands that run formulas over files share: flags, reading, writing, and how errors are told.

Exit status 2: a flag is wrong; 1: a file, the formula or its settings. Nothing is written in either case.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.output import write_whole
from apps.engine.bars import Bars
from apps.engine.lang import FormulaError
from apps.engine.lang.errors import Problem
from apps.engine.sim.spec import FILL_MODES, SimParams, SimulationError, check_params
from apps.markets.files import read_bars
from apps.markets.timeframes import format_timeframe

DEFAULTS = SimParams()

# Flags of a number: the field of SimParams (--slippage-bps is slippage_bps), and what it means.
COSTS = (
    ("cash", "money at the start"),
    ("fee", "of each fill's value, as a fraction"),
    ("slippage_bps", "basis points lost on market and stop fills"),
    ("borrow_per_day", "of a short's value, a day, as a fraction"),
    ("funding_per_day", "of a position's value, a day, paid by longs and earned by shorts, as a fraction"),
)
INSTRUMENT = (
    ("tick", "smallest step of the price, 0 for none"),
    ("lot", "smallest step of a size, in units, 0 for none"),
    ("min_size", "smallest size, in units, 0 for none"),
    ("min_notional", "smallest value of an order, 0 for none"),
)
_FIELDS = frozenset(name for name, _ in (*COSTS, *INSTRUMENT)) | {"fill"}


class EngineCommand(BaseCommand):
    """A command that needs no database, and whose parser says what is wrong in one line."""

    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def error(message: str) -> NoReturn:
            if not parser.called_from_command_line:
                raise CommandError(message, returncode=2)
            sys.stderr.write(f"{parser.prog}: {message}\n")
            sys.exit(2)

        parser.error = error  # type: ignore[method-assign]
        return parser


# flags


def add_file_flags(parser: ArgumentParser) -> None:
    """FILE, --bars and --finer, and what is said of the bars."""
    parser.add_argument("file", metavar="FILE", help="the formula; - reads standard input")
    parser.add_argument("--bars", required=True, metavar="CSV", help="bars; - reads standard input")
    parser.add_argument(
        "--finer",
        metavar="CSV",
        help="bars of a shorter timeframe, which tell whether stop or target came first inside a bar",
    )
    parser.add_argument("--symbol", default="", help="the instrument's name, for {symbol} in alerts")
    add_time_flags(parser)


def add_time_flags(parser: ArgumentParser) -> None:
    """--timeframe and --timezone."""
    parser.add_argument("--timeframe", help="of the bars, such as 1m or 1d (their commonest spacing)")
    parser.add_argument(
        "--timezone", default="UTC", help="of times without a zone, and of days (%(default)s)"
    )


def add_condition_flags(parser: ArgumentParser) -> None:
    """Everything that makes a SimParams (see `params_of`)."""
    for name, meaning in (*COSTS, *INSTRUMENT):
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=float,
            default=getattr(DEFAULTS, name),
            help=f"{meaning} (%(default)s)",
        )
    parser.add_argument(
        "--fill", default=DEFAULTS.fill, choices=FILL_MODES, help="when requests fill (%(default)s)"
    )


def add_set_flag(parser: ArgumentParser, meaning: str = "an input of the formula") -> None:
    """--set NAME=VALUE, again and again (see `pairs_of`)."""
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=meaning)


def add_json_flag(parser: ArgumentParser) -> None:
    """--json OUT (see `writable` and `write_json`)."""
    parser.add_argument(
        "--json", metavar="OUT", help="write the result as JSON to a file, or to - (standard output)"
    )


# what they were given


def params_of(options: dict[str, Any]) -> SimParams:
    """The conditions given by `add_condition_flags`. CommandError (2) where one is out of its range."""
    given = {name: options[name] for name in _FIELDS}
    params = SimParams(**given)
    try:
        check_params(params)
    except SimulationError as error:
        raise CommandError(str(error), returncode=2) from error
    return params


def pairs_of(given: Iterable[str], flag: str = "--set", example: str = "fast=12") -> dict[str, str]:
    """NAME=VALUE pairs as a dict in their order; CommandError (2) on a malformed or repeated one."""
    pairs: dict[str, str] = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        name = name.strip()
        if not (separator and name and value.strip()):
            raise CommandError(f"{flag} needs NAME=VALUE, such as {example}, not {pair!r}.", returncode=2)
        if name in pairs:
            raise CommandError(f"{flag} gives {name} twice.", returncode=2)
        pairs[name] = value.strip()
    return pairs


def check_one_stdin(options: dict[str, Any]) -> None:
    """CommandError (2) where more than one file is to be read from standard input."""
    named = {"formula": options["file"], "bars": options["bars"], "finer bars": options["finer"]}
    taken = [name for name, given in named.items() if given == "-"]
    if len(taken) > 1:
        raise CommandError(
            f"the {taken[0]} and the {taken[1]} cannot both come from standard input.", returncode=2
        )


def writable(out: str | None) -> None:
    """CommandError (2) where --json names what cannot be a file: to be asked before any work is done."""
    if out is None or out == "-":
        return
    path = Path(out)
    if path.is_dir():
        raise CommandError(f"{out} is a folder; --json needs a file.", returncode=2)
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent} to write {path.name} to.", returncode=2)


# reading and writing


def formula_text(name: str) -> str:
    """The text of a formula's file, or of standard input for -. CommandError where it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"cannot read the formula {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"the formula {name} is not UTF-8 text (byte {error.start}).") from error


def bars_from(name: str, *, timeframe: str | None = None, timezone: str = "UTC", symbol: str = "") -> Bars:
    """The bars of a file, or of standard input for -. CommandError naming the file and the place in it."""
    source = sys.stdin.buffer if name == "-" else name
    try:
        return read_bars(source, timeframe=timeframe, timezone=timezone, symbol=symbol)
    except OSError as error:
        raise CommandError(f"cannot read the bars {name}: {error.strerror or error}.") from error
    except DomainError as error:  # BarsFileError, UnknownTimeframe, UnknownTimezone
        raise CommandError(_bars_message(error, name)) from error


def bars_of(options: dict[str, Any]) -> tuple[Bars, Bars | None]:
    """The bars, and the finer ones where given, of `add_file_flags`."""
    said = {"timezone": options["timezone"], "symbol": options["symbol"]}
    bars = bars_from(options["bars"], timeframe=options["timeframe"], **said)
    if options["finer"] is None:
        return bars, None
    finer = bars_from(options["finer"], **said)
    if finer.timeframe_ms >= bars.timeframe_ms:
        lengths = (format_timeframe(each.timeframe_ms) for each in (finer, bars))
        raise CommandError(
            "{}: bars of {} are not finer than those of {} they should decide for.".format(
                options["finer"], *lengths
            )
        )
    return bars, finer


@contextmanager
def reported(formula: str) -> Iterator[None]:
    """What the engine refuses, as CommandErrors: a wrong formula as FILE:LINE:COLUMN, a line for each problem."""
    try:
        yield
    except SimulationError as error:
        raise CommandError(str(error), returncode=2 if error.field in _FIELDS else 1) from error
    except FormulaError as error:
        raise CommandError("\n".join(_problem(formula, problem) for problem in error.errors)) from error


def write_json(name: str, data: bytes) -> None:
    """Write a result whole, or not at all, to a file or to - (standard output)."""
    try:
        if name == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_whole(name, data)
    except BrokenPipeError:  # nobody reads on
        raise
    except OSError as error:
        raise CommandError(f"cannot write {name}: {error.strerror}.") from error


def shown(value: float | int | None, kind: str) -> str:
    """A figure as people read it; `kind` is percent (of a fraction), amount, number or count."""
    if value is None:
        return "undefined"
    if kind == "percent":
        return f"{100 * value:,.2f} %"
    return f"{value:,d}" if kind == "count" else f"{value:,.2f}" if kind == "amount" else f"{value:.3f}"


def _problem(name: str, problem: Problem) -> str:
    """FILE:LINE:COLUMN, as compilers write it; what is wrong with --set has no place in the file."""
    place = f"{name}:{problem.line}:{problem.column}: " if problem.line else ""
    return f"{place}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")


def _bars_message(error: DomainError, name: str) -> str:
    line, column, hint = (getattr(error, part, None) for part in ("line", "column", "hint"))
    place = f"line {line}" if line else ""
    if column:
        place += f"{', ' if place else ''}column {column}"
    # BarsFileError may name the place in its message already.
    text = str(error)
    where = f"{place}: " if place and f"line {line}" not in text.lower() else ""
    return f"{name}: {where}{text}" + (f" ({hint})" if hint else "")
