"""The pages of a walk-forward, as a browser without scripts sees them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.backtests.models import Backtest, WalkForward
from apps.backtests.selectors import strip
from apps.backtests.services import SweepRequest, cancel_walk_forward, submit_sweep, submit_walk_forward
from apps.engine.walk_forward import WalkForwardSpec
from apps.formulas.services import create_formula
from tests.backtests.walk_forwards.conftest import walked


@pytest.fixture
def values(bar_set):
    return {
        "bar_set": bar_set.uuid,
        "cash": "5000",
        "fee": "0.05",
        "slippage_bps": "0",
        "fill": "next_open",
        "borrow": "0",
        "folds": "3",
        "mode": "rolling",
        "train_share": "75",
        "purge_bars": "",
        "embargo_bars": "0",
        "metric": "sharpe",
        "from_fast": "2", "to_fast": "4", "step_fast": "",
        "from_slow": "8", "to_slow": "12", "step_slow": "4",
    }  # fmt: skip


@pytest.fixture
def done(workspace, asked, user):
    return walked(workspace, asked, user)


def _url(name, *args):
    return reverse(f"backtests:walk-forward-{name}", args=args)


def test_form_asks_what_the_program_asks(web, workspace, user, formula, values, asked):
    answer = web.post(_url("new", formula.uuid), values)
    found = WalkForward.objects.get()
    assert answer["Location"] == _url("detail", found.uuid)
    assert found.spec["axes"] == {"fast": "2..4", "slow": "8..12 step 4"}
    same = replace(asked, spec=WalkForwardSpec(folds=3, train_share=0.75))
    assert submit_walk_forward(workspace, same, actor=user) == (found, False)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"folds": "9"}, "folds", "would fit"),
        ({"purge_bars": "190"}, "folds", "purged"),
        ({"from_fast": "1"}, "from_fast", "2..10"),
        ({"to_fast": "99"}, "from_fast", "2..10"),
        ({"train_share": "0"}, "train_share", ""),
        ({"end": "2019-01-01"}, "start", "fewer than two bars"),
        ({"start": "2021-01-01", "end": "2020-01-01"}, "end", "before the start"),
    ],
)
def test_refusals_stand_at_their_fields(web, formula, values, change, field, words):
    answer = web.post(_url("new", formula.uuid), values | change)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert words in errors[field][0]
    assert not WalkForward.objects.exists()


def test_preview_draws_the_folds_or_says_what_is_wrong(web, formula, values):
    page = web.post(_url("preview", formula.uuid), values).content.decode()
    assert "6 settings × 3 folds" in page
    assert page.count('class="span-test"') == 3
    # 3 folds of 400 bars at three quarters: T = floor(100 / 1.5) = 66, and the last test ends with the last bar
    assert 'x="505.0" y="0" width="165.0"' in page
    assert "2021-02-03" in page
    wrong = web.post(_url("preview", formula.uuid), values | {"folds": "9"}).content.decode()
    assert "Folds: Fold 1 has" in wrong
    assert "span-test" not in wrong
    assert not WalkForward.objects.exists()


def test_places_in_a_strip_by_hand():
    fold = {
        "number": 3,
        "train": {"start": 100, "stop": 500, "purged": 50, "embargoed": [{"start": 300, "stop": 320}]},
        "test": {"start": 500, "stop": 750},
    }
    spans = [(span["kind"], span["x"], span["width"]) for span in strip([fold], 1000)[0]["spans"]]
    assert spans == [("train", 100, 350), ("embargo", 300, 20), ("purge", 450, 50), ("test", 500, 250)]


def test_form_is_filled_in_from_a_sweep_and_from_a_walk_forward(web, workspace, user, formula, bar_set, done):
    sweep, _ = submit_sweep(
        workspace,
        SweepRequest(formula.text, (bar_set,), {"fast": "3..9 step 2", "slow": "20"}, formula=formula, fee=0.002),
        actor=user,
    )  # fmt: skip
    form = web.get(_url("new", formula.uuid), {"sweep": sweep.uuid, "market": "0"}).context["form"]
    names = ("from_fast", "to_fast", "step_fast", "from_slow", "to_slow", "fee")
    assert [form[name].value() for name in names] == ["3", "9", "2", "20", "", "0.2"]
    form = web.get(_url("new", formula.uuid), {"walk_forward": done.uuid}).context["form"]
    assert [str(form[name].value()) for name in ("folds", "from_fast", "to_fast", "cash")] == ["3", "2", "4", "5000"]  # fmt: skip
    assert web.get(_url("new", formula.uuid), {"sweep": "nonsense"}).status_code == 200


def test_formula_without_inputs_is_told_what_to_do(web, workspace, user):
    plain = create_formula(workspace, name="Plain", text="long when close > open", actor=user)
    page = web.get(_url("new", plain.uuid)).content.decode()
    assert "There is nothing to choose" in page


def test_report_says_the_verdict_and_links_the_choice(web, done):
    page = web.get(_url("detail", done.uuid)).content.decode()
    assert done.summary["verdict"]["text"].split(".")[0] in page
    assert "nobody could have known it beforehand" in page
    assert page.count('class="span-test"') == 3
    assert "<dt>Input slow</dt><dd>8, 12</dd>" in page
    assert len(re.findall(r'class="dot"', page)) == 2 * 3
    answer = web.post(_url("open", done.uuid, 1))
    backtest = Backtest.objects.get()
    assert answer["Location"] == reverse("backtests:backtest-detail", args=[backtest.uuid])
    assert backtest.parameters["inputs"] == done.summary["folds"][0]["inputs"]


def test_trades_by_fold_and_sorted(web, done):
    page = web.get(_url("trades", done.uuid), {"only": "2", "sort": "pnl", "dir": "desc"})
    trades = page.context["trades"]
    assert {trade["fold"] for trade in trades} == {2}
    pnl = [trade["pnl"] for trade in trades]
    assert pnl == sorted(pnl, reverse=True)
    whole = web.get(_url("trades", done.uuid), {"only": "99", "page": "x", "sort": "nonsense"})
    assert whole.context["trade_total"] == done.summary["metrics"]["trades"]


def test_charts_and_exports(web, done, workspace, asked, user):
    chart = web.get(_url("chart", done.uuid, "equity")).json()
    assert set(chart["series"]) == {"Out of sample", "Buy & hold"}
    assert chart["series"]["Out of sample"][-1] == done.summary["metrics"]["final_equity"]
    assert web.get(_url("chart", done.uuid, "drawdown")).json()["value"]
    text = web.get(_url("export", done.uuid, "trades.csv")).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == done.summary["metrics"]["trades"]
    assert rows[0]["entry_time"].endswith("T00:00:00Z")
    parquet = b"".join(web.get(_url("export", done.uuid, "equity.parquet")).streaming_content)
    equity = pl.read_parquet(parquet)
    assert equity["equity"][-1] == done.summary["metrics"]["final_equity"]
    assert web.get(_url("export", done.uuid, "result.json")).status_code == 200
    waiting, _ = submit_walk_forward(workspace, replace(asked, cash=1.0), actor=user)
    assert web.get(_url("chart", waiting.uuid, "equity")).status_code == 409
    assert web.get(_url("export", waiting.uuid, "trades.csv")).status_code == 409


def test_list_finds_and_counts_queries_once(web, workspace, user, asked, done):
    with CaptureQueriesContext(
        connection,
    ) as one:
        page = web.get(_url("list"))
    assert page.context["list"].rows[0] == done
    for cash in (1.0, 2.0, 3.0):
        submit_walk_forward(workspace, replace(asked, cash=cash), actor=user)
    with CaptureQueriesContext(connection) as more:
        web.get(_url("list"))
    assert len(more) == len(one)
    assert web.get(_url("list"), {"q": "wav"}).context["list"].total == str(4)
    assert web.get(_url("list"), {"q": "nothing"}).context["list"].total == str(0)
    assert web.get(_url("list"), {"status": "done"}).context["list"].total == str(1)


def test_empty_list_teaches(web):
    assert "chooses a formula&#x27;s inputs by the past alone" in web.get(
        _url("list")
    ).content.decode().replace("formula's", "formula&#x27;s")


def test_waiting_cancelled_and_deleted(web, workspace, user, asked, done):
    waiting, _ = submit_walk_forward(workspace, replace(asked, cash=1.0), actor=user)
    assert "Waiting for a worker" in web.get(_url("detail", waiting.uuid)).content.decode()
    assert "HX-Refresh" not in web.get(_url("status", waiting.uuid))
    web.post(_url("cancel", waiting.uuid))
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    assert web.get(_url("status", waiting.uuid))["HX-Refresh"] == "true"
    assert "was cancelled" in web.get(_url("detail", waiting.uuid)).content.decode()
    cancel_walk_forward(waiting, actor=user)
    web.post(_url("delete", done.uuid))
    assert not WalkForward.objects.filter(pk=done.pk).exists()


def test_number_of_folds_does_not_change_the_queries(web, workspace, user, asked, done):
    with CaptureQueriesContext(connection) as three:
        web.get(_url("detail", done.uuid))
    fewer = walked(workspace, replace(asked, spec=WalkForwardSpec(folds=1)), user)
    with CaptureQueriesContext(connection) as one:
        web.get(_url("detail", fewer.uuid))
    assert len(one) == len(three)
