"""Runs side by side: what was asked differently, what came of it, and their curves on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext

from apps.backtests.errors import CannotCompare
from apps.backtests.models import Backtest
from apps.backtests.rules import thin_indices
from apps.backtests.selectors.backtests import equity_of, metrics_in_order
from apps.engine.sweep.plateau import LOWER_IS_BETTER

MOST_RUNS = 8
POINTS_EACH = 1500
# Of these neither more nor less is better: they describe the run, or the market it ran on.
NEUTRAL = {
    "exposure", "turnover", "trades", "winning_trades", "losing_trades", "long_trades", "short_trades",
    "trades_per_year",
    "avg_bars_held", "avg_bars_won", "avg_bars_lost", "periods_per_year", "years", "skew", "kurtosis", "beta",
    "max_drawdown_amount",
}  # fmt: skip


def comparison_of(backtests: Sequence[Backtest]) -> dict[str, Any]:
    """`runs`, `differences` and `same` (label, a value per run), `metrics` (name, values, index of the best or null).

    Raises CannotCompare for fewer than two runs, more than MOST_RUNS, and one without a result.
    """
    if not 2 <= len(backtests) <= MOST_RUNS:
        raise CannotCompare(
            gettext("Choose from 2 to {most_runs} finished runs to compare, not {backtests}.").format(
                most_runs=MOST_RUNS, backtests=len(backtests)
            )
        )
    for backtest in backtests:
        if backtest.metrics is None:
            raise CannotCompare(gettext("The run of {backtest} has no result yet.").format(backtest=backtest))
    asked = [_asked(backtest) for backtest in backtests]
    labels = list(dict.fromkeys(label for values in asked for label in values))
    rows = [{"label": label, "values": [values.get(label) for values in asked]} for label in labels]
    differing = [row for row in rows if any(value != row["values"][0] for value in row["values"])]
    return {
        "runs": [
            {
                "uuid": str(backtest.uuid),
                "name": str(backtest),
                "formula": backtest.formula_name,
                "symbol": backtest.bar_set.instrument.symbol,
                "timeframe": backtest.bar_set.timeframe,
            }
            for backtest in backtests
        ],
        "differences": differing,
        "same": [row for row in rows if row not in differing],
        "metrics": _metrics(backtests),
    }


def _asked(backtest: Backtest) -> dict[str, Any]:
    """All that decides a run, by the words of the form."""
    parameters = dict(backtest.parameters)
    inputs = parameters.pop("inputs", {})
    return {
        gettext("Formula"): backtest.formula_name,
        gettext("Formula hash"): backtest.formula_hash,
        gettext("Market"): backtest.bar_set.instrument.symbol,
        gettext("Timeframe"): backtest.bar_set.timeframe,
        gettext("Data hash"): (backtest.hashes or {}).get("data", backtest.data_hash),
        gettext("From"): backtest.start.isoformat() if backtest.start else gettext("first bar"),
        gettext("To"): backtest.end.isoformat() if backtest.end else gettext("last bar"),
        **{gettext("Input {name}").format(name=name): value for name, value in inputs.items()},
        **{name.replace("_", " ").capitalize(): value for name, value in parameters.items()},
        gettext("Engine"): backtest.engine_version,
    }


def _metrics(backtests: Sequence[Backtest]) -> list[dict[str, Any]]:
    ordered = [metrics_in_order(backtest) for backtest in backtests]
    names = dict.fromkeys(name for metrics in ordered for name in metrics)
    rows = []
    for name in names:
        values = [metrics.get(name) for metrics in ordered]
        rows.append({"name": name, "values": values, "best": _best(name, values)})
    return rows


def _best(name: str, values: list[Any]) -> int | None:
    """Which run has the best of these; None where none is better, or nothing can be said."""
    known = [value for value in values if value is not None]
    if name in NEUTRAL or name.startswith("buy_and_hold") or len(known) < 2 or len(set(known)) == 1:
        return None
    wanted = min(known) if name in LOWER_IS_BETTER else max(known)
    return values.index(wanted) if values.count(wanted) == 1 else None


def comparison_chart(backtests: Sequence[Backtest]) -> dict[str, Any]:
    """The growth of each run since its own start, in percent, on the union of their times; null outside its span."""
    curves = []
    for backtest in backtests:
        frame = equity_of(backtest)
        equity = frame["equity"].to_numpy() / float(backtest.parameters["cash"]) - 1.0
        keep = thin_indices(equity, POINTS_EACH)
        curves.append((frame["time"].to_numpy()[keep], 100.0 * equity[keep]))
    times = np.unique(np.concatenate([time for time, _ in curves]))
    series: dict[str, list[float | None]] = {}
    for number, (backtest, (time, growth)) in enumerate(zip(backtests, curves, strict=True), start=1):
        at = np.searchsorted(time, times, side="right") - 1
        inside = (at >= 0) & (times <= time[-1])
        values = [float(growth[i]) if known else None for i, known in zip(at, inside, strict=True)]
        name = gettext("{number} · {formula} on {symbol}").format(
            number=number, formula=backtest.formula_name, symbol=backtest.bar_set.instrument.symbol
        )
        series[name] = values
    return {"time": (times // 1000).tolist(), "series": series}
