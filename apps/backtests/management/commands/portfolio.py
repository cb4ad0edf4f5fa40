"""`manage.py portfolio FILE --bars A --bars B` or `--leg FILE:CSV:WEIGHT ...`: several legs on one account."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.backtests.management.options import (
    COSTS,
    DEFAULTS,
    EngineCommand,
    add_json_flag,
    add_set_flag,
    add_time_flags,
    bars_from,
    formula_text,
    pairs_of,
    reported,
    shown,
    writable,
    write_json,
)
from apps.engine.lang import compile_formula
from apps.engine.portfolio.result import HOLD, Leg, PortfolioResult, run_portfolio
from apps.engine.portfolio.spec import REBALANCES, PortfolioParams, check_portfolio
from apps.engine.sim.spec import FILL_MODES, SimulationError, check_params

SUMMARY = (
    ("final_equity", "amount"),
    ("total_return", "percent"),
    ("buy_and_hold", "percent"),
    ("cagr", "percent"),
    ("volatility", "percent"),
    ("sharpe", "number"),
    ("max_drawdown", "percent"),
    ("trades", "count"),
    ("win_rate", "percent"),
    ("exposure", "percent"),
    ("fees", "amount"),
)


class Command(EngineCommand):
    help = (
        "Run one formula over several files of bars, or several formulas, on one account. The formula `hold` buys "
        "and holds. Without --json, prints a summary."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", help="the formula of all --bars, or hold")
        parser.add_argument(
            "--bars", action="append", default=[], metavar="CSV", help="bars of one symbol, named by the file"
        )
        parser.add_argument(
            "--weight",
            action="append",
            default=[],
            metavar="SYMBOL=PERCENT",
            help="a symbol's share of equity (equal shares)",
        )
        parser.add_argument(
            "--leg",
            action="append",
            default=[],
            metavar="FILE:CSV:PERCENT",
            help="instead of FILE and --bars: a formula (or hold), its bars and its share of equity",
        )
        parser.add_argument("--rebalance", default="none", choices=REBALANCES, help="(%(default)s)")
        parser.add_argument(
            "--threshold",
            type=float,
            default=5.0,
            help="drift, in percent of equity, for threshold (%(default)s)",
        )
        for name, meaning in COSTS:
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                type=float,
                default=getattr(DEFAULTS, name),
                help=f"{meaning} (%(default)s)",
            )
        parser.add_argument(
            "--fill", default=DEFAULTS.fill, choices=FILL_MODES, help="when requests fill (%(default)s)"
        )
        add_set_flag(parser)
        add_time_flags(parser)
        add_json_flag(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        params = _params(options)
        settings = pairs_of(options["set"])
        asked = _asked(options)
        writable(options["json"])
        texts = {name: HOLD if name == "hold" else formula_text(name) for name in {each[0] for each in asked}}
        for name, text in texts.items():
            with reported(name):
                compile_formula(text, dict(settings) if settings and name != "hold" else None)
        legs = [
            Leg(
                symbol=_symbol(path),
                bars=bars_from(
                    path, timeframe=options["timeframe"], timezone=options["timezone"], symbol=_symbol(path)
                ),
                text=texts[name],
                settings={} if name == "hold" else settings,
                weight=weight,
            )
            for name, path, weight in asked
        ]
        with reported(asked[0][0]):
            try:
                result = run_portfolio(legs, params)
            except SimulationError as error:
                if error.field in ("legs", "weight"):
                    raise CommandError(str(error), returncode=2) from error
                raise
        if options["json"]:
            write_json(options["json"], result.to_json_bytes())
        else:
            self.stdout.write(_summary(result))


def _params(options: dict[str, Any]) -> PortfolioParams:
    named = {name: options[name] for name, _ in COSTS}
    params = PortfolioParams(
        **named,
        fill=options["fill"],
        rebalance=options["rebalance"],
        threshold=options["threshold"] / 100,
        timezone=options["timezone"],
    )
    try:
        check_portfolio(params)
        check_params(params.of_account())
    except SimulationError as error:
        raise CommandError(str(error), returncode=2) from error
    return params


def _symbol(path: str) -> str:
    return Path(path).stem


def _asked(options: dict[str, Any]) -> list[tuple[str, str, float]]:
    """(formula's file, bars' file, weight) of each leg; CommandError (2) where the flags do not make legs."""
    if options["leg"]:
        if options["file"] or options["bars"] or options["weight"]:
            raise CommandError("give either FILE with --bars, or --leg for each leg, not both.", returncode=2)
        return [_leg(each) for each in options["leg"]]
    if not options["file"] or not options["bars"]:
        raise CommandError(
            "give a formula FILE and --bars for each symbol, or --leg for each leg.", returncode=2
        )
    symbols = [_symbol(path) for path in options["bars"]]
    if len(set(symbols)) < len(symbols):
        raise CommandError("--bars names two files of one symbol; rename one, or use --leg.", returncode=2)
    given = pairs_of(options["weight"], "--weight", "BTC=60")
    if not given:
        return [(options["file"], path, 1 / len(symbols)) for path in options["bars"]]
    if set(given) != set(symbols):
        raise CommandError(f"--weight must name each of {', '.join(symbols)} once.", returncode=2)
    return [
        (options["file"], path, _percent(given[symbol], symbol))
        for path, symbol in zip(options["bars"], symbols, strict=True)
    ]


def _leg(text: str) -> tuple[str, str, float]:
    """FILE:CSV:PERCENT; a file's own colon, as in C:\\, is not supported."""
    parts = text.split(":")
    if len(parts) != 3 or not all(parts):
        raise CommandError(
            f"--leg needs FILE:CSV:PERCENT, such as cross.formula:BTC.csv:60, not {text!r}.", returncode=2
        )
    return parts[0], parts[1], _percent(parts[2], text)


def _percent(text: str, what: str) -> float:
    try:
        return float(text.rstrip("% ")) / 100
    except ValueError as error:
        raise CommandError(
            f"the weight of {what} is not a number of percent: {text!r}.", returncode=2
        ) from error


def _summary(result: PortfolioResult) -> str:
    """Aligned lines of the main metrics, what had to be assumed, each leg's part, and the result's identity."""
    rows = [(name.replace("_", " "), shown(result.metrics[name], kind)) for name, kind in SUMMARY]
    rows += [(name.replace("_", " "), f"{count:,}") for name, count in result.counts.items() if count]
    for leg in result.legs:
        part = f"profit {leg['profit']:,.2f}, {leg['trades']:,} trades, in the market {100 * leg['exposure']:.1f} %"
        rows.append((f"{leg['symbol']} {100 * leg['weight']:g} %", part))
    rows.append(("result", result.hashes["result"]))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    if result.simulation.ended_early:
        lines.append("The account's equity fell to 0: everything was closed and the run ended there.")
    return "\n".join(lines)
