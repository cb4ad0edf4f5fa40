"""`manage.py sweep`: as a person would call it, with no database to reach."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.commands.test_backtest_command import CROSS, wave


@pytest.fixture
def files(tmp_path):
    formula, bars = tmp_path / "cross.formula", tmp_path / "wave.csv"
    formula.write_text(CROSS)
    bars.write_text(wave())
    return [str(formula), "--bars", str(bars)]


def run(capsysbinary, name, *args):
    call_command(name, *args)
    return capsysbinary.readouterr().out


def test_json_holds_each_cell_as_the_single_backtest(files, capsysbinary):
    flags = ["--fee", "0.002", "--json", "-"]
    out = json.loads(run(capsysbinary, "sweep", *files, *flags, "--set", "fast=2..5", "--set", "slow=8,12"))
    assert list(out)[:2] == ["cells", "elapsed_s"]
    assert [tuple(cell["inputs"].values()) for cell in out["cells"]] == [
        (2, 8), (2, 12), (3, 8), (3, 12), (4, 8), (4, 12), (5, 8), (5, 12),
    ]  # fmt: skip
    assert 0 < out["elapsed_s"] < 60
    for cell in out["cells"]:
        pairs = [f"--set={name}={value}" for name, value in cell["inputs"].items()]
        single = json.loads(run(capsysbinary, "backtest", *files, *flags, *pairs))
        assert cell["metrics"] == single["metrics"]
        assert cell["result"] == single["hashes"]["result"]
    assert out["tried"] == len(out["plateau"]["scores"]) == 8


def test_a_draw_is_of_its_seed(files, capsysbinary):
    flags = [*files, "--set", "fast=2..50", "--set", "slow=5..200", "--random", "6", "--json", "-"]
    first, again, other = (
        [cell["inputs"] for cell in json.loads(run(capsysbinary, "sweep", *flags, "--seed", seed))["cells"]]
        for seed in ("3", "3", "4")
    )
    assert len(first) == 6
    assert first == again != other


def test_without_json_the_best_are_listed_and_luck_is_named(files, capsysbinary):
    text = run(capsysbinary, "sweep", *files, "--set", "fast=2..6", "--metric", "total_return",
               "--limit", "3").decode()  # fmt: skip
    rows = text.splitlines()
    assert rows[0].split()[:3] == ["fast", "total", "return"]
    returns = [float(row.split()[1].replace(",", "")) for row in rows[1:4]]
    assert returns == sorted(returns, reverse=True)
    assert "5 cells tried" in text
    assert "Luck" in text


@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [
        ([], 2, ["--set", "fast=5..24"]),
        (["--set", "fast=1..5"], 1, ["fast", "2..50"]),
        (["--set", "fats=3..5"], 1, ["fats", "fast"]),
        (["--set", "fast"], 2, ["NAME=VALUE"]),
        (["--set", "fast=2..5", "--metric", "shrape"], 2, ["shrape", "sharpe"]),
        (["--set", "fast=2..5", "--random", "0"], 2, ["--random", "20,000"]),
        (["--set", "fast=2..5", "--limit", "0"], 2, ["--limit"]),
        (["--set", "fast=2..5", "--fee", "2"], 2, ["fee"]),
        (["--set", "fast=2..5", "--json", "/nowhere/out.json"], 2, ["nowhere"]),
    ],
)
def test_wrong_input_is_one_clear_message(files, flags, status, words):
    with pytest.raises(CommandError) as raised:
        call_command("sweep", *files, *flags)
    assert raised.value.returncode == status
    assert [word for word in words if word not in str(raised.value)] == []


def test_the_verdict_counts_every_cell(files, capsysbinary):
    """The luck of the best counts all of them; how often choosing by the past overfits is said beside it."""
    flags = [*files, "--set", "fast=2..5", "--set", "slow=8,12"]
    found = json.loads(run(capsysbinary, "sweep", *flags, "--json", "-"))
    assert found["luck"]["trials"] == 8
    best = max(cell["metrics"]["sharpe"] for cell in found["cells"])
    assert found["luck"]["sharpe"] == pytest.approx(best, rel=1e-6)
    assert found["pbo"]["variants"] == 8
    text = run(capsysbinary, "sweep", *flags).decode()
    assert found["luck"]["words"] in text
    assert f"overfits (PBO): {100 * found['pbo']['probability']:.0f} %" in text
