"""`manage.py backtest FILE --bars CSV`: run one formula over one file of bars. Needs no database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.output import write_whole
from apps.engine.bars import Bars
from apps.engine.lang import FormulaError
from apps.engine.lang.errors import Problem
from apps.engine.result import BacktestResult, SimulationError, run_backtest
from apps.engine.sim.spec import FILL_MODES, SimParams, check_params
from apps.markets.files import read_bars

DEFAULTS = SimParams()

# What the summary shows, and how: a ratio as percent, an amount, or a plain number.
SUMMARY = (
    ("final_equity", "amount"),
    ("total_return", "percent"),
    ("buy_and_hold", "percent"),
    ("cagr", "percent"),
    ("volatility", "percent"),
    ("sharpe", "number"),
    ("sortino", "number"),
    ("calmar", "number"),
    ("max_drawdown", "percent"),
    ("trades", "count"),
    ("win_rate", "percent"),
    ("profit_factor", "number"),
    ("expectancy", "amount"),
    ("exposure", "percent"),
    ("fees", "amount"),
)


class Command(BaseCommand):
    help = "Backtest a formula over the bars of a CSV or Parquet file. Without --json, prints a summary."
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

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the formula; - reads standard input")
        parser.add_argument("--bars", required=True, metavar="CSV", help="bars; - reads standard input")
        parser.add_argument(
            "--cash", type=float, default=DEFAULTS.cash, help="money at the start (%(default)s)"
        )
        parser.add_argument(
            "--fee",
            type=float,
            default=DEFAULTS.fee,
            help="of each fill's value, as a fraction (%(default)s)",
        )
        parser.add_argument(
            "--slippage-bps",
            type=float,
            default=DEFAULTS.slippage_bps,
            help="basis points lost on market and stop fills (%(default)s)",
        )
        parser.add_argument(
            "--fill", default=DEFAULTS.fill, choices=FILL_MODES, help="when requests fill (%(default)s)"
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="an input of the formula"
        )
        parser.add_argument("--timeframe", help="of the bars, such as 1m or 1d (their commonest spacing)")
        parser.add_argument(
            "--timezone", default="UTC", help="of times without a zone, and of days (%(default)s)"
        )
        parser.add_argument("--symbol", default="", help="the instrument's name, for {symbol} in alerts")
        parser.add_argument(
            "--json", metavar="OUT", help="write the result as JSON to a file, or to - (standard output)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        params = SimParams(
            cash=options["cash"],
            fee=options["fee"],
            slippage_bps=options["slippage_bps"],
            fill=options["fill"],
        )
        try:
            check_params(params)
            inputs = _inputs(options["set"])
            out = _writable(options["json"])
            if options["file"] == "-" and options["bars"] == "-":
                raise CommandError(
                    "the formula and the bars cannot both come from standard input.", returncode=2
                )
            text = _formula_text(options["file"])
            result = run_backtest(text, _bars(options), inputs, params)
        except SimulationError as error:
            raise CommandError(str(error), returncode=2 if error.field in _FLAGS else 1) from error
        except FormulaError as error:
            lines = [_problem(options["file"], problem) for problem in error.errors]
            raise CommandError("\n".join(lines)) from error
        except DomainError as error:  # of the bars: BarsFileError, UnknownTimeframe, UnknownTimezone
            raise CommandError(_bars_message(error, options["bars"])) from error
        if options["json"] == "-":
            _write("-", result.to_json_bytes())
        elif out is not None:
            _write(out, result.to_json_bytes())
        else:
            self.stdout.write(_summary(result))


_FLAGS = ("cash", "fee", "slippage_bps", "fill")


def _inputs(pairs: list[str]) -> dict[str, str]:
    """NAME=VALUE pairs as a dict; CommandError on a malformed or repeated one."""
    inputs: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        name = name.strip()
        if not (separator and name and value.strip()):
            raise CommandError(f"--set needs NAME=VALUE, such as fast=12, not {pair!r}.", returncode=2)
        if name in inputs:
            raise CommandError(f"--set gives {name} twice.", returncode=2)
        inputs[name] = value.strip()
    return inputs


def _writable(out: str | None) -> str | None:
    """The file to write, checked before any work is done; None for standard output or a summary."""
    if out is None or out == "-":
        return None
    path = Path(out)
    if path.is_dir():
        raise CommandError(f"{out} is a folder; --json needs a file.", returncode=2)
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent} to write {path.name} to.", returncode=2)
    return out


def _formula_text(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"cannot read the formula {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"the formula {name} is not UTF-8 text (byte {error.start}).") from error


def _bars(options: dict[str, Any]) -> Bars:
    name = options["bars"]
    source = sys.stdin.buffer if name == "-" else name
    try:
        return read_bars(
            source, timeframe=options["timeframe"], timezone=options["timezone"], symbol=options["symbol"]
        )
    except OSError as error:
        raise CommandError(f"cannot read the bars {name}: {error.strerror or error}.") from error


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


def _write(name: str, data: bytes) -> None:
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


def _summary(result: BacktestResult) -> str:
    """Aligned lines of the main metrics, what had to be assumed, and the result's identity."""
    rows = [(name.replace("_", " "), _shown(result.metrics[name], kind)) for name, kind in SUMMARY]
    notes = {name: count for name, count in result.counts.items() if count and name != "bars"}
    rows += [(name.replace("_", " "), f"{count:,}") for name, count in notes.items()]
    if result.open_trade:
        trade = result.open_trade
        rows.append(("open trade", f"{trade['side']} since {trade['entry_time']}, P&L {trade['pnl']:,.2f}"))
    rows += [("bars", f"{result.counts['bars']:,}"), ("result", result.hashes["result"])]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    if result.simulation.ended_early:
        lines.append("The account's equity fell to 0: the run ended there, before the last bar or on it.")
    return "\n".join(lines)


def _shown(value: float | int | None, kind: str) -> str:
    if value is None:
        return "undefined"
    if kind == "percent":
        return f"{100 * value:,.2f} %"
    return f"{value:,d}" if kind == "count" else f"{value:,.2f}" if kind == "amount" else f"{value:.3f}"
