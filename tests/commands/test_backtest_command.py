"""`manage.py backtest`: as a person would call it, with no database to reach."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.commands.calling import called, called_apart

CROSS = """
input fast = 3 in 2..50
input slow = 8 in 5..200
fast_ma = sma(close, fast)
slow_ma = sma(close, slow)
long when crossover(fast_ma, slow_ma)
exit long when crossunder(fast_ma, slow_ma)
stop_loss 3%
"""


def backtest(*args: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return called("backtest", *args, stdin=stdin)


def wave(count: int = 300) -> str:
    """Daily bars of a sine, whose averages cross again and again."""
    close = 100 + 10 * np.sin(np.arange(count) / 9.0)
    opening = np.concatenate([[100.0], close[:-1]])
    days = np.datetime64("2020-01-01") + np.arange(count)
    rows = [
        f"{day},{o:.4f},{max(o, c) + 0.5:.4f},{min(o, c) - 0.5:.4f},{c:.4f},1000"
        for day, o, c in zip(days, opening, close, strict=True)
    ]
    return "\n".join(["date,open,high,low,close,volume", *rows]) + "\n"


@pytest.fixture
def formula(tmp_path: Path) -> str:
    path = tmp_path / "cross.formula"
    path.write_text(CROSS)
    return str(path)


@pytest.fixture
def bars(tmp_path: Path) -> str:
    path = tmp_path / "wave.csv"
    path.write_text(wave())
    return str(path)


def test_json_holds_the_whole_result(formula, bars, tmp_path):
    out = tmp_path / "out.json"
    done = backtest(formula, "--bars", bars, "--json", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    result = json.loads(out.read_bytes())
    assert {"metrics", "trades", "open_trade", "equity", "hashes", "counts"} <= set(result)
    assert {
        "final_equity", "total_return", "max_drawdown", "sharpe", "sortino", "calmar", "win_rate", "profit_factor",
        "trades", "exposure", "fees",
    } <= set(result["metrics"])  # fmt: skip
    assert set(result["hashes"]) == {"formula", "data", "parameters", "engine", "result"}
    assert len(result["equity"]["time"]) == len(result["equity"]["value"]) == 300
    assert result["equity"]["time"][:2] == ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]
    assert result["equity"]["value"][-1] == result["metrics"]["final_equity"]
    assert len(result["trades"]) == result["metrics"]["trades"] > 3
    for trade in result["trades"]:
        assert set(trade) == {
            "side", "entry_time", "entry_price", "exit_time", "exit_price", "size", "pnl", "return", "reason",
        }  # fmt: skip
        assert trade["side"] == "long"
        fees = 0.001 * trade["size"] * (trade["entry_price"] + trade["exit_price"])
        gross = trade["size"] * (trade["exit_price"] - trade["entry_price"])
        assert trade["pnl"] == pytest.approx(gross - fees, abs=1e-9)
        assert trade["return"] == pytest.approx(
            trade["pnl"] / (trade["size"] * trade["entry_price"]), abs=1e-12
        )


def test_a_case_computed_by_hand(tmp_path):
    """Long at 102 on the third bar, all of 10,000 less 0.1 %; out at 110 on the fifth."""
    formula = tmp_path / "hand.formula"
    formula.write_text("long when close == 101\nexit long when close == 108\n")
    rows = ["100,100,100,100", "100,101,100,101", "102,105,102,104", "104,109,104,108", "110,111,109,109"]
    lines = [f"{1_700_000_000 + 60 * i},{row},1" for i, row in enumerate(rows)]
    csv = "Time,Open,High,Low,Close,Volume\n" + "\n".join(lines)
    done = backtest(str(formula), "--bars", "-", "--json", "-", stdin=csv.encode())
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    size = 10_000 / (102 * 1.001)
    (trade,) = result["trades"]
    assert trade == {
        "side": "long",
        "entry_time": "2023-11-14T22:15:20Z",
        "entry_price": 102.0,
        "exit_time": "2023-11-14T22:17:20Z",
        "exit_price": 110.0,
        "size": pytest.approx(size),
        "pnl": pytest.approx(size * 110 * 0.999 - 10_000),
        "return": pytest.approx((size * 110 * 0.999 - 10_000) / (size * 102)),
        "reason": "exit",
    }
    assert result["open_trade"] is None
    assert result["equity"]["value"] == pytest.approx(
        [10_000, 10_000, size * 104, size * 108, size * 110 * 0.999]
    )
    assert result["metrics"]["sharpe"] is None  # all within one day


def test_flags_change_the_run_and_its_identity(formula, bars):
    def result(*flags):
        done = backtest(formula, "--bars", bars, "--json", "-", *flags)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    plain = result()
    slower = result("--set", "fast=5", "--set", "slow=20", "--cash", "5000", "--fee", "0", "--slippage-bps", "5",
                    "--fill", "close")  # fmt: skip
    assert slower["parameters"]["inputs"] == {"fast": 5, "slow": 20}
    assert slower["metrics"]["fees"] == 0
    assert slower["equity"]["value"][0] == 5000
    for name in ("formula", "data", "engine"):
        assert slower["hashes"][name] == plain["hashes"][name]
    for name in ("parameters", "result"):
        assert slower["hashes"][name] != plain["hashes"][name]


def test_the_instrument_s_steps_are_kept_to(formula, bars):
    done = backtest(formula, "--bars", bars, "--json", "-", "--tick", "0.5", "--lot", "2", "--min-size", "4",
                    "--min-notional", "100", "--borrow-per-day", "0.001", "--funding-per-day", "-0.002")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    given = {name: result["parameters"][name] for name in ("tick", "lot", "min_size", "min_notional")}
    assert given == {"tick": 0.5, "lot": 2.0, "min_size": 4.0, "min_notional": 100.0}
    assert result["parameters"]["borrow_per_day"] == 0.001
    assert result["parameters"]["funding_per_day"] == -0.002
    for trade in result["trades"]:
        assert trade["size"] % 2 == 0
        assert trade["entry_price"] % 0.5 == 0


def test_finer_bars_decide_between_stop_and_target(tmp_path, capsysbinary):
    """Long at 100 on the second day, which touches both 97 and 106; its second hour touches 106 first."""
    formula, bars, finer = tmp_path / "hand.formula", tmp_path / "days.csv", tmp_path / "hours.csv"
    formula.write_text("long when close == 100\nstop_loss 3%\ntake_profit 6%\n")
    bars.write_text("date,open,high,low,close\n2024-01-01,99,101,98,100\n2024-01-02,100,107,96,99\n"
                    "2024-01-03,99,99,99,99\n")  # fmt: skip
    hours = ["100,101,99,100", "100,107,100,105", "105,105,96,99"]
    lines = [f"2024-01-02T{i:02}:00:00Z,{row}" for i, row in enumerate(hours)]
    finer.write_text("time,open,high,low,close\n" + "\n".join(lines) + "\n")

    def reason(*flags):
        call_command("backtest", str(formula), "--bars", str(bars), "--json", "-", *flags)
        (trade,) = json.loads(capsysbinary.readouterr().out)["trades"]
        return trade["reason"], trade["exit_price"]

    assert reason() == ("stop_loss", 97.0)
    assert reason("--finer", str(finer)) == ("take_profit", 106.0)
    with pytest.raises(CommandError, match=r"1d are not finer than those of 1d"):
        reason("--finer", str(bars))


def test_the_same_run_gives_the_same_bytes(formula, bars, tmp_path):
    out = tmp_path / "out.json"
    apart = called_apart("backtest", formula, "--bars", bars, "--json", str(out))
    assert (apart.returncode, apart.stderr) == (0, b"")
    assert backtest(formula, "--bars", bars, "--json", "-").stdout == out.read_bytes()


def test_without_json_a_summary_is_printed(formula, bars):
    done = backtest(formula, "--bars", bars)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    for word in ("final equity", "max drawdown", "sharpe", "win rate", "result"):
        assert word in text


WRONG = [
    # name, formula text, CSV text, flags, words on standard error
    ("cash", CROSS, None, ["--cash", "0"], ["cash", "positive"]),
    ("not a number", CROSS, None, ["--cash", "much"], ["--cash", "much"]),
    ("nan", CROSS, None, ["--cash", "nan"], ["cash"]),
    ("fee", CROSS, None, ["--fee", "1.5"], ["fee", "0.001"]),
    ("slippage", CROSS, None, ["--slippage-bps", "-1"], ["slippage_bps"]),
    ("fill", CROSS, None, ["--fill", "open"], ["--fill", "next_open"]),
    ("tick", CROSS, None, ["--tick", "-1"], ["tick", "positive"]),
    ("borrow", CROSS, None, ["--borrow-per-day", "1"], ["borrow_per_day"]),
    ("both from stdin", CROSS, None, ["--finer", "-", "--bars", "-"], ["bars", "finer", "standard input"]),
    ("no finer bars", CROSS, None, ["--finer", "nowhere.csv"], ["nowhere.csv"]),
    ("unknown input", CROSS, None, ["--set", "fats=3"], ["fats", "fast"]),
    ("input out of range", CROSS, None, ["--set", "fast=1"], ["fast", "2"]),
    ("malformed set", CROSS, None, ["--set", "fast"], ["NAME=VALUE"]),
    ("set twice", CROSS, None, ["--set", "fast=3", "--set", "fast=4"], ["fast", "twice"]),
    ("alerts alone", 'alert "hi" when close > 1\n', None, [], ["alert", "long when"]),
    ("unknown name", "long when clos > 1\n", None, [], [":1:11:", "clos", "close"]),
    ("bad row", CROSS, wave(20).replace("2020-01-03,", "2020-01-03,x"), [], ["line 4", "open"]),
    ("no bars", CROSS, "date,open,high,low,close,volume\n", [], []),
    ("no such column", CROSS, "date,open,high,low\n2020-01-01,1,1,1\n", [], ["close"]),
    ("timeframe", CROSS, None, ["--timeframe", "7x"], ["7x"]),
    ("timezone", CROSS, None, ["--timezone", "Mars/Base"], ["Mars/Base"]),
]


@pytest.mark.parametrize(
    ("text", "csv", "flags", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_wrong_input_is_one_clear_message_and_writes_nothing(text, csv, flags, words, tmp_path, capsysbinary):
    formula, bars, out = tmp_path / "f.formula", tmp_path / "bars.csv", tmp_path / "out.json"
    formula.write_text(text)
    bars.write_text(csv or wave(40))
    out.write_text("as before")
    # Inside this process, for speed; `manage.py` turns the error into one message and its exit status.
    with pytest.raises(CommandError) as raised:
        call_command("backtest", str(formula), "--bars", str(bars), "--json", str(out), *flags)
    message = str(raised.value)
    assert raised.value.returncode in (1, 2)
    assert [word for word in words if word.lower() not in message.lower()] == [], message
    assert (out.read_text(), capsysbinary.readouterr().out) == ("as before", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv", "f.formula", "out.json"]


@pytest.mark.parametrize(
    ("flags", "status"), [(["--fee", "1.5"], 2), (["--fee", "x"], 2), (["--set", "fats=3"], 1)]
)
def test_exit_status_and_standard_error(formula, bars, flags, status):
    command = called_apart if status == 1 else called
    done = command("backtest", formula, "--bars", bars, "--json", "-", *flags)
    assert (done.returncode, done.stdout) == (status, b"")
    assert len(done.stderr.strip().splitlines()) == 1
    assert b"Traceback" not in done.stderr


def test_all_errors_of_a_formula_are_shown(bars, tmp_path):
    formula = tmp_path / "three.formula"
    formula.write_text("a = emma(close, 9)\nlong when crossver(a, close)\nexit when b > 1\n")
    done = backtest(str(formula), "--bars", bars, "--json", "-")
    assert done.returncode == 1
    for place in ("three.formula:1:", "three.formula:2:", "three.formula:3:"):
        assert place in done.stderr.decode()


@pytest.mark.parametrize("missing", ["formula", "bars", "folder"])
def test_missing_files_are_named(missing, formula, bars, tmp_path):
    out = str(tmp_path / "none" / "out.json") if missing == "folder" else "-"
    args = {"formula": ["nowhere.formula", "--bars", bars], "bars": [formula, "--bars", "nowhere.csv"]}
    done = backtest(*args.get(missing, [formula, "--bars", bars]), "--json", out)
    assert done.returncode in (1, 2)
    assert ("none" if missing == "folder" else "nowhere") in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
