"""Funding reaches the engine from the form and from each API, and the report's waterfall holds it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward
from apps.backtests.selectors import trades_of
from apps.backtests.services import run_backtest
from apps.formulas.services import create_formula

TEXT = (
    "input fast = 9 in 2..50\nlong when close > ema(close, fast)\nexit long when close < ema(close, fast)\n"
)
DAILY = 0.0001


def test_a_long_pays_what_the_form_says(web, workspace, user, bar_set):
    formula = create_formula(workspace, name="Mine", text=TEXT, actor=user)
    values = {"bar_set": bar_set.uuid, "cash": "10000", "fee": "0", "slippage_bps": "0", "fill": "next_open"}
    answer = web.post(reverse("backtests:backtest-new", args=[formula.uuid]), values | {"funding": "0.01"})
    assert answer.status_code == 302
    backtest = Backtest.objects.get()
    assert backtest.parameters["funding_per_day"] == pytest.approx(DAILY)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    trades = trades_of(backtest)
    # daily bars: a day's funding at each close the position was held to, on that close's value
    first = trades.row(0, named=True)
    assert first["borrow"] == pytest.approx(
        DAILY * first["size"] * first["entry_price"] * first["bars_held"], rel=0.2
    )
    assert (trades["borrow"] > 0).all()


@pytest.mark.parametrize(
    ("path", "more", "model"),
    [
        ("backtests", {"text": TEXT}, Backtest),
        ("sweeps", {"text": TEXT, "axes": {"fast": "5..8"}}, Sweep),
        ("walk-forwards", {"text": TEXT, "axes": {"fast": "5..6"}, "folds": 2}, WalkForward),
        ("portfolios", {}, PortfolioRun),
    ],
)
def test_each_api_takes_it(api, bar_set, path, more, model):
    body = {"funding_per_day": DAILY, **more}
    if path == "portfolios":
        body["legs"] = [{"text": TEXT, "bar_set": str(bar_set.uuid), "weight": 1.0}]
    elif path == "sweeps":
        body["markets"] = [{"bar_set": str(bar_set.uuid)}]
    else:
        body["bar_set"] = str(bar_set.uuid)
    answer = api.post(f"/api/v1/{path}/", body, format="json")
    assert answer.status_code == 202, answer.json()
    assert model.objects.get().parameters["funding_per_day"] == DAILY
    refused = api.post(f"/api/v1/{path}/", body | {"funding_per_day": 5}, format="json")
    assert refused.status_code == 400
    assert "funding_per_day" in refused.json()["errors"]
