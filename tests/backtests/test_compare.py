"""Runs side by side: differences named, the best marked only where there is one, nothing of a stranger's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from django.urls import reverse

from apps.accounts.models import Membership
from apps.backtests.models import Backtest
from apps.backtests.selectors.compare import _best, comparison_chart, comparison_of
from apps.backtests.services import run_backtest, submit_backtest
from tests.factories import UserFactory, workspace_of


def _run(workspace, question, user) -> Backtest:
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    return backtest


@pytest.fixture
def pair(workspace, question, user) -> list[Backtest]:
    return [_run(workspace, replace(question, fee=fee), user) for fee in (0.0, 0.01)]


def _url(name: str, runs: list[Backtest]) -> str:
    return reverse(f"backtests:{name}") + "?" + "&".join(f"run={run.uuid}" for run in runs)


def test_what_was_asked_differently_is_named_and_nothing_else(pair):
    found = comparison_of(pair)
    assert found["differences"] == [{"label": "Fee", "values": [0.0, 0.01]}]
    assert {"label": "Market", "values": ["WAVE", "WAVE"]} in found["same"]
    fees = next(row for row in found["metrics"] if row["name"] == "fees")
    assert (fees["values"][0], fees["best"]) == (0.0, 0)
    total = next(row for row in found["metrics"] if row["name"] == "total_return")
    assert total["best"] == 0


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("sharpe", [0.5, 0.9, None], 1),
        ("max_drawdown", [0.5, 0.2], 1),
        ("sharpe", [0.5, 0.5], None),
        ("sharpe", [0.9, 0.9, 0.1], None),  # two are equally good
        ("sharpe", [None, 0.5], None),
        ("exposure", [0.1, 0.9], None),
        ("buy_and_hold_sharpe", [0.1, 0.9], None),
        ("time_under_water", [0.9, 0.4], 1),
        ("worst_trade", [-0.2, -0.1], 1),
    ],
)
def test_the_best_is_marked_where_there_is_one(name, values, best):
    assert _best(name, values) == best


def test_curves_start_at_nothing_and_end_at_the_total_return(pair):
    chart = comparison_chart(pair)
    assert len(chart["time"]) == 400
    for run, values in zip(pair, chart["series"].values(), strict=True):
        assert values[0] == pytest.approx(0.0, abs=1.0)
        assert values[-1] == pytest.approx(100 * run.metrics["total_return"], rel=1e-9)


def test_a_run_over_fewer_days_has_no_value_outside_them(workspace, question, user, pair):
    part = _run(workspace, replace(question, start=date(2020, 3, 1), end=date(2020, 6, 30)), user)
    values = list(comparison_chart([pair[0], part])["series"].values())[1]
    assert sum(value is not None for value in values) == 122


def test_the_page_and_its_chart(web, pair):
    page = web.get(_url("compare", pair)).content.decode()
    assert "What was asked differently" in page
    assert "Fee" in page
    assert len(web.get(_url("compare-chart", pair)).json()["series"]) == 2


def test_the_page_asks_the_database_the_same_number_of_times_for_two_and_for_four(
    web, workspace, question, user, pair, django_assert_max_num_queries
):
    more = [*pair, *(_run(workspace, replace(question, cash=cash), user) for cash in (1e3, 2e3))]
    with django_assert_max_num_queries(12):
        web.get(_url("compare", more))


def test_one_run_or_an_unfinished_one_is_refused_in_words(web, api, workspace, question, user, pair):
    assert "Choose from 2 to 8" in web.get(_url("compare", pair[:1]), follow=True).content.decode()
    waiting, _ = submit_backtest(workspace, replace(question, cash=77.0), actor=user)
    answer = api.get("/api/v1/backtests/compare/", {"run": [pair[0].uuid, waiting.uuid]})
    assert (answer.status_code, answer.json()["code"]) == (422, "cannot_compare")
    assert api.get("/api/v1/backtests/compare/", {"run": "nonsense"}).status_code == 400


def test_a_strangers_run_is_not_found(client, api, stranger, pair, workspace, question):
    theirs = _run(workspace_of(stranger, "pro"), replace(question, cash=5.0), stranger)
    assert api.get("/api/v1/backtests/compare/", {"run": [pair[0].uuid, theirs.uuid]}).status_code == 404
    client.force_login(stranger)
    assert client.get(_url("compare", pair)).status_code == 404
    assert client.get(_url("compare-chart", pair)).status_code == 404


def test_the_list_leads_here_without_scripts(web, client, workspace, pair):
    chosen = {"act": "compare", "chosen": [str(run.uuid) for run in pair]}
    led = web.post("/backtests/", chosen)
    assert led["Location"] == _url("compare", pair)
    assert Backtest.objects.count() == 2
    viewer = UserFactory()
    Membership.objects.create(workspace=workspace, user=viewer, role="viewer")
    client.force_login(viewer)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    form = re.search(
        r'<form class="act-bar".*?</form>', client.get("/backtests/").content.decode(), re.DOTALL
    )
    assert form
    assert 'method="post"' not in form[0], "who may not delete sends no post"
    where = re.search(r'action="([^"]+)"', form[0])
    assert where
    assert "What was asked differently" in client.get(where[1], chosen).content.decode()


def test_by_program(api, pair):
    found = api.get("/api/v1/backtests/compare/", {"run": [run.uuid for run in pair]}).json()
    assert [row["label"] for row in found["differences"]] == ["Fee"]
    assert found["runs"][0]["uuid"] == str(pair[0].uuid)
