"""The report page, as a browser without scripts sees it."""

from __future__ import annotations

import csv
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.backtests.models import Backtest, Trial
from apps.backtests.services import BacktestRequest, run_backtest, submit_backtest
from apps.formulas.services import create_formula, fork_formula
from tests.factories import CROSS

RSI = (
    "a = ema(close, 9)\nlong when crossover(close, a)\nexit long when crossunder(close, a)\n"
    'plot a as "near"\nplot rsi(close, 14) as "RSI"\n'
)


@pytest.fixture
def run(workspace, user, bar_set):
    """Runs a question to its end."""

    def _run(**question) -> Backtest:
        asked = BacktestRequest(**({"text": CROSS, "name": "Cross", "bar_set": bar_set} | question))
        backtest, _ = submit_backtest(workspace, asked, actor=user)
        run_backtest(backtest.pk)
        backtest.refresh_from_db()
        assert backtest.status == "done", backtest.error
        return backtest

    return _run


def _page(web, backtest: Backtest) -> str:
    answer = web.get(reverse("backtests:backtest-detail", args=[backtest.uuid]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_matters_comes_first(web, run):
    """Headline, luck check and data quality stand above the curves, and those above the tabs."""
    page = _page(web, run())
    marks = [
        "Total return",
        "Simulated result",
        "Luck check",
        "Data quality",
        'data-chart="equity"',
        'id="trades"',
    ]
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)
    tabs = re.search(r"<nav[^>]*data-tabs.*?</nav>", page, re.DOTALL)
    assert tabs
    for part in re.findall(r'href="#(\w+)"', tabs.group()):
        assert f'<section id="{part}"' in page, part


def test_luck_check_counts_what_is_tried_later(web, workspace, user, run):
    """The page of the first run says three variants once two more were run; its result stays as it was."""
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    first = run(formula=formula)
    before = web.get(reverse("backtests:backtest-detail", args=[first.uuid])).context["check"]
    assert before.luck.trials == 1
    run(formula=formula, fee=0.002)
    run(formula=formula, fee=0.003)
    run(formula=formula, fee=0.003)  # the same again is no trial
    after = web.get(reverse("backtests:backtest-detail", args=[first.uuid])).context["check"]
    assert after.luck.trials == 3
    assert before.sharpe_variance is None
    assert after.sharpe_variance > 0
    assert after.luck.deflated_sharpe < before.luck.deflated_sharpe
    again = Backtest.objects.get(pk=first.pk)
    assert again.result_sha256 == first.result_sha256


def test_list_of_trials(web, workspace, user, run):
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    first = run(formula=formula)
    run(formula=formula, fee=0.002)
    answer = web.get(reverse("backtests:backtest-trials", args=[first.uuid]))
    page = answer.content.decode()
    assert len(answer.context["list"].rows) == 2
    assert page.count("this run") == 1
    fork = fork_formula(formula, workspace=workspace, actor=user)
    forked = run(formula=fork, fee=0.004)
    assert len(web.get(reverse("backtests:backtest-trials", args=[forked.uuid])).context["list"].rows) == 3


def test_trials_are_sorted_filtered_and_taken_home(web, workspace, user, run):
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    backtest = run(formula=formula)
    known = {"lineage": formula.uuid, "formula_hash": "f", "data_hash": "d", "engine_version": "1"}
    for letter, sharpe in (("a", 9.0), ("b", None), ("c", -9.0)):
        Trial.objects.create(
            workspace=workspace.uuid, source="sweep", parameters_hash=letter, sharpe=sharpe, **known
        )
    Trial.objects.create(  # of another workspace: counted, never shown
        workspace=uuid4(), source="sweep", parameters_hash="theirs", sharpe=99.0, **known
    )
    address = reverse("backtests:backtest-trials", args=[backtest.uuid])

    def shown(query: str) -> list[str]:
        return [row.parameters_hash[:1] for row in web.get(address + query).context["list"].rows]

    own = backtest.hashes["parameters"][:1]
    assert shown("?sort=-sharpe") == ["a", own, "c", "b"]  # what has no ratio comes last
    assert shown("?sort=sharpe") == ["c", own, "a", "b"]
    assert shown("?by=sweep&sort=-sharpe") == ["a", "c", "b"]
    assert shown(f"?q={backtest.hashes['data'][:8].upper()}") == [own]
    file = web.get(address + "?by=sweep&sort=-sharpe&file=csv").getvalue().decode()
    assert [row["parameters_hash"] for row in csv.DictReader(file.splitlines())] == ["a", "c", "b"]


def test_queries_do_not_grow_with_what_there_is(web, workspace, user, run):
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    backtest = run(formula=formula)
    address = reverse("backtests:backtest-detail", args=[backtest.uuid])
    web.get(address)
    with CaptureQueriesContext(connection) as few:
        web.get(address)
    for fee in (0.002, 0.003, 0.004):
        run(formula=formula, fee=fee)
    with CaptureQueriesContext(connection) as many:
        web.get(address)
    assert len(many) == len(few) <= 8


def test_trades_are_chosen_sorted_and_paged(web, run):
    backtest = run()
    address = reverse("backtests:backtest-trades", args=[backtest.uuid])
    htmx = {"HX-Request": "true"}

    def rows(query: str) -> list[dict]:
        return web.get(f"{address}?{query}", headers=htmx).context["trade_page"].rows

    every = rows("")
    assert len(every) == backtest.metrics["trades"]
    pnl = [row["pnl"] for row in rows("sort=pnl&dir=desc")]
    assert pnl == sorted(pnl, reverse=True)
    won, lost = rows("outcome=won"), rows("outcome=lost")
    assert len(won) == backtest.metrics["winning_trades"]
    assert len(lost) == backtest.metrics["losing_trades"]
    assert rows("side=short") == []
    assert rows("reason=exit") == every
    assert rows("sort=nonsense&side=nonsense&outcome=nonsense&page=999999999999") == every
    without_scripts = web.get(f"{address}?sort=pnl")
    assert without_scripts["Location"].endswith(f"{backtest.uuid}/?sort=pnl#trades")


def test_plots_far_from_the_prices_get_a_pane_of_their_own(web, run):
    backtest = run(text=RSI)
    data = web.get(reverse("backtests:backtest-chart", args=[backtest.uuid, "price"])).json()
    assert list(data["plots"]) == ["near"]
    assert [list(pane) for pane in data["panes"]] == [["RSI"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("long when close > 1000000\nexit long when close < 0\n", "No trade was closed"),
        ("long when close > 0\nexit long when close > 1000000\n", "one position is still open"),
    ],
)
def test_a_run_without_closed_trades_has_a_report(web, run, text, says):
    page = _page(web, run(text=text, name="Idle"))
    assert says in page
    assert "Luck check" in page


def test_a_run_of_an_earlier_engine_says_what_is_missing(web, run):
    backtest = run()
    Backtest.objects.filter(pk=backtest.pk).update(report=None, honesty=None)
    page = _page(web, backtest)
    assert "An earlier engine made this run" in page
    assert (
        web.get(reverse("backtests:backtest-export", args=[backtest.uuid, "report.html"])).status_code == 200
    )
