"""`manage.py walk_forward`: as a person would call it, with no database to reach."""

import json
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.commands.calling import called
from tests.commands.test_backtest_command import wave

CROSS = """
input fast = 3 in 2..50
input slow = 8 in 5..200
input width = 3% in 1%..10%
long when crossover(sma(close, fast), sma(close, slow))
exit long when crossunder(sma(close, fast), sma(close, slow))
stop_loss width
"""


def call(*args: str) -> subprocess.CompletedProcess[bytes]:
    return called("walk_forward", *args)


@pytest.fixture
def formula(tmp_path: Path) -> str:
    path = tmp_path / "cross.formula"
    path.write_text(CROSS)
    return str(path)


@pytest.fixture
def bars(tmp_path: Path) -> str:
    path = tmp_path / "wave.csv"
    path.write_text(wave(800))
    return str(path)


def test_json_holds_the_folds_and_the_tests_joined(formula, bars, tmp_path):
    out = tmp_path / "out.json"
    done = call(
        formula, "--bars", bars, "--set", "fast=3..5", "--set", "slow=10..20 step 5", "--set", "width=2%,3%",
        "--folds", "4", "--mode", "anchored", "--purge", "6", "--embargo", "2", "--metric", "cagr", "--json", str(out),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    result = json.loads(out.read_bytes())
    assert len(result["cells"]) == 18
    assert result["cells"][:3] == [
        {"fast": 3, "slow": 10, "width": 0.02},
        {"fast": 3, "slow": 10, "width": 0.03},
        {"fast": 3, "slow": 15, "width": 0.02},
    ]
    # 800 bars in 3 + 4 parts: 114 bars to test on, and 800 - 456 = 344 before
    spans = [
        (fold["train"]["start"], fold["test"]["start"], fold["test"]["stop"]) for fold in result["folds"]
    ]
    assert spans == [(0, 344, 458), (0, 458, 572), (0, 572, 686), (0, 686, 800)]
    assert [fold["train"]["used"] for fold in result["folds"]] == [338, 452, 564, 676]
    assert result["spec"]["metric"] == "cagr"
    for fold in result["folds"]:
        scores = [score for score in fold["scores"] if score is not None]
        assert fold["in_sample"]["cagr"] == max(scores) == fold["scores"][fold["chosen"]]
        assert fold["inputs"] == result["cells"][fold["chosen"]]
    assert result["equity"]["value"][-1] == result["metrics"]["final_equity"]
    assert len(result["equity"]["time"]) == 456


def test_the_summary_is_for_people(formula, bars):
    done = call(formula, "--bars", bars, "--set", "fast=3..5", "--set", "slow=10,20")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0].split()[:5] == ["fold", "trained", "(bars)", "tested", "(bars)"]
    # five folds, three quarters: 100 bars to test on, 300 to train on less a look-back of 20 and one to see a cross
    assert lines[1].split()[:5] == ["1", "2020-01-01..2020-10-26", "(280)", "2020-10-27..2021-02-03", "(100)"]
    text = "\n".join(lines)
    for word in ("efficiency", "profitable folds", "rank correlation", "in hindsight", "unchanged"):
        assert word in text
    assert lines[-1].startswith("Fewer than 30 trades") or "Out of sample the account" in lines[-1]


def test_a_fold_that_is_too_short_is_refused(formula, bars, tmp_path):
    out = tmp_path / "out.json"
    done = call(formula, "--bars", bars, "--set", "slow=20", "--folds", "20", "--json", str(out))
    # 23 parts of 34 bars: 800 - 680 = 120 before the first test, less the look-back of 20
    assert done.returncode == 1
    assert b"fold 1 has 100 bars to train on (120 bars less 20 purged), and needs 120" in done.stderr
    assert b"of warm-up and at least 100 more. At most " in done.stderr
    assert done.stdout == b""
    assert not out.exists()


@pytest.mark.parametrize(
    ("args", "told", "code"),
    [
        (("--set", "fast=3..x"), "setting `fast`: expected a number in its range, found 'x'", 1),
        (("--set", "fast=9..3"), "the range 9..3 is empty", 1),
        (("--set", "fast=2..50", "--set", "slow=5..200", "--set", "width=1%..9% step 1%"), "at most", 1),
        (("--set", "fast=3..90"), "51 lies outside 2..50", 1),
        (("--set", "other=3"), "no input `other`", 1),
        (("--set", "fast"), "--set needs NAME=VALUE, such as fast=5..24", 2),
        (("--folds", "0"), "folds must be a whole number from 1", 2),
        (("--purge", "-1"), "purge_bars must be", 2),
        (("--metric", "luck"), "--metric", 2),
        (("--mode", "sideways"), "--mode", 2),
        (("--train-share", "0.5", "--test-bars", "50"), "not both", 2),
        (("--cash", "-5"), "cash must be", 2),
    ],
)
def test_what_is_wrong_is_named(formula, bars, args, told, code):
    with pytest.raises(CommandError) as caught:
        call_command("walk_forward", formula, "--bars", bars, *args)
    assert told in str(caught.value)
    assert caught.value.returncode == code


def test_a_wrong_formula_is_told_with_its_place(bars, tmp_path):
    path = tmp_path / "wrong.formula"
    path.write_text("long when nothing\n")
    with pytest.raises(CommandError, match=r"wrong\.formula:1:11: ") as caught:
        call_command("walk_forward", str(path), "--bars", bars)
    assert caught.value.returncode == 1
