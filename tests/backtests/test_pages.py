"""The pages of a backtest, as a browser without scripts sees them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest, submit_backtest
from apps.formulas.services import create_formula

WITH_INPUT = (
    "input fast = 9 in 2..50\nlong when close > ema(close, fast)\nexit long when close < ema(close, fast)\n"
)


@pytest.fixture
def formula(workspace, user):
    return create_formula(workspace, name="Mine", text=WITH_INPUT, actor=user)


@pytest.fixture
def values(bar_set):
    return {"bar_set": bar_set.uuid, "cash": "10000", "fee": "0.1", "slippage_bps": "2", "fill": "next_open"}


def test_form_asks_and_leads_to_the_run(web, formula, values):
    answer = web.post(reverse("backtests:backtest-new", args=[formula.uuid]), values | {"input_fast": "12"})
    backtest = Backtest.objects.get()
    assert answer["Location"] == reverse("backtests:backtest-detail", args=[backtest.uuid])
    assert backtest.parameters["inputs"] == {"fast": 12}
    assert backtest.parameters["fee"] == pytest.approx(0.001)


def test_asking_again_starts_from_what_was_asked(web, formula, values):
    url = reverse("backtests:backtest-new", args=[formula.uuid])
    web.post(url, values | {"input_fast": "12", "fee": "0.25", "cash": "5000", "start": "2020-02-01"})
    backtest = Backtest.objects.get()
    form = web.get(f"{url}?backtest={backtest.uuid}").context["form"]
    asked = {name: str(form[name].value()) for name in ("input_fast", "fee", "cash", "start", "fill")}
    assert asked == {
        "input_fast": "12", "fee": "0.25", "cash": "5000", "start": "2020-02-01", "fill": "next_open",
    }  # fmt: skip
    assert form["bar_set"].value() == backtest.bar_set.uuid
    assert web.get(f"{url}?backtest=nonsense").context["form"]["input_fast"].value() is None
    page = web.get(reverse("backtests:sweep-new", args=[formula.uuid]) + f"?backtest={backtest.uuid}")
    sweep = page.context["form"]
    assert sweep["bar_sets"].value() == [backtest.bar_set.uuid]
    assert (sweep["fee"].value(), sweep["cash"].value()) == ("0.25", "5000")


def test_every_wrong_value_is_named_at_its_field(web, formula, values):
    wrong = values | {"input_fast": "999", "start": "2021-01-01", "end": "2020-01-01", "cash": "-1"}
    answer = web.post(reverse("backtests:backtest-new", args=[formula.uuid]), wrong)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"input_fast", "end", "cash"}
    assert "2..50" in errors["input_fast"][0]
    assert not Backtest.objects.exists()


def test_used_up_plan_says_what_and_when(web, workspace, user, formula, values):
    workspace.plan_code = "free"
    workspace.save()
    url = reverse("backtests:backtest-new", args=[formula.uuid])
    assert "1 of 1 backtests left today" in web.get(url).content.decode()
    web.post(url, values)
    refused = web.post(url, values | {"cash": "5000"}).content.decode()
    assert "The Free plan gives 1 backtest a day, and it is used. It starts again on" in refused


def test_charts_before_the_end_are_refused(web, workspace, user, question):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    assert web.get(reverse("backtests:backtest-chart", args=[backtest.uuid, "equity"])).status_code == 409
    run_backtest(backtest.pk)
    for chart, key in (("equity", "series"), ("drawdown", "value"), ("price", "markers")):
        data = web.get(reverse("backtests:backtest-chart", args=[backtest.uuid, chart])).json()
        assert data[key]
        assert len(data["time"]) == 400
