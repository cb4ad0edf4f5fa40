"""Reads of backtests and of the files their results lie in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.models import Backtest
from apps.backtests.rules import drawdown, thin_indices
from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.markets.selectors import candle_width, candles
from apps.markets.services import load_bars

ISO = "%Y-%m-%dT%H:%M:%SZ"  # the tables hold UTC
CURVE_POINTS = 3000
CANDLES = 5000
# In the order one reads them; the database keeps no order of keys.
METRICS = (
    "final_equity", "total_return", "buy_and_hold", "cagr", "volatility", "sharpe", "sortino", "calmar",
    "max_drawdown", "max_drawdown_duration_bars", "max_drawdown_duration_days", "exposure", "turnover", "fees",
    "trades", "winning_trades", "losing_trades", "win_rate", "profit_factor", "expectancy", "avg_win", "avg_loss",
    "avg_trade", "best_trade", "worst_trade", "avg_bars_held", "max_consecutive_wins", "max_consecutive_losses",
    "sqn", "periods_per_year", "years",
)  # fmt: skip
TRADE_COLUMNS = {
    "side": "Side",
    "entry_time": "Entered",
    "entry_price": "Entry price",
    "exit_time": "Exited",
    "exit_price": "Exit price",
    "size": "Size",
    "pnl": "P&L",
    "return": "Return",
    "reason": "Reason",
}


def backtests_of(workspace: Workspace) -> QuerySet[Backtest]:
    """The workspace's runs, newest first, without the long columns a list does not show."""
    return (
        Backtest.objects.filter(workspace=workspace)
        .select_related("bar_set__instrument", "formula")
        .defer("formula_text", "open_trade")
        .order_by("-id")
    )


def bars_of(backtest: Backtest) -> Bars:
    """The bars of the run: its set, cut to its dates (both included, UTC)."""
    return cut_to_dates(load_bars(backtest.bar_set), backtest.start, backtest.end)


def cut_to_dates(bars: Bars, start: Any, end: Any) -> Bars:
    """Bars whose opening day in UTC lies between the dates, both included; None is open-ended."""
    first, last = 0, len(bars)
    if start:
        first = int(np.searchsorted(bars.time, np.datetime64(start, "ms").astype(np.int64)))
    if end:
        after = (np.datetime64(end, "D") + 1).astype("datetime64[ms]").astype(np.int64)
        last = int(np.searchsorted(bars.time, after))
    return bars if (first, last) == (0, len(bars)) else bars.slice(first, max(first, last))


def metrics_in_order(backtest: Backtest) -> dict[str, Any]:
    """The metrics as one reads them; any the list above does not know yet come last."""
    metrics = backtest.metrics or {}
    names = [
        *(name for name in METRICS if name in metrics),
        *(name for name in metrics if name not in METRICS),
    ]
    return {name: metrics[name] for name in names}


def _need_result(backtest: Backtest) -> None:
    if backtest.status != Status.DONE:
        raise NotReady(f"The backtest is {backtest.get_status_display().lower()}.")


def _read(path: str) -> pl.DataFrame:
    with default_storage.open(path, "rb") as file:
        return pl.read_parquet(file.read())


def trades_of(backtest: Backtest) -> pl.DataFrame:
    """The closed trades in order of exit. Raises NotReady before there is a result."""
    _need_result(backtest)
    return _read(backtest.trades_path)


def equity_of(backtest: Backtest) -> pl.DataFrame:
    """Columns time (epoch ms) and equity. Raises NotReady before there is a result."""
    _need_result(backtest)
    return _read(backtest.equity_path)


def in_iso(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its times as text, ISO 8601 in UTC, as every export writes them."""
    texts = []
    for name in table.columns:
        if name == "time":
            texts.append(pl.from_epoch(name, "ms").dt.strftime(ISO))
        elif name.endswith("_time"):
            texts.append(pl.col(name).dt.strftime(ISO))
    return table.with_columns(texts)


def trade_page(
    backtest: Backtest, *, sort: str, descending: bool, page: int, size: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of the trade table and the number of all trades."""
    trades = trades_of(backtest)
    if sort in trades.columns:
        trades = trades.sort(sort, descending=descending, maintain_order=True, nulls_last=True)
    rows = trades.slice((page - 1) * size, size).to_dicts()
    return rows, trades.height


def equity_chart(backtest: Backtest) -> dict[str, Any]:
    """Equity against holding the instrument from the first close, thinned to what a screen can show."""
    frame = equity_of(backtest)
    equity = frame["equity"].to_numpy()
    keep = thin_indices(equity, CURVE_POINTS)
    close = bars_of(backtest).close[: len(equity)]
    cash = float(backtest.parameters["cash"])
    hold = cash * close[keep] / close[0]
    return {
        "time": (frame["time"].to_numpy()[keep] // 1000).tolist(),
        "series": {"Strategy": equity[keep].tolist(), "Buy & hold": hold.tolist()},
    }


def drawdown_chart(backtest: Backtest) -> dict[str, Any]:
    frame = equity_of(backtest)
    values = drawdown(frame["equity"].to_numpy())
    keep = thin_indices(values, CURVE_POINTS)
    return {"time": (frame["time"].to_numpy()[keep] // 1000).tolist(), "value": values[keep].tolist()}


def price_chart(backtest: Backtest) -> dict[str, Any]:
    """Candles with the trades marked and the formula's plots; long histories are grouped into wider candles."""
    bars = bars_of(backtest)
    chart = candles(bars, CANDLES)
    step = candle_width(bars, CANDLES)
    ends = np.minimum(np.arange(0, len(bars), step) + step, len(bars)) - 1
    program = compile_formula(backtest.formula_text, backtest.parameters.get("inputs") or None)
    return {
        **chart,
        "plots": {
            name: [None if np.isnan(value) else float(value) for value in series[ends]]
            for name, series in program.evaluate(bars).plots.items()
        },
        "markers": _markers(backtest, bars.time, chart["time"], step),
    }


def _markers(
    backtest: Backtest, times: np.ndarray, candle_times: list[int], step: int, most: int = 1000
) -> list[dict[str, Any]]:
    """Entries and exits, each on the candle that holds its bar; the latest `most` where there are more."""
    marks: list[dict[str, Any]] = []
    trades = trades_of(backtest).tail(most // 2).to_dicts()
    if backtest.open_trade:
        trades.append({**backtest.open_trade, "exit_time": None})
    for trade in trades:
        for action in ("entry", "exit"):
            moment = trade[f"{action}_time"]
            if moment is None:
                continue
            index = int(np.searchsorted(times, _epoch_ms(moment)))
            price = trade[f"{action}_price"]
            text = trade["side"] if action == "entry" else trade["reason"].replace("_", " ")
            marks.append(
                {
                    "time": candle_times[min(index // step, len(candle_times) - 1)],
                    "side": trade["side"],
                    "action": action,
                    "price": price,
                    "text": text,
                }
            )
    return sorted(marks, key=lambda mark: mark["time"])


def _epoch_ms(moment: Any) -> int:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return round(found.timestamp() * 1000)
