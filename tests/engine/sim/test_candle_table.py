"""Each row of the candle tables of docs/fills.md, computed there by hand: what it says is what comes out."""

import json
from collections import Counter
from dataclasses import fields, replace

import pytest

from apps.engine.result import run_backtest
from apps.engine.sim.run import run
from apps.engine.sim.spec import SimParams, SimulationError
from apps.engine.stats.metrics import metrics_of
from tests.engine.sim.candles import FREE, make_bars, make_orders
from tests.engine.sim.page import OF_A_TRADE, PAGE, cases, rows

CASES = cases()
COUNTS = ("ambiguous_bars", "conflicting_bars", "dropped_requests", "cut_sizes", "accounts_ended")


def near(value):
    return pytest.approx(float(value), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("case", CASES, ids=[f"rule {case.rule}: {case.title}" for case in CASES])
def test_a_row_of_the_page(case):
    result = run(case.bars, case.orders, case.params, finer=case.finer)
    closed = [each for each in case.trades if each.exit is not None]
    left_open = [each for each in case.trades if each.exit is None]
    trades = result.trades
    found = zip(trades.side, trades.entry_index, trades.entry_price, trades.exit_index, trades.exit_price,
                trades.reasons(), strict=True)  # fmt: skip
    assert list(found) == [
        (each.side, each.entry, near(each.price), each.exit, near(each.out), each.reason) for each in closed
    ]
    assert (result.open_trade is not None) == bool(left_open)
    for k, each in enumerate(closed):
        assert_figures(each.figures, closed_figures(trades, k))
    for each in left_open:
        held = result.open_trade
        assert (held.side, held.entry_index, held.entry_price) == (each.side, each.entry, near(each.price))
        assert "mark" in each.figures or case.bars.close[-1] == held.entry_price
        assert_figures(each.figures, open_figures(held))
    if case.equity is not None:
        assert result.equity.tolist() == [near(value) for value in case.equity]
    assert {name: result.counts[name] for name in COUNTS} == {
        name: case.figures.get(name, 0) for name in COUNTS
    }
    account = {"cash": result.cash, "fees": result.fees} | result.counts
    assert_figures(case.figures, account | metrics_of(result, case.bars, case.params.cash))


def closed_figures(trades, k):
    columns = (trades.size, trades.entry_fee, trades.exit_fee, trades.carry, trades.pnl, trades.returns)
    names = ("size", "fee", "exit fee", "carry", "pnl", "return")
    return dict(zip(names, (column[k] for column in columns), strict=True)) | {
        "mae": trades.mae[k],
        "mfe": trades.mfe[k],
    }


def open_figures(held):
    return {"size": held.size, "fee": held.entry_fee, "carry": held.carry, "pnl": held.pnl, "return": held.return_,
            "mark": held.mark_price}  # fmt: skip


def assert_figures(expected, found):
    for name, value in expected.items():
        assert found[name] == (None if value is None else near(value)), name


def test_every_rule_has_its_rows():
    """None is skipped by the reader, and each thing a row can name is named by some."""
    tables = PAGE.read_text(encoding="utf-8").split("## 13. ")[1]
    shown = [line for line in tables.splitlines() if line.startswith("| ") and " --- " not in line]
    headings = 12 + 1  # one per table, rule 12's among them
    assert len(CASES) + len(rows(12)) == len(shown) - headings
    assert min(Counter(case.rule for case in CASES)[rule] for rule in range(12)) >= 5
    named = {name for case in CASES for name in case.figures}
    named |= {name for case in CASES for trade in case.trades for name in trade.figures}
    assert named >= {*COUNTS, *OF_A_TRADE, "cash", "fees"}
    reasons = {trade.reason for case in CASES for trade in case.trades} - {None}
    assert reasons == {
        "exit",
        "exit_after",
        "reverse",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "account_at_zero",
    }
    changed = {
        each.name
        for case in CASES
        for each in fields(SimParams)
        if getattr(case.params, each.name) != getattr(FREE, each.name)
    }
    assert changed == {each.name for each in fields(SimParams)}


RULE = "input top = 103 in 50..200\nlong when close > top\nexit when close < 98\n"
IDENTITY = SimParams(cash=1000.0, fee=0.001)
OTHER = {"fill": "close"}  # of a parameter that is not a number


def run_for_identity(change):
    """The run of rule 12, one thing of it changed."""
    bars = make_bars([100, 102, 104, 97, 105, 106])
    finer = make_bars([price for price in bars.close for _ in range(2)], step_ms=bars.timeframe_ms // 2)
    text, settings, params = RULE, None, IDENTITY
    match change:
        case "nothing, run again: the same bytes":
            pass
        case "a comment in the formula":
            text = "# the same\n" + RULE
        case "a rule of the formula":
            text = RULE.replace("< 98", "< 97")
        case "one close":
            bars.close[2] += 0.5
        case "one finer close":
            finer.close[2] += 0.5
        case "no finer bars":
            finer = None
        case "an input":
            settings = {"top": 104}
        case _:
            value = OTHER[change] if change in OTHER else getattr(params, change) + 0.01
            params = replace(params, **{change: value})
    return run_backtest(text, bars, settings, params, finer=finer)


@pytest.mark.parametrize(("change", "changed"), rows(12), ids=[row[0] for row in rows(12)])
def test_a_row_of_the_page_on_identity(change, changed):
    before, after = run_for_identity("nothing, run again: the same bytes"), run_for_identity(change)
    assert {name for name in before.hashes if before.hashes[name] != after.hashes[name]} == (
        set() if changed == "-" else {changed, "result"}
    )
    if changed == "-":
        assert after.to_json_bytes() == before.to_json_bytes()


def test_every_parameter_is_part_of_the_identity():
    assert {each.name for each in fields(SimParams)} <= {change for change, _ in rows(12)}
    whole = json.loads(run_for_identity("an input").to_json_bytes())
    assert whole["parameters"].keys() == {*(each.name for each in fields(SimParams)), "inputs"}


@pytest.mark.parametrize("rate", [1.0, -1.0, float("nan")])
def test_a_rate_of_funding_is_a_fraction(rate):
    with pytest.raises(SimulationError, match="funding_per_day must be a fraction between -1 and 1"):
        run(make_bars([100]), make_orders(1, {}), replace(FREE, funding_per_day=rate))
