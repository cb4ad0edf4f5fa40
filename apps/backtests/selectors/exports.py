"""What one takes home of a run: its tables, its whole result, and a report that is one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils.translation import gettext

from apps.backtests import plots
from apps.backtests.figures import FIGURES
from apps.backtests.models import Backtest
from apps.backtests.rules import drawdown, thin_indices
from apps.backtests.selectors.backtests import equity_of, in_iso, need_result
from apps.backtests.selectors.report import luck_of, metric_groups, month_grid, pictures_of
from apps.backtests.selectors.trades import TRADE_COLUMNS, TradeQuery, excursion_points, trade_page, trades_of
from apps.core.templatetags.figures import moment, percent, price

EXPORTS = {
    "trades.csv": "text/csv; charset=utf-8",
    "trades.parquet": "application/vnd.apache.parquet",
    "equity.csv": "text/csv; charset=utf-8",
    "equity.parquet": "application/vnd.apache.parquet",
    "result.json": "application/json",
    "report.html": "text/html; charset=utf-8",
}
EXPORT_NAMES = "|".join(name.replace(".", r"\.") for name in EXPORTS)
CURVE_POINTS = 800
MOST_TRADES = 1000
MOST_MARKS = 300


@dataclass(frozen=True)
class Export:
    """`content` is bytes, or an open file that whoever sends it closes."""

    filename: str
    content_type: str
    content: bytes | File[bytes]


def export_of(backtest: Backtest, name: str) -> Export:
    """The export `name` of EXPORTS. Raises NotReady before there is a result."""
    need_result(backtest)
    symbol = backtest.bar_set.instrument.symbol
    return Export(f"{symbol}-{str(backtest.uuid)[:8]}-{name}", EXPORTS[name], _content(backtest, name))


def _content(backtest: Backtest, name: str) -> bytes | File[bytes]:
    match name:
        case "trades.csv":
            return in_iso(trades_of(backtest)).write_csv().encode()
        case "equity.csv":
            return in_iso(equity_of(backtest)).write_csv().encode()
        case "report.html":
            return report_file(backtest).encode()
    stored = {
        "trades.parquet": backtest.trades_path,
        "equity.parquet": backtest.equity_path,
        "result.json": backtest.result_path,
    }
    return default_storage.open(stored[name], "rb")


def report_file(backtest: Backtest) -> str:
    """The report as one HTML page that needs nothing else: no scripts, no network, no fonts of ours."""
    trades = trades_of(backtest)
    equity = equity_of(backtest)
    context: dict[str, Any] = {
        "file": True,
        "backtest": backtest,
        "check": luck_of(backtest),
        "groups": metric_groups(backtest),
        "grid": month_grid(backtest.report) if backtest.report else [],
        "pictures": pictures_of(backtest, excursion_points(trades)) | _curves(backtest, equity, trades),
        "trade_page": trade_page(trades, TradeQuery(), 1, MOST_TRADES),
        "trade_columns": TRADE_COLUMNS,
        "figures": FIGURES,
    }
    return render_to_string("backtests/report/file.html", context)


def _curves(backtest: Backtest, equity: Any, trades: Any) -> dict[str, Any]:
    seconds = equity["time"].to_numpy() // 1000
    values = equity["equity"].to_numpy()
    keep = thin_indices(values, CURVE_POINTS)
    fall = drawdown(values, float(backtest.parameters["cash"]))
    fall_keep = thin_indices(fall, CURVE_POINTS)
    close = equity["close"].to_numpy()
    close_keep = thin_indices(close, CURVE_POINTS)
    marks = []
    for row in trades.tail(MOST_MARKS // 2).iter_rows(named=True):
        style = "plot-dot-up" if row["side"] == "long" else "plot-dot-down"
        for action, words in (("entry", row["side"]), ("exit", str(row["reason"]).replace("_", " "))):
            when = row[f"{action}_time"]
            text = gettext("{words} {when} at {row}").format(
                words=words, when=moment(when), row=price(row[f"{action}_price"])
            )
            shape = style if action == "entry" else "plot-dot-flat"
            marks.append((int(when.timestamp()), row[f"{action}_price"], shape, text))
    return {
        "equity": plots.curves(
            seconds[keep].tolist(),
            {
                "Strategy": values[keep].tolist(),
                "Buy & hold": equity["buy_and_hold"].to_numpy()[keep].tolist(),
            },
            gettext("Equity of the strategy against holding the instrument"),
        ),
        "drawdown": plots.curves(
            seconds[fall_keep].tolist(),
            {"Drawdown": fall[fall_keep].tolist()},
            gettext("Drawdown from the highest equity"),
            height=130,
            write=lambda value: percent(value, 0 if float(np.min(fall)) < -0.03 else 2),
            below_zero=True,
        ),
        "price": plots.curves(
            seconds[close_keep].tolist(),
            {"Close": close[close_keep].tolist()},
            gettext("Closing price with the fills of the trades"),
            marks=marks,
        ),
    }
