"""The pages of a sweep, as a browser without scripts sees them."""

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

from apps.backtests.models import Backtest, Sweep
from apps.backtests.selectors import cells_of
from apps.backtests.services import cancel_sweep, submit_sweep
from apps.formulas.services import create_formula
from tests.backtests.sweeps.conftest import swept

PERCENT = (
    "input stop = 2% in 1%..5% step 0.5%\ninput length = 10 in 5..100\n"
    "long when close > ema(close, length)\nstop_loss stop\n"
)


@pytest.fixture
def values(bar_set):
    return {
        "bar_sets": [bar_set.uuid],
        "cash": "10000",
        "fee": "0.1",
        "slippage_bps": "2",
        "fill": "next_open",
        "borrow": "0",
        "mode": "grid",
        "metric": "sharpe",
        "from_fast": "3",
        "to_fast": "5",
        "step_fast": "",
        "from_slow": "20",
        "to_slow": "",
        "step_slow": "",
        "values_both": ["true", "false"],
    }


@pytest.fixture
def done(workspace, asked, user):
    return swept(workspace, asked, user)


def test_form_asks_and_leads_to_the_sweep(web, formula, values):
    answer = web.post(reverse("backtests:sweep-new", args=[formula.uuid]), values)
    sweep = Sweep.objects.get()
    assert answer["Location"] == reverse("backtests:sweep-detail", args=[sweep.uuid])
    assert sweep.spec["axes"] == {"fast": "3..5", "slow": "20", "both": "true,false"}
    assert (sweep.spec["settings"], sweep.work_total) == (6, 6)
    assert sweep.parameters["fee"] == pytest.approx(0.001)


def test_form_is_prefilled_with_a_coarse_grid_of_the_declared_ranges(web, formula, workspace, user):
    form = web.get(reverse("backtests:sweep-new", args=[formula.uuid])).context["form"]
    start = {name: form[name].value() for name in form.fields if name.endswith(("_fast", "_slow", "_both"))}
    # 20 values or fewer on each of two ranged inputs: 18 steps of 1, and 55 steps in steps of 3
    assert start == {
        "from_fast": "2", "to_fast": "20", "step_fast": "1",
        "from_slow": "5", "to_slow": "60", "step_slow": "3",
        "values_both": ["false"],
    }  # fmt: skip
    other = create_formula(workspace, name="Percent", text=PERCENT, actor=user)
    form = web.get(reverse("backtests:sweep-new", args=[other.uuid])).context["form"]
    assert [form[f"{part}_stop"].value() for part in ("from", "to", "step")] == ["1", "5", "0.5"]


def test_sweeping_again_starts_from_what_was_swept(web, formula, values):
    url = reverse("backtests:sweep-new", args=[formula.uuid])
    web.post(url, values | {"fee": "0.25"})
    sweep = Sweep.objects.get()
    form = web.get(f"{url}?sweep={sweep.uuid}").context["form"]
    again = {name: form[name].value() for name in form.fields if name.startswith(("from_", "to_", "step_"))}
    assert {name: str(value) for name, value in again.items()} == {name: str(values[name]) for name in again}
    assert form["fee"].value() == "0.25"
    assert form["metric"].value() == sweep.spec["metric"]


def test_percentages_are_written_as_such(web, workspace, user, values):
    formula = create_formula(workspace, name="Percent", text=PERCENT, actor=user)
    asked = values | {
        "from_stop": "1", "to_stop": "2", "step_stop": "0.5", "from_length": "10", "to_length": "", "step_length": "",
    }  # fmt: skip
    web.post(reverse("backtests:sweep-new", args=[formula.uuid]), asked)
    assert Sweep.objects.get().spec["axes"] == {"stop": "1%..2% step 0.5%", "length": "10"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to_fast": "2"}, "from_fast"),
        ({"to_fast": "999"}, "from_fast"),
        ({"step_fast": "0"}, "from_fast"),
        ({"bar_sets": []}, "bar_sets"),
        ({"mode": "random"}, "count"),
        ({"values_both": []}, "values_both"),
        ({"start": "2021-01-01", "end": "2020-01-01"}, "end"),
        ({"cash": "-1"}, "cash"),
    ],
)
def test_every_wrong_value_is_named_at_its_field(web, formula, values, change, field):
    answer = web.post(reverse("backtests:sweep-new", args=[formula.uuid]), values | change)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Sweep.objects.exists()


def test_count_of_cells_follows_the_form(web, formula, values):
    url = reverse("backtests:sweep-count", args=[formula.uuid])
    text = re.sub(r"<[^>]+>", "", web.post(url, values).content.decode())
    assert " ".join(text.split()) == "6 cells 3 × 2 settings"
    assert "9..3" in web.post(url, values | {"from_fast": "9", "to_fast": "3"}).content.decode()
    assert not Sweep.objects.exists()


def test_formula_without_inputs_says_how_to_write_one(web, workspace, user):
    bare = create_formula(workspace, name="Bare", text="long when close > open\n", actor=user)
    page = web.get(reverse("backtests:sweep-new", args=[bare.uuid])).content.decode()
    assert "There is nothing to sweep" in page


def test_report_says_the_verdict_first(web, done):
    page = web.get(reverse("backtests:sweep-detail", args=[done.uuid])).content.decode()
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert words.index("variants tried") < words.index("Best Sharpe") < words.index("Two inputs")
    assert "splits" in words
    assert "neighbour" in words


@pytest.mark.parametrize(("share", "warned"), [(0.51, True), (0.5, False)])
def test_overfitting_is_said_before_anything_kinder(web, done, share, warned):
    """A verdict on the best cell means little where choosing the best one fails more often than not."""
    summary = done.summary
    summary["markets"][0]["overfitting"] = summary["markets"][0]["overfitting"] | {"probability": share}
    Sweep.objects.filter(pk=done.pk).update(summary=summary)
    page = web.get(reverse("backtests:sweep-detail", args=[done.uuid])).content.decode()
    assert ("is not to be trusted" in page) == warned
    places = [page.index(text) for text in ("did no better than the middle", "data-verdict")]
    assert (places == sorted(places)) == warned


def test_table_is_filtered_sorted_and_paged(web, done):
    url = reverse("backtests:sweep-cells", args=[done.uuid])
    shown = web.get(url, {"order": "-total_return", "is_fast": "4"}).context
    assert shown["cell_total"] == 4
    returns = [cell["metrics"]["total_return"] for cell in shown["cells"]]
    assert returns == sorted(returns, reverse=True)
    assert {cell["inputs"]["fast"] for cell in shown["cells"]} == {4}
    bound = sorted(cells_of(done)["trades"].to_list())[10]
    expected = sum(trades >= bound for trades in cells_of(done)["trades"])
    assert web.get(url, {"on": "trades", "low": str(bound)}).context["cell_total"] == expected
    assert "No cell matches" in web.get(url, {"on": "trades", "low": "1e9"}).content.decode()


def test_heat_map_by_hand(web, done):
    url = reverse("backtests:sweep-heat", args=[done.uuid])
    data = web.get(url, {"x": "slow", "y": "fast", "metric": "max_drawdown"}).json()
    assert (data["x"]["values"], data["y"]["values"]) == ([10, 15, 20, 25], [3, 4, 5, 6, 7])
    for row in cells_of(done).to_dicts():
        r, c = row["input_fast"] - 3, row["input_slow"] // 5 - 2
        assert data["values"][r][c] == row["max_drawdown"]
        assert data["cells"][r][c] == row["cell"]
    assert web.get(url, {"x": "nonsense", "y": "fast"}).status_code == 422


def test_heat_map_takes_the_other_inputs_at_their_best_median_or_a_value(web, workspace, asked, user):
    sweep = swept(workspace, replace(asked, axes=asked.axes | {"both": "true,false"}), user)
    url = reverse("backtests:sweep-heat", args=[sweep.uuid])
    table = cells_of(sweep).filter(pl.col("input_fast") == 3, pl.col("input_slow") == 10)
    with_shorts, without = (table.filter(pl.col("input_both") == both)["sharpe"][0] for both in (True, False))
    ask = {"x": "slow", "y": "fast", "metric": "sharpe"}
    assert web.get(url, ask).json()["values"][0][0] == max(with_shorts, without)
    median = web.get(url, ask | {"rest": "median"}).json()["values"][0][0]
    assert median == pytest.approx((with_shorts + without) / 2)
    assert web.get(url, ask | {"fix_both": "true"}).json()["values"][0][0] == with_shorts


def test_parallel_lines_hold_every_cell_once(web, done):
    data = web.get(reverse("backtests:sweep-parallel", args=[done.uuid])).json()
    assert sorted(data["cells"]) == list(range(20))
    assert [each["name"] for each in data["inputs"]] == ["fast", "slow"]
    ranked = data["metrics"][0]
    assert ranked["name"] == "sharpe"
    assert ranked["values"] == sorted(ranked["values"], reverse=True)


def test_exports_hold_every_cell(web, done):
    def get(what):
        answer = web.get(reverse("backtests:sweep-export", args=[done.uuid, what]))
        return b"".join(answer.streaming_content) if answer.streaming else answer.content

    rows = list(csv.DictReader(get("cells.csv").decode().splitlines()))
    assert len(rows) == 20
    assert rows[0]["symbol"] == "WAVE"
    table = pl.read_parquet(io.BytesIO(get("cells.parquet")))
    assert [float(row["sharpe"]) for row in rows] == table["sharpe"].to_list()
    assert get("result.json").startswith(b"{")


def test_a_cell_opens_as_a_backtest(web, done):
    answer = web.post(reverse("backtests:sweep-open", args=[done.uuid, 3]), {"market": "0"})
    backtest = Backtest.objects.get()
    assert answer["Location"] == reverse("backtests:backtest-detail", args=[backtest.uuid])
    assert backtest.parameters["inputs"] == {"fast": 3, "slow": 25, "both": False}
    assert backtest.parameters["cash"] == 5_000


def test_before_the_end_there_is_progress_and_no_result(web, workspace, asked, user):
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    page = web.get(reverse("backtests:sweep-detail", args=[sweep.uuid])).content.decode()
    assert f"/ws/sweeps/{sweep.uuid}/" in page
    assert web.get(reverse("backtests:sweep-heat", args=[sweep.uuid])).status_code == 409
    assert web.get(reverse("backtests:sweep-status", args=[sweep.uuid])).status_code == 200
    web.post(reverse("backtests:sweep-cancel", args=[sweep.uuid]))
    page = web.get(reverse("backtests:sweep-detail", args=[sweep.uuid])).content.decode()
    assert "The sweep was cancelled" in page


def test_list_searches_and_its_queries_do_not_grow(web, workspace, asked, user, done):
    url = reverse("backtests:sweep-list")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert web.get(url).status_code == 200
        return len(caught)

    queries()
    before = queries()
    for cash in (1_000.0, 2_000.0, 3_000.0):
        cancel_sweep(submit_sweep(workspace, replace(asked, cash=cash), actor=user)[0], actor=user)
    assert queries() == before
    assert len(web.get(url).context["list"].rows) == 4
    assert len(web.get(url, {"status": "done"}).context["list"].rows) == 1
    assert len(web.get(url, {"q": "WAV"}).context["list"].rows) == 4
    assert "No sweep matches" in web.get(url, {"q": "zzz"}).content.decode()


def test_report_takes_a_constant_number_of_queries(web, workspace, asked, user, done):
    def queries(sweep: Sweep) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert web.get(reverse("backtests:sweep-detail", args=[sweep.uuid])).status_code == 200
        return len(caught)

    queries(done)
    small = queries(done)
    assert queries(swept(workspace, replace(asked, axes={"fast": "2..12", "slow": "14..30"}), user)) == small


def test_deleting_leads_back_to_the_list(web, done):
    answer = web.post(reverse("backtests:sweep-delete", args=[done.uuid]))
    assert answer["Location"] == reverse("backtests:sweep-list")
    assert "No sweep yet" in web.get(reverse("backtests:sweep-list")).content.decode()
