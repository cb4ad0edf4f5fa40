"""The curves of a report, thinned on the server to what a screen can show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from apps.backtests.models import Backtest
from apps.backtests.rules import drawdown, thin_indices
from apps.backtests.selectors.backtests import bars_of, equity_of, trades_of
from apps.engine.lang import compile_formula
from apps.markets.selectors import candle_width, candles

CURVE_POINTS = 3000
CANDLES = 5000


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
