"""The curves of a report, thinned on the server to what a screen can show."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext

from apps.backtests.models import Backtest
from apps.backtests.rules import drawdown, thin_indices
from apps.backtests.selectors.backtests import bars_of, equity_of, in_iso
from apps.backtests.selectors.trades import trades_of
from apps.engine.lang import compile_formula
from apps.formulas.selectors import near_prices, share_panes
from apps.markets.selectors import candle_width, candles

CURVE_POINTS = 3000
CANDLES = 5000
MARKED = ["side", "entry_time", "entry_price", "exit_time", "exit_price", "reason"]


def equity_chart(backtest: Backtest) -> dict[str, Any]:
    """Equity against holding the instrument from the first close, thinned to what a screen can show."""
    frame = equity_of(backtest, ["time", "equity", "buy_and_hold"])
    keep = thin_indices(frame["equity"].to_numpy(), CURVE_POINTS)
    return {
        "time": (frame["time"].to_numpy()[keep] // 1000).tolist(),
        "series": {
            gettext("Strategy"): frame["equity"].to_numpy()[keep].tolist(),
            gettext("Buy & hold"): _plain(frame["buy_and_hold"].to_numpy()[keep]),
        },
    }


def drawdown_chart(backtest: Backtest) -> dict[str, Any]:
    frame = equity_of(backtest, ["time", "equity"])
    values = drawdown(frame["equity"].to_numpy(), float(backtest.parameters["cash"]))
    keep = thin_indices(values, CURVE_POINTS)
    return {"time": (frame["time"].to_numpy()[keep] // 1000).tolist(), "value": values[keep].tolist()}


def thinned_equity(backtest: Backtest, points: int) -> dict[str, Any]:
    """The curve as the API gives it: at most `points` bars, chosen so that no peak or trough of equity is lost."""
    frame = equity_of(backtest)
    keep = thin_indices(frame["equity"].to_numpy(), points)
    fall = drawdown(frame["equity"].to_numpy(), float(backtest.parameters["cash"]))[keep]
    chosen = in_iso(frame[keep])
    return {
        "bars": frame.height,
        "time": chosen["time"].to_list(),
        **{name: _plain(chosen[name].to_numpy()) for name in ("equity", "buy_and_hold", "position", "close")},
        "drawdown": (-fall + 0.0).tolist(),
    }


def _plain(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON knows them."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def price_chart(backtest: Backtest) -> dict[str, Any]:
    """Candles with the trades marked; long histories are grouped into wider candles.

    The formula's plots lie over the candles where their values are near the prices, else in panes of their own.
    """
    bars = bars_of(backtest)
    chart = candles(bars, CANDLES)
    step = candle_width(bars, CANDLES)
    ends = np.minimum(np.arange(0, len(bars), step) + step, len(bars)) - 1
    program = compile_formula(backtest.formula_text, backtest.parameters.get("inputs") or None)
    over: dict[str, Any] = {}
    own: list[tuple[str, np.ndarray]] = []
    for name, series in program.evaluate(bars).plots.items():
        if near_prices(series[ends], bars.close[ends]):
            over[name] = _plain(series[ends])
        else:
            own.append((name, series[ends]))
    return {
        **chart,
        "plots": over,
        "panes": [{name: _plain(column) for name, column in pane} for pane in share_panes(own)],
        "markers": _markers(backtest, bars.time, chart["time"], step),
    }


def _markers(
    backtest: Backtest, times: np.ndarray, candle_times: list[int], step: int, most: int = 1000
) -> list[dict[str, Any]]:
    """Entries and exits, each on the candle that holds its bar; the latest `most` where there are more."""
    marks: list[dict[str, Any]] = []
    trades = trades_of(backtest, MARKED).tail(most // 2).to_dicts()
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
