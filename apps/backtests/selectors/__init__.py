"""Reads of the backtests room."""

from apps.backtests.selectors.backtests import (
    TRADE_COLUMNS,
    backtests_of,
    bars_of,
    cut_to_dates,
    equity_of,
    finer_bar_set_for,
    finer_bars_of,
    in_iso,
    metrics_in_order,
    trade_page,
    trades_of,
)
from apps.backtests.selectors.charts import drawdown_chart, equity_chart, price_chart
from apps.backtests.selectors.compare import comparison_chart, comparison_of
from apps.backtests.selectors.sweeps import (
    CellQuery,
    axes_of,
    cell_page,
    cells_of,
    heat_of,
    parallel_of,
    sweep_headline,
    sweeps_of,
)
from apps.backtests.selectors.trials import TrialSummary, lineage_of_text, trials_of

__all__ = [
    "TRADE_COLUMNS",
    "CellQuery",
    "TrialSummary",
    "axes_of",
    "backtests_of",
    "bars_of",
    "cell_page",
    "cells_of",
    "comparison_chart",
    "comparison_of",
    "cut_to_dates",
    "drawdown_chart",
    "equity_chart",
    "equity_of",
    "finer_bar_set_for",
    "finer_bars_of",
    "heat_of",
    "in_iso",
    "lineage_of_text",
    "metrics_in_order",
    "parallel_of",
    "price_chart",
    "sweep_headline",
    "sweeps_of",
    "trade_page",
    "trades_of",
    "trials_of",
]
