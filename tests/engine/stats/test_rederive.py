"""All numbers of a result follow from its exports, as a script without NumPy and without the engine derives them."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.result import run_backtest
from apps.engine.sim.spec import SimParams
from apps.engine.stats import metrics
from apps.markets.providers.sample import sample_bars
from tests.engine.stats.rederive import check

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FIRST = int(datetime(2023, 12, 28, 3, tzinfo=UTC).timestamp() * 1000)

CROSS = "long when crossover(ema(close, 5), ema(close, 12))\nexit when crossunder(ema(close, 5), ema(close, 12))\n"
FLIP = "long when crossover(ema(close, 5), ema(close, 12))\nshort when crossunder(ema(close, 5), ema(close, 12))\n"
GUARDED = FLIP + "stop_loss 1%\ntake_profit 2%\n"
TRAILED = FLIP + "stop_loss by 2 * atr(5)\ntrailing_stop 1.5%\nexit after 4 bars\nsize risk 1%\n"
AT = CROSS + "stop_loss at lowest(low, 5)\ntake_profit by atr(5)\nsize 50%\n"
SEVERAL = {
    "cross, minutes": (CROSS, MINUTE, 5000, "UTC", {}, False),
    "flips in New York": (FLIP, HOUR, 3000, "America/New_York", {"borrow_per_day": 0.0004}, False),
    "stop and target over sessions": (GUARDED, HOUR, 3000, "Asia/Tokyo", {"slippage_bps": 3.0}, True),
    "trail, steps, sessions of days": (TRAILED, DAY, 900, "UTC", {"slippage_bps": 8.0, "tick": 0.05, "lot": 0.1}, True),
    "stop at, close fills": (AT, HOUR, 2000, "Europe/Berlin", {"fill": "close", "slippage_bps": 1.0}, False),
    "weeks": (FLIP, 7 * DAY, 300, "UTC", {"fee": 0.0}, False),
    "no trade": ("long when close > 1000000", HOUR, 500, "UTC", {}, False),
    "one bar": ("long when true", DAY, 1, "UTC", {}, False),
    "two days": ("long when true", HOUR, 26, "UTC", {}, False),
    "leaves in time": (CROSS + "exit after 3 bars\ntrailing_stop by atr(5)", DAY, 400, "UTC", {}, False),
    "the account ends": ("short when true\nsize 100%", HOUR, 4000, "UTC", {}, False),
}  # fmt: skip


def walk(step, count, zone, weekdays, seed, drift=0.0):
    rng = np.random.default_rng(seed)
    time = FIRST + step * np.arange(count * 2 if weekdays else count)
    if weekdays:
        time = time[(time // DAY + 3) % 7 < 5][:count]
    scale = 0.02 if step >= DAY else 0.003
    close = 100 * np.exp(np.cumsum(rng.normal(drift, scale, len(time))))
    opening = np.r_[100.0, close[:-1]] * (1 + rng.normal(0, scale / 5, len(time)))
    high = np.maximum(opening, close) * (1 + np.abs(rng.normal(0, scale / 2, len(time))))
    low = np.minimum(opening, close) * (1 - np.abs(rng.normal(0, scale / 2, len(time))))
    return Bars(time, opening, high, low, close, np.ones(len(time)), step, zone)


def exports(result):
    """trades.csv, equity.csv and result.json as the pages give them."""
    texts = []
    for table in (result.trades_table(), result.equity_table()):
        rows = list(table.iter_rows())
        if "time" in table.columns:
            rows = [(datetime.fromtimestamp(row[0] / 1000, UTC).isoformat(), *row[1:]) for row in rows]
        text = io.StringIO()
        csv.writer(text).writerows([table.columns, *rows])
        texts.append(text.getvalue().splitlines())
    return *texts, json.loads(result.to_json_bytes())


def run_of(name, seed=3):
    formula, step, count, zone, params, weekdays = SEVERAL[name]
    drift = 0.002 if name == "the account ends" else 0.0
    return run_backtest(
        formula, walk(step, count, zone, weekdays, seed, drift), None, SimParams(cash=5000.0, **params)
    )


@pytest.mark.parametrize("name", SEVERAL)
def test_every_number_follows_from_the_exports(name):
    assert check(*exports(run_of(name))) == []


@pytest.mark.parametrize("formula", [CROSS, GUARDED, TRAILED])
@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_so_it_does_for_real_stocks(symbol, formula):
    params = SimParams(slippage_bps=2.0, borrow_per_day=0.0001)
    result = run_backtest(formula, sample_bars(symbol), None, params)
    assert len(result.trades) > 50
    assert check(*exports(result)) == []


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(20, 60))
def test_so_it_is_for_many_histories(seed):
    for name in SEVERAL:
        assert check(*exports(run_of(name, seed))) == []


def test_the_runs_are_of_many_kinds():
    runs = [run_of(name) for name in SEVERAL]
    reasons = {trade["reason"] for run in runs for trade in run.trades}
    assert reasons >= {
        "exit",
        "exit_after",
        "reverse",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "account_at_zero",
    }
    assert any(run.open_trade for run in runs)
    assert any(run.report["risk"]["trades_with_stop"] for run in runs)


@pytest.mark.parametrize("part", ["metrics", "report"])
def test_each_number_changed_is_found(part):
    """Every single number, moved by a millionth, is named by the script."""
    trades, equity, result = exports(run_of("stop and target over sessions"))
    result["report"].pop("delay")
    changed = 0
    for path in list(numbers(result[part])):
        if path[:1] == ["calendar"]:
            continue
        *way, last = path
        place = result[part]
        for key in way:
            place = place[key]
        value = place[last]
        if changed % 7 == 0 or part == "metrics":
            place[last] = value * 1.000001 + 1e-6
            assert len(check(trades, equity, result)) == 1, path
            place[last] = value
        changed += 1
    assert changed > 50


def numbers(value, path=()):
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(each, (*path, key))
    elif isinstance(value, int | float):
        yield list(path)


def test_a_broken_metric_is_found(monkeypatch):
    monkeypatch.setattr(metrics, "cagr", lambda start, final, years: final / start / years)
    wrong = check(*exports(run_of("cross, minutes")))
    assert {line.split(":")[0] for line in wrong} == {"metrics.cagr", "metrics.calmar"}


def test_every_metric_and_part_of_the_report_is_defined():
    text = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
    result = run_of("cross, minutes")
    parts = [*result.report["costs"], *result.report["drawdowns"][0], *result.trades_table().columns[9:]]
    names = [*result.metrics, *parts, *result.equity_table().columns]
    assert [name for name in names if f"`{name}`" not in text] == []
