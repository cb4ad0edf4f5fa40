"""Pages and API of feeds."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.markets.models import BarSet, Feed, Instrument
from apps.markets.services.feeds import append_bars
from tests.factories import feed_of_files
from tests.markets.feeds.conftest import minutes

ROOT = "/data/feeds/"


def test_the_list_shows_state_source_and_error(web: Client, feed: Feed):
    append_bars(feed.pk, minutes(0, 1))
    Feed.objects.update(error="bad.csv was refused: Line 3")
    page = web.get(ROOT).content.decode()
    assert "WAVE 1m" in page
    assert "Stale" in page
    assert "bad.csv was refused: Line 3" in page


def test_without_a_feed_the_list_says_what_one_is(web: Client):
    assert "Set up a feed" in web.get(ROOT).content.decode()


def test_a_replay_is_set_up_and_started_on_the_page(web: Client, bar_set: BarSet):
    assert "Bars to play" in web.get(f"{ROOT}new/").content.decode()
    answer = web.post(
        f"{ROOT}new/?kind=replay",
        {"bar_set": str(bar_set.uuid), "bars_per_second": "2", "start": "100", "loop": "on"},
    )
    feed = Feed.objects.get()
    assert answer.headers["Location"] == f"{ROOT}{feed.uuid}/"
    assert (feed.is_active, feed.settings["bars_per_second"], feed.settings["start"]) == (True, 2, 100)


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("replay", {"bars_per_second": "2", "start": "4000"}, "there are 400"),
        (
            "ccxt",
            {"exchange": "mtgox", "symbol": "BTC/USDT", "timeframe": "1m"},
            "no exchange that CCXT knows",
        ),
        ("ccxt", {"exchange": "binance", "symbol": "BTC/USDT", "timeframe": "soon"}, "is not a timeframe"),
        ("csv_drop", {"symbol": "X", "timeframe": "1d", "folder": "../up"}, "cannot be the name of a folder"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    web: Client, bar_set: BarSet, kind: str, given: dict[str, str], words: str
):
    given = {"bar_set": str(bar_set.uuid), **given} if kind == "replay" else given
    answer = web.post(f"{ROOT}new/?kind={kind}", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Feed.objects.exists()


def test_the_detail_shows_bars_gaps_and_what_was_not_taken(web: Client, feed: Feed):
    append_bars(feed.pk, minutes(0, 1, 2, 6))
    append_bars(feed.pk, minutes(4))
    page = web.get(f"{ROOT}{feed.uuid}/").content.decode()
    assert "3 missing" in page
    assert "1 bars came after a newer one" in page
    assert "106.0000" in page
    chart = web.get(f"{ROOT}{feed.uuid}/chart.json").json()
    assert chart["close"] == [100, 101, 102, 106]


def test_start_stop_change_drop_and_delete(web: Client, bar_set: BarSet, user: User):
    feed = feed_of_files(bar_set.instrument, actor=user)
    own = f"{ROOT}{feed.uuid}/"
    web.post(f"{own}stop/")
    assert not Feed.objects.get().is_active
    web.post(f"{own}start/")
    assert Feed.objects.get().is_active
    web.post(f"{own}change/", {"late_after": "3", "stale_after": "9"})
    assert Feed.objects.get().stale_after == 9
    wrong = web.post(f"{own}change/", {"late_after": "3", "stale_after": "2"})
    assert wrong.status_code == 422
    assert "stale some time after it is late" in wrong.content.decode()
    refused = web.post(f"{own}drop/", {"file": SimpleUploadedFile("bars.exe", b"x")})
    assert "a file of bars ends in" in refused.content.decode()
    taken = web.post(f"{own}drop/", {"file": SimpleUploadedFile("bars.csv", b"time,open\n")})
    assert taken.status_code == 302
    web.post(f"{own}delete/")
    assert not Feed.objects.exists()


def test_a_shared_feed_has_no_buttons_and_cannot_be_stopped(web: Client, replay: Feed):
    Feed.objects.update(workspace=None)
    Instrument.objects.update(workspace=None)
    page = web.get(f"{ROOT}{replay.uuid}/").content.decode()
    assert "Delete feed" not in page
    web.post(f"{ROOT}{replay.uuid}/stop/")
    assert Feed.objects.get().is_active


def test_bars_by_api_follow_one_another(api: APIClient, feed: Feed):
    append_bars(feed.pk, minutes(0, 1, 2, 4))
    first = api.get(f"/api/v1/feeds/{feed.uuid}/bars/?limit=3").json()
    assert (first["first_number"], first["last_number"], first["close"]) == (0, 2, [100, 101, 102])
    rest = api.get(f"/api/v1/feeds/{feed.uuid}/bars/?after_number={first['last_number']}").json()
    assert (rest["first_number"], rest["close"]) == (3, [104])
    assert api.get(f"/api/v1/feeds/{feed.uuid}/bars/?limit=0").status_code == 400


def test_health_by_api(api: APIClient, feed: Feed):
    before = timezone.now().timestamp()
    now = int(before // 60) * 60_000
    append_bars(feed.pk, minutes(-4, -3, -1, start=now))
    health = api.get(f"/api/v1/feeds/{feed.uuid}/health/").json()
    assert [gap["missing"] for gap in health["gaps"]] == [1]
    assert before <= now / 1000 + health["lag_s"] <= timezone.now().timestamp(), (
        "from its close to its receipt"
    )
    assert health["state"] == "running"


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_refusals_by_api_have_codes(api: APIClient, replay: Feed, bar_set: BarSet):
    again = {"provider": "replay", "settings": {"bar_set": str(bar_set.uuid)}}
    assert problem(api.post("/api/v1/feeds/", again, format="json")) == (409, "feed_exists")
    wrong = {"provider": "ccxt", "timeframe": "1m", "settings": {"exchange": "mtgox", "symbol": "A/B"}}
    answer = api.post("/api/v1/feeds/", wrong, format="json")
    assert problem(answer) == (422, "feed_settings_invalid")
    assert list(answer.json()["errors"]) == ["settings.exchange"]
    Feed.objects.update(workspace=None)
    assert problem(api.post(f"/api/v1/feeds/{replay.uuid}/stop/")) == (403, "feed_read_only")
