"""Reads of a run's closed trades: chosen, sorted, by pages, and as points of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from django.utils.translation import gettext

from apps.backtests.models import Backtest
from apps.backtests.plots import Point
from apps.backtests.selectors.backtests import need_result, read_table
from apps.core.templatetags.figures import moment, percent
from apps.core.words import gettext_lazy

TRADE_COLUMNS = {
    "side": gettext_lazy("Side"),
    "entry_time": gettext_lazy("Entered"),
    "exit_time": gettext_lazy("Exited"),
    "bars_held": gettext_lazy("Bars"),
    "entry_price": gettext_lazy("Entry price"),
    "exit_price": gettext_lazy("Exit price"),
    "size": gettext_lazy("Size"),
    "pnl": "P&L",
    "return": gettext_lazy("Return"),
    "mae": "MAE",
    "mfe": "MFE",
    "reason": gettext_lazy("Reason"),
}
OUTCOMES = {"won": gettext_lazy("Won"), "lost": gettext_lazy("Lost")}
MOST_POINTS = 400


@dataclass(frozen=True)
class TradeQuery:
    """Which trades, in which order; the empty string is no condition."""

    sort: str = "entry_time"
    descending: bool = False
    side: str = ""
    reason: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class TradePage:
    """One page of the chosen trades; `total` of them are chosen, `all` there are."""

    rows: list[dict[str, Any]]
    page: int
    pages: int
    total: int
    all: int
    reasons: list[str]
    price_decimals: int
    size_decimals: int


def trades_of(backtest: Backtest, columns: list[str] | None = None) -> pl.DataFrame:
    """The closed trades in order of exit. Raises NotReady before there is a result."""
    need_result(backtest)
    return read_table(backtest.trades_path, columns)


def shown_trades(backtest: Backtest) -> pl.DataFrame:
    """The columns the report shows, and nothing else of the file."""
    return trades_of(backtest, list(TRADE_COLUMNS))


def chosen_trades(trades: pl.DataFrame, query: TradeQuery) -> pl.DataFrame:
    """The trades that meet every condition, sorted; equals keep the order of time."""
    if query.side:
        trades = trades.filter(pl.col("side") == query.side)
    if query.reason:
        trades = trades.filter(pl.col("reason") == query.reason)
    if query.outcome == "won":
        trades = trades.filter(pl.col("pnl") > 0)
    elif query.outcome == "lost":
        trades = trades.filter(pl.col("pnl") < 0)
    if query.sort in trades.columns:
        trades = trades.sort(query.sort, descending=query.descending, maintain_order=True, nulls_last=True)
    return trades


def trade_page(trades: pl.DataFrame, query: TradeQuery, page: int, size: int) -> TradePage:
    """Page `page` (from 1; the last one where there are fewer) of the chosen trades."""
    chosen = chosen_trades(trades, query)
    pages = max(1, -(-chosen.height // size))
    page = min(max(1, page), pages)
    return TradePage(
        rows=chosen.slice((page - 1) * size, size).to_dicts(),
        page=page,
        pages=pages,
        total=chosen.height,
        all=trades.height,
        reasons=sorted(trades["reason"].unique()),
        price_decimals=_price_decimals(trades),
        size_decimals=_size_decimals(trades["size"].to_numpy()),
    )


def excursion_points(trades: pl.DataFrame) -> dict[str, list[Point]]:
    """The trades by `mae` and by `mfe` against their return; evenly chosen where there are more than MOST_POINTS."""
    if trades.height > MOST_POINTS:
        trades = trades[np.linspace(0, trades.height - 1, MOST_POINTS).round().astype(np.int64)]
    rows = trades.select("side", "entry_time", "return", "bars_held", "mae", "mfe").to_dicts()
    longest = max((row["bars_held"] for row in rows), default=0) or 1
    return {
        name: [
            Point(
                x=row[name],
                y=row["return"],
                size=row["bars_held"] / longest,
                words=gettext("{row} {row_2}: {row_3}, {upper} {row_4}, {row_5} bars").format(
                    row=row["side"],
                    row_2=moment(row["entry_time"]),
                    row_3=percent(row["return"], 2),
                    upper=name.upper(),
                    row_4=percent(row[name], 2),
                    row_5=row["bars_held"],
                ),
            )
            for row in rows
        ]
        for name in ("mae", "mfe")
    }


def _price_decimals(trades: pl.DataFrame) -> int:
    """Two for prices from 10 up; below, so many that five digits of the largest count."""
    largest = max((float(trades[name].max() or 0) for name in ("entry_price", "exit_price")), default=0.0)  # type: ignore[arg-type]
    if largest >= 10 or largest <= 0:
        return 2
    return min(8, 4 - int(np.floor(np.log10(largest))))


def _size_decimals(sizes: np.ndarray) -> int:
    """None for whole units; else enough that the smallest size shows."""
    if not len(sizes) or bool((sizes == np.round(sizes)).all()):
        return 0
    smallest = float(sizes[sizes > 0].min())
    return 4 if smallest >= 0.01 else 8
