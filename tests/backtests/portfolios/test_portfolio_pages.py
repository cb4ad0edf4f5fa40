"""The pages of a portfolio, as a browser without scripts sees them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.backtests.models import PortfolioRun
from apps.backtests.services import LegRequest, submit_portfolio
from tests.backtests.portfolios.conftest import ran


@pytest.fixture
def values(bar_set, second_market, formula):
    return {
        "name": "Wave and lake",
        "cash": "5000",
        "fee": "0.05",
        "slippage_bps": "0",
        "fill": "next_open",
        "borrow": "0",
        "rebalance": "monthly",
        "threshold": "5",
        "timezone": "",
        "use_finer": "on",
        "legs": "2",
        "leg-0-formula": formula.uuid,
        "leg-0-bar_set": bar_set.uuid,
        "leg-0-weight": "60",
        "leg-0-inputs": "fast=5",
        "leg-1-formula": "",
        "leg-1-bar_set": second_market.uuid,
        "leg-1-weight": "40",
        "leg-1-inputs": "",
    }


@pytest.fixture
def done(workspace, asked, user):
    return ran(workspace, asked, user)


def _url(name, *args):
    return reverse(f"backtests:portfolio-{name}", args=args)


def _rows(answer):
    names = ("formula", "bar_set", "weight", "inputs")
    return [{name: str(leg[name].value() or "") for name in names} for leg in answer.context["legs"]]


def test_form_asks_what_the_program_asks(web, workspace, user, values, asked):
    answer = web.post(_url("new"), values)
    run = PortfolioRun.objects.get()
    assert answer["Location"] == _url("detail", run.uuid)
    assert submit_portfolio(workspace, asked, actor=user) == (run, False)


@pytest.mark.parametrize(
    ("change", "place", "field", "words"),
    [
        ({"leg-0-inputs": "fast=99"}, 0, "inputs", "2..20"),
        ({"leg-0-inputs": "fast 5"}, 0, "inputs", "fast=9, slow=21"),
        ({"leg-0-inputs": "slow=5"}, 0, "inputs", "slow"),
        ({"leg-1-inputs": "fast=5", "leg-1-bar_set": "nonsense"}, 1, "bar_set", ""),
        ({"leg-1-weight": "0"}, 1, "weight", ""),
        ({"leg-1-weight": "101"}, 1, "weight", ""),
        ({"start": "2020-12-01"}, 1, "bar_set", "LAKE"),
    ],
)
def test_a_wrong_leg_is_told_in_its_row(web, values, change, place, field, words):
    answer = web.post(_url("new"), values | change)
    assert answer.status_code == 422
    errors = [leg.errors for leg in answer.context["legs"]]
    assert [set(each) for each in errors] == [{field} if at == place else set() for at in range(2)]
    assert words in errors[place][field][0]
    assert not PortfolioRun.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"leg-1-weight": "50"}, "__all__", "add up to 110 %"),
        ({"legs": "0"}, "__all__", "at least one leg"),
        ({"timezone": "Mars"}, "timezone", "no time zone"),
        ({"cash": "-1"}, "cash", ""),
    ],
)
def test_wrong_conditions_are_told_at_their_fields(web, values, change, field, words):
    answer = web.post(_url("new"), values | change)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert words in errors[field][0]
    assert not PortfolioRun.objects.exists()


@pytest.mark.parametrize("where", ["new", "legs"])
def test_rows_are_added_removed_and_weighted(web, values, where, second_market):
    added = _rows(web.post(_url(where), values | {"do": "add"}))
    assert len(added) == 3
    assert added[2]["weight"] == ""
    removed = _rows(web.post(_url(where), values | {"do": "remove-0"}))
    assert [row["bar_set"] for row in removed] == [str(second_market.uuid)]
    equal = web.post(_url(where), values | {"do": "equal"})
    assert [row["weight"] for row in _rows(equal)] == ["50", "50"]
    assert "<strong>100.00 %</strong>" in equal.content.decode()
    assert not PortfolioRun.objects.exists()


def test_what_was_typed_stays_when_a_row_is_added(web, values):
    answer = web.post(
        _url("new"), values | {"do": "add", "cash": "7777", "rebalance": "weekly", "leg-0-weight": "x"}
    )
    assert answer.context["form"]["cash"].value() == "7777"
    assert answer.context["form"]["rebalance"].value() == "weekly"
    assert _rows(answer)[0]["weight"] == "x"


def test_one_formula_is_spread_over_many_markets(web, values, formula, bar_set, second_market):
    asked = values | {
        "legs": "0", "do": "spread", "spread_formula": formula.uuid,
        "spread_bar_sets": [bar_set.uuid, second_market.uuid],
    }  # fmt: skip
    rows = _rows(web.post(_url("legs"), asked))
    assert [(row["formula"], row["bar_set"], row["weight"]) for row in rows] == [
        (str(formula.uuid), str(bar_set.uuid), "50"),
        (str(formula.uuid), str(second_market.uuid), "50"),
    ]


def test_new_form_begins_with_a_formula_or_an_earlier_run(web, formula, done, bar_set, second_market):
    rows = _rows(web.get(_url("new"), {"formula": formula.uuid}))
    assert {row["formula"] for row in rows} == {str(formula.uuid)}
    answer = web.get(_url("new"), {"portfolio": done.uuid})
    assert _rows(answer) == [
        {"formula": str(formula.uuid), "bar_set": str(bar_set.uuid), "weight": "60", "inputs": "fast=5"},
        {"formula": "", "bar_set": str(second_market.uuid), "weight": "40", "inputs": ""},
    ]
    assert answer.context["form"]["rebalance"].value() == "monthly"
    assert web.get(_url("new"), {"portfolio": "nonsense"}).status_code == 200


def test_report_shows_every_leg(web, done):
    answer = web.get(_url("detail", done.uuid))
    page = answer.content.decode()
    assert [row["figures"]["profit"] for row in answer.context["rows"]] == [
        leg["profit"] for leg in done.summary["legs"]
    ]
    assert page.count('<th scope="row">') == 2
    assert "Simulated result" in page
    only = web.get(_url("trades", done.uuid), {"only": "0", "sort": "pnl"})
    assert {trade["leg"] for trade in only.context["trades"]} == {0}
    assert {trade["part"] for trade in only.context["trades"]} == {"WAVE"}


def test_charts_and_exports(web, done, workspace, asked, user):
    equity = web.get(_url("chart", done.uuid, "equity")).json()
    assert equity["series"]["Portfolio"][-1] == done.metrics["final_equity"]
    brought = web.get(_url("chart", done.uuid, "contribution")).json()["series"]
    for name, leg in zip(("WAVE", "LAKE"), done.summary["legs"], strict=True):
        assert brought[name][-1] == pytest.approx(100 * leg["contribution"])
    shares = web.get(_url("chart", done.uuid, "shares")).json()["series"]
    assert max(shares["LAKE"]) == pytest.approx(0.4, abs=0.1)
    assert web.get(_url("chart", done.uuid, "drawdown")).json()["value"]
    for what in ("trades", "equity", "daily"):
        rows = list(
            csv.DictReader(io.StringIO(web.get(_url("export", done.uuid, f"{what}.csv")).content.decode()))
        )
        content = b"".join(web.get(_url("export", done.uuid, f"{what}.parquet")).streaming_content)
        assert pl.read_parquet(content).height == len(rows) > 0
    assert web.get(_url("export", done.uuid, "result.json")).status_code == 200
    waiting, _ = submit_portfolio(workspace, replace(asked, cash=1.0), actor=user)
    assert web.get(_url("chart", waiting.uuid, "shares")).status_code == 409
    assert web.get(_url("export", waiting.uuid, "daily.csv")).status_code == 409


def test_number_of_legs_and_runs_does_not_change_the_queries(
    web, workspace, user, asked, done, second_market
):
    def queries(url):
        with CaptureQueriesContext(connection) as found:
            web.get(url)
        return len(found)

    queries(_url("new"))  # what the plan gives is remembered from then on
    before = queries(_url("list")), queries(_url("detail", done.uuid))
    legs = [replace(asked.legs[0], weight=0.1) for _ in range(3)]
    legs += [LegRequest(second_market, 0.1) for _ in range(4)]
    larger = ran(workspace, replace(asked, legs=tuple(legs)), user)
    assert (queries(_url("list")), queries(_url("detail", larger.uuid))) == before
    two, seven = (queries(f"{_url('new')}?portfolio={run.uuid}") for run in (done, larger))
    assert two == seven


def test_list_finds_by_name_formula_and_symbol(web, done):
    for word, count in (("wave and", 1), ("two aver", 1), ("lake", 1), ("gold", 0)):
        assert web.get(_url("list"), {"q": word}).context["list"].total == str(count)
    assert web.get(_url("list"), {"status": "queued"}).context["list"].total == str(0)


def test_empty_list_teaches(web):
    assert "from one cash account" in web.get(_url("list")).content.decode()


def test_waiting_cancelled_and_deleted(web, workspace, user, asked, done):
    waiting, _ = submit_portfolio(workspace, replace(asked, cash=1.0), actor=user)
    assert "Waiting for a worker" in web.get(_url("detail", waiting.uuid)).content.decode()
    web.post(_url("cancel", waiting.uuid))
    assert web.get(_url("status", waiting.uuid))["HX-Refresh"] == "true"
    web.post(_url("delete", done.uuid))
    assert not PortfolioRun.objects.filter(pk=done.pk).exists()
