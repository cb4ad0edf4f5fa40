"""What is downloaded: each form holds the same numbers, and all others follow from them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import UTC, datetime

import polars as pl
import pytest
from django.urls import reverse

from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest, submit_backtest
from tests.engine.stats.rederive import check


@pytest.fixture
def backtest(workspace, user, question) -> Backtest:
    made, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(made.pk)
    made.refresh_from_db()
    return made


@pytest.fixture
def download(web, backtest):
    def _download(name: str) -> bytes:
        answer = web.get(reverse("backtests:backtest-export", args=[backtest.uuid, name]))
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == f'attachment; filename="WAVE-{str(backtest.uuid)[:8]}-{name}"'
        return b"".join(answer.streaming_content) if answer.streaming else answer.content

    return _download


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_trades_are_the_same_in_every_form(download):
    from_csv = list(csv.DictReader(io.StringIO(download("trades.csv").decode())))
    from_parquet = pl.read_parquet(download("trades.parquet")).to_dicts()
    from_json = json.loads(download("result.json"))["trades"]
    assert len(from_csv) == len(from_parquet) == len(from_json) > 3
    for text, row, plain in zip(from_csv, from_parquet, from_json, strict=True):
        for name, value in plain.items():
            if isinstance(value, str):
                stored = _iso(row[name]) if name.endswith("_time") else row[name]
                assert text[name] == stored == value
            else:
                assert float(text[name]) == row[name] == value
        assert float(text["mae"]) == row["mae"]


def test_equity_is_the_same_in_every_form(download):
    from_csv = list(csv.DictReader(io.StringIO(download("equity.csv").decode())))
    table = pl.read_parquet(download("equity.parquet"))
    curve = json.loads(download("result.json"))["equity"]
    assert [row["time"] for row in from_csv] == curve["time"]
    assert [float(row["equity"]) for row in from_csv] == table["equity"].to_list() == curve["value"]
    assert table["time"].to_list()[0] == 1_577_836_800_000  # 2020-01-01, the first bar


def test_the_json_is_the_canonical_one(download, backtest):
    content = download("result.json")
    assert hashlib.sha256(content).hexdigest() == backtest.result_sha256
    assert json.loads(content)["honesty"] == backtest.honesty


def test_every_number_of_the_page_follows_from_the_downloads(download, backtest):
    """Plain Python that knows nothing of the engine derives them from the CSV files."""
    result = json.loads(download("result.json")) | {"metrics": backtest.metrics, "report": backtest.report}
    trades, equity = (download(name).decode().splitlines() for name in ("trades.csv", "equity.csv"))
    assert check(trades, equity, result) == []
    wrong = result | {"metrics": backtest.metrics | {"sharpe": backtest.metrics["sharpe"] * 1.001}}
    assert len(check(trades, equity, wrong)) == 1


def test_the_report_is_one_file(download, backtest):
    page = download("report.html").decode()
    for reaches_out in (
        "<script",
        "<link",
        "<img",
        "<iframe",
        "src=",
        "href=",
        "url(",
        "@import",
        "http:",
        "https:",
    ):
        assert reaches_out not in page, reaches_out
    assert page.count("<svg") >= 2 * 8  # equity, drawdown, price, two distributions, two scatters, costs, ...
    assert "Simulated result" in page
    assert re.search(r"1, counted \d{4}-\d\d-\d\d \d\d:\d\d UTC", page)
    for name in ("result", "formula", "data", "parameters"):
        assert backtest.hashes[name] in page


def test_nothing_to_download_before_the_end(web, workspace, user, question):
    waiting, _ = submit_backtest(workspace, question, actor=user)
    for name in ("trades.csv", "equity.parquet", "result.json", "report.html"):
        assert web.get(reverse("backtests:backtest-export", args=[waiting.uuid, name])).status_code == 409
