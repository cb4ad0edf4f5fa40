"""Exported scripts, run by a Pine runtime that is not ours, plot, signal and trade what our engine does.

`make pine-check` installs the runtime and runs these; elsewhere they are skipped.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.pine import export_pine
from apps.engine.sim.run import run as simulate
from apps.formulas.library import templates
from apps.markets.providers.sample import sample_bars, synthetic_minutes
from apps.signals.rules import read_alert
from tests.engine.pine.runtime import Answer, run_scripts, why_not
from tests.engine.pine.samples import SAMPLES, STRATEGIES, of_every_function

pytestmark = [pytest.mark.prove, pytest.mark.skipif(bool(why_not()), reason=why_not() or "installed")]

WARM = 900  # bars until seeds are forgotten: Wilder's averages of 14 halve theirs every ten bars
TOLERANCE = 1e-6
# The runtime pads the numbers of "#.####" with zeros, where TradingView leaves them out.
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Pine takes values within 1e-10 of one another for equal, we do not: such a tie is decided either way.
TIES = 2


def hourly(count: int = 2_000) -> Bars:
    """Hourly bars round the clock, made of the synthetic minutes."""
    minutes = synthetic_minutes(count * 60)
    starts = np.arange(0, count * 60, 60)
    return Bars(
        time=minutes.time[starts],
        open=minutes.open[starts],
        high=np.maximum.reduceat(minutes.high, starts),
        low=np.minimum.reduceat(minutes.low, starts),
        close=minutes.close[starts + 59],
        volume=np.add.reduceat(minutes.volume, starts),
        timeframe_ms=3_600_000,
        symbol="TESTUSD",
    )


def daily() -> Bars:
    """The demo's daily bars of a stock, rounded: to Pine, prices within 1e-10 are the same price."""
    bars = sample_bars("AAPL").slice(0, 2_000)
    prices = {name: np.round(getattr(bars, name), 6) for name in ("open", "high", "low", "close")}
    return Bars(
        time=bars.time, **prices, volume=bars.volume, timeframe_ms=bars.timeframe_ms, symbol="TESTUSD"
    )


def assert_same_signals(key: str, text: str, bars: Bars, answer: Answer) -> None:
    last = len(bars) - 1  # the last bar is still open to the runtime: it sends nothing there
    evaluation = compile_formula(text).evaluate(bars)
    for name, ours in evaluation.plots.items():
        np.testing.assert_allclose(
            answer.plots[name][WARM:last],
            ours[WARM:last],
            rtol=TOLERANCE,
            atol=TOLERANCE,
            err_msg=f"{key}: {name}",
        )
    for bar, message in answer.alerts[:3]:
        content = read_alert(json.dumps(message).encode(), received_at=datetime(2100, 1, 1, tzinfo=UTC))
        assert content.symbol == "TESTUSD"
        assert content.bar_time == datetime.fromtimestamp(int(bars.time[bar]) / 1000, UTC)
    ours_told = sorted(
        (s.bar, s.kind, _rounded(s.text)) for s in {*evaluation.signals} if WARM <= s.bar < last
    )
    theirs_told = sorted(
        (bar, message["signal"].split("_")[0] if message["action"] == "info" else message["signal"],
         _rounded(message.get("text", "")))
        for bar, message in answer.alerts
        if WARM <= bar < last
    )  # fmt: skip
    differ = set(ours_told) ^ set(theirs_told)
    assert len(differ) <= TIES, (key, sorted(differ)[:10])


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda found: f"{float(found[0]):.6g}", text)


def run_all(texts: dict[str, str], bars: Bars, timeframe: str, frames: tuple[str, ...]) -> None:
    scripts = []
    for key, text in texts.items():
        exported = export_pine(text, "indicator", key)
        assert not exported.problems, key
        scripts.append(exported.script)
    answers = run_scripts(scripts, bars, timeframe, frames)
    for (key, text), answer in zip(texts.items(), answers, strict=True):
        assert_same_signals(key, text, bars, answer)


def test_every_function() -> None:
    run_all(of_every_function(), hourly(), "60", ())


def test_every_function_on_a_stock() -> None:
    run_all(of_every_function(), daily(), "D", ())


def test_samples() -> None:
    run_all(SAMPLES, hourly(), "60", ("4h", "1d", "1w"))


def test_the_library() -> None:
    texts = {template.key: template.text for template in templates()}
    run_all(texts, hourly(), "60", ("4h", "1d", "1w"))


@pytest.mark.parametrize("key", STRATEGIES)
def test_a_strategy_trades_on_the_same_bars(key: str) -> None:
    """Fills differ by less than a tick (levels are whole ticks there) and by what is said in docs/pine.md."""
    bars = hourly()
    text = STRATEGIES[key]
    [answer] = run_scripts([export_pine(text, "strategy", key).script], bars, "60", mintick=0.00001)
    trades = simulate(bars, compile_formula(text).evaluate(bars).orders).trades
    ours = {
        (int(a), int(b)): (p, q, side * size)
        for a, b, p, q, side, size in zip(
            trades.entry_index, trades.exit_index, trades.entry_price, trades.exit_price, trades.side, trades.size,
            strict=True,
        )
    }  # fmt: skip
    theirs = {
        (t["entry_bar"], t["exit_bar"]): (t["entry_price"], t["exit_price"], t["size"]) for t in answer.trades
    }
    ours = {bars_: trade for bars_, trade in ours.items() if bars_[0] >= WARM}
    theirs = {bars_: trade for bars_, trade in theirs.items() if bars_[0] >= WARM}
    assert len(ours) > 10
    assert ours.keys() == theirs.keys()
    for bars_, trade in ours.items():
        np.testing.assert_allclose(theirs[bars_][:2], trade[:2], rtol=2e-4)
        np.testing.assert_allclose(theirs[bars_][2], trade[2], rtol=2e-2)
