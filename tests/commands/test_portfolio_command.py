"""`manage.py portfolio`: its two forms, and what it refuses."""

import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.commands.test_backtest_command import CROSS


def write_bars(path, seed):
    close = 100 + np.cumsum(np.random.default_rng(seed).normal(0, 1, 200))
    days = np.datetime64("2020-01-01") + np.arange(200)
    rows = [f"{day},{c:.3f},{c + 1:.3f},{c - 1:.3f},{c:.3f},1" for day, c in zip(days, close, strict=True)]
    path.write_text("\n".join(["date,open,high,low,close,volume", *rows]) + "\n")
    return str(path)


@pytest.fixture
def files(tmp_path):
    formula = tmp_path / "cross.formula"
    formula.write_text(CROSS)
    return str(formula), write_bars(tmp_path / "BTC.csv", 1), write_bars(tmp_path / "ETH.csv", 2)


def as_json(tmp_path, *args, **options):
    out = tmp_path / "out.json"
    call_command("portfolio", *args, json=str(out), **options)
    return json.loads(out.read_bytes())


def test_one_formula_over_several_symbols(files, tmp_path):
    formula, first, second = files
    result = as_json(
        tmp_path, formula, "--bars", first, "--bars", second, "--weight", "ETH=25", "--weight", "BTC=75", "--set",
        "fast=4",
    )  # fmt: skip
    assert [(leg["symbol"], leg["weight"]) for leg in result["legs"]] == [("BTC", 0.75), ("ETH", 0.25)]
    assert {each["inputs"]["fast"] for each in result["parameters"]["legs"]} == {4}
    assert {each["symbol"] for each in result["trades"]} == {"BTC", "ETH"}
    assert len(result["equity"]["value"]) == 200


def test_several_formulas_are_the_same_as_one_where_they_are_one(files, tmp_path):
    formula, first, second = files
    one = as_json(tmp_path, formula, "--bars", first, "--bars", second, rebalance="monthly")
    legs = ("--leg", f"{formula}:{first}:50", "--leg", f"{formula}:{second}:50%")
    assert as_json(tmp_path, *legs, rebalance="monthly") == one


def test_a_leg_may_be_held_and_the_summary_names_it(files):
    formula, first, second = files
    out = io.StringIO()
    call_command("portfolio", "--leg", f"{formula}:{first}:50", "--leg", f"hold:{second}:40", stdout=out)
    assert "ETH 40 %" in out.getvalue()
    assert "in the market 99.5 %" in out.getvalue()  # from the second bar of 200 on


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ([], 2, "give a formula FILE and --bars"),
        (["FORMULA", "--leg", "hold:BTC:50"], 2, "not both"),
        (["--leg", "hold:BTC"], 2, "FILE:CSV:PERCENT"),
        (["--leg", "hold:BTC:much"], 2, "not a number of percent"),
        (["--leg", "hold:BTC:120"], 2, "at most 100 %"),
        (["FORMULA", "--bars", "BTC", "--weight", "ETH=50"], 2, "name each of BTC"),
        (["FORMULA", "--bars", "BTC", "--bars", "BTC"], 2, "two files of one symbol"),
        (["hold", "--bars", "BTC", "--threshold", "0"], 2, "threshold"),
        (["hold", "--bars", "BTC", "--cash", "0"], 2, "cash must be"),
        (["hold", "--bars", "missing.csv"], 1, "cannot read the bars missing.csv"),
        (["FORMULA", "--bars", "BTC", "--set", "nothing=4"], 1, "nothing"),
    ],
)
def test_what_is_refused(files, args, code, message):
    names = dict(zip(("FORMULA", "BTC", "ETH"), files, strict=True))
    given = [names.get(each, each.replace(":BTC", f":{names['BTC']}")) for each in args]
    with pytest.raises(CommandError, match=message) as refused:
        call_command("portfolio", *given)
    assert refused.value.returncode == code
