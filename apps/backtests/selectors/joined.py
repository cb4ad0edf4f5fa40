"""Reads of the curves and trades that walk-forwards and portfolios leave on storage."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.core.files.storage import default_storage
from django.utils.translation import gettext

from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.models import PortfolioRun, WalkForward
from apps.backtests.rules import drawdown, thin_indices
from apps.core.words import gettext_lazy

CURVE_POINTS = 3000
NAMES = {"walkforward": "walk-forward", "portfoliorun": "portfolio"}
JOINED_COLUMNS = {
    "side": gettext_lazy("Side"),
    "entry_time": gettext_lazy("Entered"),
    "entry_price": gettext_lazy("Entry price"),
    "exit_time": gettext_lazy("Exited"),
    "exit_price": gettext_lazy("Exit price"),
    "size": gettext_lazy("Size"),
    "pnl": "P&L",
    "return": gettext_lazy("Return"),
    "reason": gettext_lazy("Reason"),
}


def joined_table(job: WalkForward | PortfolioRun, path: str) -> pl.DataFrame:
    """A result's table. Raises NotReady before there is one."""
    if job.status != Status.DONE:
        raise NotReady(
            gettext("The {names} is {lower}.").format(
                names=NAMES[job.kind], lower=job.get_status_display().lower()
            )
        )
    with default_storage.open(path, "rb") as file:
        return pl.read_parquet(file.read())


def joined_equity_chart(job: WalkForward | PortfolioRun, name: str) -> dict[str, Any]:
    """Equity, called `name`, against buying and holding, thinned to what a screen can show."""
    table = joined_table(job, job.equity_path)
    equity = table["equity"].to_numpy()
    keep = thin_indices(equity, CURVE_POINTS)
    return {
        "time": (table["time"].to_numpy()[keep] // 1000).tolist(),
        "series": {
            name: equity[keep].tolist(),
            gettext("Buy & hold"): table["buy_and_hold"].to_numpy()[keep].tolist(),
        },
    }


def joined_drawdown_chart(job: WalkForward | PortfolioRun) -> dict[str, Any]:
    table = joined_table(job, job.equity_path)
    values = drawdown(table["equity"].to_numpy(), float(job.parameters["cash"]))
    keep = thin_indices(values, CURVE_POINTS)
    return {"time": (table["time"].to_numpy()[keep] // 1000).tolist(), "value": values[keep].tolist()}


def joined_trade_page(
    job: WalkForward | PortfolioRun,
    *,
    part: str,
    only: int | None,
    sort: str,
    descending: bool,
    page: int,
    size: int,
) -> tuple[list[dict[str, Any]], int]:
    """One page of closed trades and how many there are, of one fold or leg (the column `part`) or of all."""
    table = joined_table(job, job.trades_path)
    if only is not None:
        table = table.filter(pl.col(part) == only)
    if sort in table.columns:
        table = table.sort(sort, descending=descending, maintain_order=True, nulls_last=True)
    return table.slice((page - 1) * size, size).to_dicts(), table.height
