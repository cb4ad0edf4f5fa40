"""Reads of backtests and of the files their results lie in."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.figures import METRICS
from apps.backtests.models import Backtest
from apps.engine.bars import Bars
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets
from apps.markets.services import load_bars

ISO = "%Y-%m-%dT%H:%M:%SZ"  # the tables hold UTC


def backtests_of(workspace: Workspace) -> QuerySet[Backtest]:
    """The workspace's runs, newest first, without the long columns a list does not show."""
    return (
        Backtest.objects.filter(workspace=workspace)
        .select_related("bar_set__instrument", "finer_bar_set", "formula")
        .defer("formula_text", "open_trade", "report", "honesty")
        .order_by("-id")
    )


def bars_of(backtest: Backtest) -> Bars:
    """The bars of the run: its set, cut to its dates (both included, UTC)."""
    return cut_to_dates(load_bars(backtest.bar_set), backtest.start, backtest.end)


def finer_bars_of(backtest: Backtest) -> Bars | None:
    """The finer bars of the run, cut to the same dates; None where it has none."""
    if backtest.finer_bar_set is None:
        return None
    return cut_to_dates(load_bars(backtest.finer_bar_set), backtest.start, backtest.end)


def finer_bar_set_for(bar_set: BarSet, workspace: Workspace) -> BarSet | None:
    """The finest bars at hand of the same instrument that fit into those of `bar_set` and cover all of its span."""
    candidates = visible_bar_sets(workspace).filter(
        instrument=bar_set.instrument,
        timezone=bar_set.timezone,
        timeframe_ms__lt=bar_set.timeframe_ms,
        first_time__lte=bar_set.first_time,
        last_time__gte=bar_set.last_time,
    )
    fitting = [each for each in candidates if bar_set.timeframe_ms % each.timeframe_ms == 0]
    return min(fitting, key=lambda each: each.timeframe_ms, default=None)


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
    """The metrics as one reads them; any the table of figures does not know come last."""
    metrics = backtest.metrics or {}
    names = [
        *(name for name in METRICS if name in metrics),
        *(name for name in metrics if name not in METRICS),
    ]
    return {name: metrics[name] for name in names}


def need_result(backtest: Backtest) -> None:
    """Raises NotReady before there is a result."""
    if backtest.status != Status.DONE:
        raise NotReady(
            gettext("The backtest is {lower}.").format(lower=backtest.get_status_display().lower())
        )


def read_table(path: str, columns: list[str] | None = None) -> pl.DataFrame:
    """A result's table, or those of its columns alone."""
    with default_storage.open(path, "rb") as file:
        return pl.read_parquet(file.read(), columns=columns)


def equity_of(backtest: Backtest, columns: list[str] | None = None) -> pl.DataFrame:
    """One row per bar: time (epoch ms), equity, position, close, buy_and_hold. Raises NotReady before the end."""
    need_result(backtest)
    return read_table(backtest.equity_path, columns)


def in_iso(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its times as text, ISO 8601 in UTC, as every export writes them."""
    texts = []
    for name in table.columns:
        if name == "time":
            texts.append(pl.from_epoch(name, "ms").dt.strftime(ISO))
        elif name.endswith("_time"):
            texts.append(pl.col(name).dt.strftime(ISO))
    return table.with_columns(texts)
