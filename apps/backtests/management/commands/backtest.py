"""`manage.py backtest FILE --bars CSV`: run one formula over one file of bars. Needs no database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

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
from apps.engine.honesty.luck import luck
from apps.engine.honesty.sharpe import Trials
from apps.engine.result import BacktestResult, run_backtest

# What the summary shows, and how.
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


class Command(EngineCommand):
    help = "Backtest a formula over the bars of a CSV or Parquet file. Without --json, prints a summary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_flags(parser)
        add_condition_flags(parser)
        add_set_flag(parser)
        add_json_flag(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        params = params_of(options)
        inputs = pairs_of(options["set"])
        writable(options["json"])
        check_one_stdin(options)
        text = formula_text(options["file"])
        bars, finer = bars_of(options)
        with reported(options["file"]):
            result = run_backtest(text, bars, inputs, params, finer=finer)
        if options["json"]:
            write_json(options["json"], result.to_json_bytes())
        else:
            self.stdout.write(_summary(result))


def _summary(result: BacktestResult) -> str:
    """Aligned lines of the main metrics, what had to be assumed, and the result's identity."""
    rows = [(name.replace("_", " "), shown(result.metrics[name], kind)) for name, kind in SUMMARY]
    notes = {name: count for name, count in result.counts.items() if count and name != "bars"}
    rows += [(name.replace("_", " "), f"{count:,}") for name, count in notes.items()]
    if result.open_trade:
        trade = result.open_trade
        rows.append(("open trade", f"{trade['side']} since {trade['entry_time']}, P&L {trade['pnl']:,.2f}"))
    rows += [("bars", f"{result.counts['bars']:,}"), ("result", result.hashes["result"])]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    per_year = result.metrics["periods_per_year"]
    if per_year:
        lines.append(luck(result.moments, Trials(1), float(per_year)).words)
    if result.simulation.ended_early:
        lines.append("The account's equity fell to 0: the run ended there, before the last bar or on it.")
    return "\n".join(lines)
