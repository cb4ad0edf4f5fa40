"""From formula text to a result: its identity, its canonical bytes, its tables, its refusals."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.lang import FormulaError
from apps.engine.result import Cancelled, SimulationError, run_backtest
from apps.engine.sim.spec import SimParams
from tests.engine.sim.candles import make_bars

UT_BOT = """
input key = 1.0 in 0.5..10 step 0.1
input atr_period = 3 in 1..50
input ema_period = 1 in 1..50
loss = key * atr(atr_period)
prior = nz(line[1], 0)
line = (close > prior and close[1] > prior) ? max(prior, close - loss) :
       (close < prior and close[1] < prior) ? min(prior, close + loss) :
       (close > prior) ? close - loss : close + loss
average = ema(close, ema_period)
long when crossover(average, line) and close > line
short when crossover(line, average) and close < line
"""
CLOSES = [100, 101, 102, 103, 104, 103, 101, 98, 97, 98, 101, 104, 106, 105, 105, 102]
RULE = "input top = 103 in 50..200\nlong when close > top\nexit when close < 98\nstop_loss 50%\n"
FREE = SimParams(cash=1000.0, fee=0.0)


def ut_bot_bars() -> Bars:
    """The bars of the language page's example: each opens at the close before, a point of range around."""
    opens = [100, *CLOSES[:-1]]
    return make_bars([(o, max(o, c) + 1, min(o, c) - 1, c) for o, c in zip(opens, CLOSES, strict=True)])


def test_the_ut_bot_of_the_language_page():
    # short asked at bar 6, filled at bar 7's open of 101; long asked at bar 10, reversed at bar 11's open of 101
    result = run_backtest(UT_BOT, ut_bot_bars(), None, FREE)
    (trade,) = result.trades
    assert (trade["side"], trade["entry_price"], trade["exit_price"], trade["reason"]) == (
        "short",
        101,
        101,
        "reverse",
    )
    assert (trade["entry_time"], trade["exit_time"]) == ("1970-01-08T00:00:00Z", "1970-01-12T00:00:00Z")
    assert result.open_trade == {
        "side": "long",
        "entry_time": "1970-01-12T00:00:00Z",
        "entry_price": 101.0,
        "size": pytest.approx(1000 / 101),
        "mark_price": 102.0,
        "pnl": pytest.approx(1000 / 101),
        "return": pytest.approx(1 / 101),
        "fees": 0.0,
        "borrow": 0.0,
        "entry_unslipped": 101.0,
    }


def test_bytes_are_json_without_nan_and_say_what_the_tables_say():
    result = run_backtest(RULE, ut_bot_bars(), None, FREE)
    data = result.to_json_bytes()
    read = json.loads(data, parse_constant=lambda name: pytest.fail(name))
    assert list(read) == [
        "metrics",
        "trades",
        "open_trade",
        "equity",
        "hashes",
        "finer_timeframe_ms",
        "counts",
        "parameters",
        "report",
        "honesty",
    ]
    assert read["equity"]["value"] == result.equity_table()["equity"].to_list()
    table = result.trades_table()
    assert [trade["pnl"] for trade in read["trades"]] == table["pnl"].to_list()
    assert table["entry_time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list() == [
        trade["entry_time"] for trade in read["trades"]
    ]
    assert run_backtest(RULE, ut_bot_bars(), None, FREE).to_json_bytes() == data


def test_no_trade_still_gives_tables_with_all_columns():
    result = run_backtest("long when close > 1000", ut_bot_bars())
    assert (result.trades, result.open_trade) == ([], None)
    assert result.trades_table().columns[:9] == [
        "side", "entry_time", "entry_price", "exit_time", "exit_price", "size", "pnl", "return", "reason",
    ]  # fmt: skip


def test_milliseconds_are_written_where_there_are_some():
    bars = ut_bot_bars()
    times = run_backtest(RULE, replace(bars, time=bars.time + 5)).to_json_bytes()
    assert b'"1970-01-02T00:00:00.005Z"' in times


def test_a_result_is_known_by_formula_data_parameters_and_engine():
    bars = ut_bot_bars()
    base = run_backtest(RULE, bars, None, FREE).hashes["result"]
    assert run_backtest("# the same\n" + RULE, bars, {"top": 103}, FREE).hashes["result"] == base
    halves = make_bars(np.repeat(bars.close, 2).tolist(), step_ms=bars.timeframe_ms // 2)
    others = [
        run_backtest(RULE.replace("< 98", "< 97"), bars, None, FREE),
        run_backtest(RULE, replace(bars, close=bars.close + 0.5), None, FREE),
        run_backtest(RULE, bars, {"top": 104}, FREE),
        run_backtest(RULE, bars, None, replace(FREE, fill="close")),
        run_backtest(RULE, bars, None, FREE, finer=halves),
    ]
    assert len({base, *(other.hashes["result"] for other in others)}) == 6


def test_a_result_says_which_finer_bars_decided():
    bars = ut_bot_bars()
    halves = make_bars(np.repeat(bars.close, 2).tolist(), step_ms=bars.timeframe_ms // 2)
    alone, helped = (
        json.loads(run_backtest(RULE, bars, None, FREE, finer=finer).to_json_bytes())
        for finer in (None, halves)
    )
    assert (alone["finer_timeframe_ms"], helped["finer_timeframe_ms"]) == (None, 43_200_000)
    assert alone["parameters"] == helped["parameters"]


def test_finer_bars_of_another_time_are_refused():
    """They would decide nothing, and nobody would know."""
    bars = ut_bot_bars()
    halves = make_bars(np.repeat(bars.close, 2).tolist(), step_ms=bars.timeframe_ms // 2)
    later = replace(halves, time=halves.time + len(bars) * bars.timeframe_ms)
    with pytest.raises(SimulationError, match="lies in the time of the bars") as refused:
        run_backtest(RULE, bars, None, FREE, finer=later)
    assert refused.value.field == "finer"


def test_refusals_are_clear():
    bars = ut_bot_bars()
    with pytest.raises(FormulaError):
        run_backtest("long when clos > 1", bars)
    with pytest.raises(SimulationError, match="only alerts"):
        run_backtest('alert "hi" when close > 1', bars)
    with pytest.raises(SimulationError, match="no bars"):
        run_backtest(RULE, bars.slice(0, 0))
    with pytest.raises(SimulationError, match="cash"):
        run_backtest(RULE, bars, None, SimParams(cash=math.inf))
    with pytest.raises(SimulationError, match="1h"):
        run_backtest('long when close > tf("1h", close)', bars)
    close = bars.close.copy()
    close[3] = np.nan
    with pytest.raises(SimulationError, match="close of the bar of 1970-01-04T00:00:00Z"):
        run_backtest(RULE, replace(bars, close=close))
    with pytest.raises(Cancelled):
        run_backtest(RULE, bars, should_cancel=lambda: True)


@pytest.mark.parametrize("side", ["long", "short"])
def test_more_than_a_number_can_hold_is_an_error(side):
    bars = make_bars([1e-300, 1e-300, 1e300, 1e300])
    with pytest.raises(SimulationError, match="more than a number can hold"):
        run_backtest(f"{side} when true", bars)


@pytest.mark.filterwarnings("error:.*in reduce", "ignore:.*in subtract", "ignore:.*in power")
@pytest.mark.parametrize("closes", [[1e308, 1e-300], [1e308] * 40, [1.0] * 20 + [1e300] * 20])
def test_prices_at_the_ends_of_what_a_number_can_hold(closes):
    bars = make_bars(closes)
    result = run_backtest("long when bar_index % 3 == 0\nexit when bar_index % 3 == 1", bars)
    written = json.loads(result.to_json_bytes())  # nan and infinity are no JSON
    growth = 365 / len(closes) * (math.log(closes[-1]) - math.log(closes[0]))
    expected = None if growth > 700 else pytest.approx(math.expm1(growth))
    assert written["metrics"]["buy_and_hold_cagr"] == expected
