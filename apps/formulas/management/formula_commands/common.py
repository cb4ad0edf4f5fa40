"""What sub-commands share: files in, one line for each error, exit codes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.engine.bars import Bars
from apps.engine.lang import EvaluationError, FormulaError, Problem
from apps.engine.lang.lexer import MAX_BYTES
from apps.markets.files import read_bars

INVALID = 1
USAGE = 2
MOST_JSON_BYTES = 4 * 1024 * 1024
ABOUT_FILE = "a formula file, or - for standard input"

Options = dict[str, Any]
Run = Callable[[BaseCommand, Options], None]


def add_action(
    actions: Any, name: str, run: Run, about: str, *, file: str = ABOUT_FILE
) -> argparse.ArgumentParser:
    """A parser for one sub-command that reads one file."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=about)
    parser.set_defaults(run=run)
    if file:
        parser.add_argument("file", help=file)
    return parser


def add_settings(parser: argparse.ArgumentParser, flag: str = "--set", about: str = "set an input") -> None:
    parser.add_argument(flag, action="append", default=[], metavar="NAME=VALUE", help=about)


def add_bars(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--bars", required=required, metavar="CSV", help="a CSV or Parquet file of bars, or - for stdin"
    )
    parser.add_argument("--timeframe", help="the bars' timeframe, such as 1h; else their commonest spacing")
    parser.add_argument("--timezone", default="UTC", help="the instrument's time zone (IANA name)")
    parser.add_argument("--symbol", default="", help="fills {symbol} in alerts")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def read_text(name: str, most: int = MAX_BYTES) -> str:
    """The text of a file or of standard input; of a longer one a little more than `most` bytes."""
    try:
        if name == "-":
            data = _input_bytes(sys.stdin).read(most + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        fail(f"cannot read {name}: {error.strerror}", USAGE)
    # what is no UTF-8, and what is too long, is for the checker to say, with its place
    return data.decode("utf-8", "surrogateescape")


def read_json(name: str) -> Any:
    """The JSON of a file; ends the command where it is none."""
    text = read_text(name, MOST_JSON_BYTES)
    if len(text) > MOST_JSON_BYTES:
        fail(f"{name}: longer than 4 MiB", INVALID)
    try:
        return json.loads(text)
    except RecursionError:
        fail(f"{name}: not JSON that can be read: nested too deeply", INVALID)
    except ValueError as error:  # a number of too many digits is one, too
        fail(f"{name}: not JSON: {one_line(error)}", INVALID)


def read_settings(given: list[str], flag: str = "--set") -> dict[str, str]:
    settings: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name.strip():
            fail(f"{flag} expects NAME=VALUE, found {item!r}", USAGE)
        if name.strip() in settings:
            fail(f"{flag} gives {name.strip()} twice", USAGE)
        settings[name.strip()] = value.strip()
    return settings


def only_one_from_stdin(*names: str | None) -> None:
    if names.count("-") > 1:
        fail("- stands for standard input and can be given only once", USAGE)


def bars_of(options: Options) -> Bars:
    """The bars of --bars; raises what `bars_errors` turns into lines."""
    return read_bars(
        _input_bytes(sys.stdin) if options["bars"] == "-" else options["bars"],
        timeframe=options["timeframe"],
        timezone=options["timezone"],
        symbol=options["symbol"],
    )


@contextmanager
def bars_errors(options: Options) -> Iterator[None]:
    """Ends the command in one line where bars cannot be read, or a formula does not fit them."""
    try:
        yield
    except (DomainError, EvaluationError) as error:
        hint = getattr(error, "hint", None)
        fail(f"{options['bars']}: {error}" + (f" ({hint})" if hint else ""), USAGE)
    except OSError as error:
        fail(f"cannot read {options['bars']}: {error.strerror or error}", USAGE)
    except OverflowError:
        fail(f"{options['bars']}: a time lies outside the years 1 to 9999", USAGE)
    except ValueError as error:
        fail(f"{options['bars']}: {one_line(error)}", USAGE)


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def fail(message: str, code: int) -> NoReturn:
    raise CommandError(message, returncode=code)


def fail_formula(errors: list[Problem], name: str = "") -> NoReturn:
    """A line for each problem; `name` of the file, where there are several."""
    start = f"{name}: " if name else ""
    raise CommandError("\n".join(f"{start}{problem}" for problem in errors), returncode=INVALID)


@contextmanager
def formula_errors(name: str = "") -> Iterator[None]:
    """Ends the command with the formula's errors."""
    try:
        yield
    except FormulaError as error:
        fail_formula(error.errors, name)


def _input_bytes(stream: Any) -> BinaryIO:
    data: BinaryIO = getattr(stream, "buffer", stream)
    return data
