"""A finished run by program: report, equity, trades, files, and the trials behind its luck check."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.backtests.models import Backtest
from apps.backtests.services import BacktestRequest, run_backtest, submit_backtest
from apps.formulas.services import create_formula
from tests.factories import CROSS

URL = "/api/v1/backtests/"


@pytest.fixture
def formula(workspace, user):
    return create_formula(workspace, name="Mine", text=CROSS, actor=user)


@pytest.fixture
def run(workspace, user, bar_set, formula):
    def _run(fee: float = 0.001) -> Backtest:
        asked = BacktestRequest(text=CROSS, name="Mine", bar_set=bar_set, formula=formula, fee=fee)
        backtest, _ = submit_backtest(workspace, asked, actor=user)
        run_backtest(backtest.pk)
        backtest.refresh_from_db()
        return backtest

    return _run


def test_report_holds_the_luck_of_today(api, run):
    backtest = run()
    address = f"{URL}{backtest.uuid}/report/"
    first = api.get(address).json()
    assert first["metrics"] == backtest.metrics
    assert first["report"] == backtest.report
    assert first["honesty"] == backtest.honesty
    assert first["simulated"] is True
    run(fee=0.002)
    second = api.get(address).json()
    assert (first["luck"]["trials"], second["luck"]["trials"]) == (1, 2)
    assert second["luck"]["counted_at"] > first["luck"]["counted_at"]


def test_equity_is_thinned_without_losing_its_peak(api, run):
    backtest = run()
    whole = api.get(f"{URL}{backtest.uuid}/equity/").json()
    thin = api.get(f"{URL}{backtest.uuid}/equity/?points=40").json()
    assert whole["bars"] == thin["bars"] == len(whole["time"]) == 400
    assert len(thin["time"]) <= 40
    assert max(thin["equity"]) == max(whole["equity"])
    assert min(thin["equity"]) == min(whole["equity"])
    assert max(whole["drawdown"]) == pytest.approx(backtest.metrics["max_drawdown"], rel=1e-12)
    assert api.get(f"{URL}{backtest.uuid}/equity/?points=1").status_code == 400


def test_trades_come_by_pages(api, run):
    backtest = run()
    address = f"{URL}{backtest.uuid}/trades/"
    found, page = [], f"{address}?page_size=3&sort=pnl&dir=desc"
    while page:
        answer = api.get(page).json()
        assert answer["count"] == backtest.metrics["trades"]
        found += answer["results"]
        page = answer["next"]
    pnl = [trade["pnl"] for trade in found]
    assert len(pnl) == backtest.metrics["trades"]
    assert pnl == sorted(pnl, reverse=True)
    assert api.get(f"{address}?outcome=won").json()["count"] == backtest.metrics["winning_trades"]
    assert api.get(f"{address}?side=sideways").status_code == 400


def test_files_are_those_of_the_page(api, web, run):
    backtest = run()
    answer = api.get(f"{URL}{backtest.uuid}/files/trades.csv/")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == backtest.metrics["trades"]
    for name in ("trades.csv", "equity.parquet", "result.json"):
        answers = (
            api.get(f"{URL}{backtest.uuid}/files/{name}/"),
            web.get(f"/backtests/{backtest.uuid}/{name}"),
        )
        one, other = (
            b"".join(each.streaming_content) if each.streaming else each.content for each in answers
        )
        assert one == other


def test_trials_of_a_formula(api, run, formula, stranger):
    backtest = run()
    run(fee=0.002)
    for query in (f"formula={formula.uuid}", f"lineage={backtest.lineage}"):
        answer = api.get(f"/api/v1/trials/?{query}").json()
        assert answer["summary"]["count"] == len(answer["results"]) == 2
        assert answer["summary"]["sharpe_variance"] > 0
    assert {trial["formula_hash"] for trial in answer["results"]} == {backtest.hashes["formula"]}
    assert api.get("/api/v1/trials/").status_code == 400
    assert api.get(f"/api/v1/trials/?formula={uuid4()}").status_code == 404
    other = APIClient()
    other.force_login(stranger)
    assert other.get(f"/api/v1/trials/?formula={formula.uuid}").status_code == 404


def test_nothing_before_the_end(api, workspace, user, question):
    waiting, _ = submit_backtest(workspace, question, actor=user)
    for path in ("report/", "equity/", "trades/", "files/result.json/"):
        assert api.get(f"{URL}{waiting.uuid}/{path}").status_code == 409
