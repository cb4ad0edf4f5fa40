"""The chart beside the editor: what a text that is being written draws and marks, and why it says so on a bar."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from apps.accounts.models import Workspace
from apps.formulas.selectors import charts
from apps.markets.services import import_bars, load_bars
from tests.factories import wave_csv

PREVIEW = "/api/v1/formulas/preview/"
WHY = "/formulas/why/"
ABOVE = 'long when close > 105\nplot close as "Close"\nplot close * 3 as "Triple"\n'


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def closes() -> list[float]:
    return [float(row["close"]) for row in csv.DictReader(io.StringIO(wave_csv().decode()))]


@pytest.fixture
def stranger_bars(stranger):
    own = Workspace.objects.get(memberships__user=stranger)
    return import_bars(own, symbol="SECRET", file=io.BytesIO(wave_csv()), filename="a.csv", actor=stranger)


def preview(api, status=200, **body):
    answer = api.post(PREVIEW, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_preview_has_the_bars_the_plots_and_the_first_bar_of_each_signal(api, bar_set, closes):
    found = preview(api, text=ABOVE, bar_set=str(bar_set.uuid), points=300)
    last = closes[-300:]
    assert found["close"] == found["plots"]["Close"] == last
    assert found["panes"] == [{"Triple": [pytest.approx(3 * close) for close in last]}]
    starts = [
        i for i in range(100, 400) if closes[i] > 105 and not closes[i - 1] > 105
    ]  # as one would count them by hand
    assert [mark["time"] for mark in found["markers"]] == [found["time"][i - 100] for i in starts]
    assert {(mark["side"], mark["action"]) for mark in found["markers"]} == {("long", "entry")}
    assert (found["count"], found["evaluated"], found["signals"]) == (300, 400, len(starts))


def test_who_has_the_bars_is_sent_only_what_is_drawn_on_them(api, bar_set):
    whole = preview(api, text=ABOVE, bar_set=str(bar_set.uuid), points=50)
    bare = preview(api, text=ABOVE, bar_set=str(bar_set.uuid), points=50, with_bars=False)
    assert not {"time", "open", "high", "low", "close", "volume"} & set(bare)
    assert (bare["first"], bare["last"]) == (whole["time"][0], whole["time"][-1])
    assert bare["plots"] == whole["plots"]


def test_a_preview_ends_where_it_is_told_to(api, bar_set):
    end = datetime(2020, 3, 1, tzinfo=UTC)
    found = preview(api, text=ABOVE, bar_set=str(bar_set.uuid), end=end.isoformat())
    assert found["last"] == int(end.timestamp())
    assert found["count"] == 61


def test_series_are_drawn_before_the_first_rule_is_written(api, bar_set):
    found = preview(api, text="fast = sma(close, 2)", bar_set=str(bar_set.uuid), points=3)
    assert list(found["plots"]) == ["fast"]
    assert found["markers"] == []
    assert (
        preview(api, 422, text="fast = smaa(close, 2)", bar_set=str(bar_set.uuid))["code"]
        == "invalid_formula"
    )
    assert preview(api, 422, text="fast = ", bar_set=str(bar_set.uuid))["code"] == "invalid_formula"


def test_a_preview_asks_no_more_of_a_worker_than_its_share(api, bar_set):
    text = "long when sma(close, 3) > sma(close, 5)"
    found = charts.preview(text, load_bars(bar_set), points=500, most_steps=300)
    assert 1 <= found["evaluated"] == found["count"] < 400
    assert preview(api, 400, text=ABOVE, bar_set=str(bar_set.uuid), points=5_001)["code"] == "invalid"


def test_bars_of_others_are_not_found(api, stranger_bars):
    assert preview(api, 404, text=ABOVE, bar_set=str(stranger_bars.uuid))["code"] == "unknown_market"


def test_why_of_a_text_that_is_not_stored(web, bar_set, closes):
    day = next(i for i, close in enumerate(closes) if close > 105)
    time = datetime.fromtimestamp(1_577_836_800 + day * 86_400, UTC)
    answer = web.post(WHY, {"text": ABOVE, "bar_set": bar_set.uuid, "time": time.isoformat()})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'data-time="{time:%Y-%m-%dT%H:%M:%SZ}"' in html
    assert "holds</span>" in html
    assert answer.context["values"]["/statements/0"] is True
    assert answer.context["values"]["/statements/0/when"] is True


def test_why_says_what_it_cannot_do(web, bar_set, stranger_bars):
    def told(**body) -> str:
        return web.post(WHY, {"text": ABOVE, "bar_set": bar_set.uuid, **body}).content.decode()

    assert "Choose a market" in told(bar_set=stranger_bars.uuid)
    assert "unknown name" in told(text="long when clos > 1")
    assert "too long" in told(text="#" * 70_000)
    assert web.get(WHY).status_code == 405
