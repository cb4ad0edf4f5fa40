"""The market pages: list, detail, import, export, delete."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.markets.files import read_bars
from apps.markets.models import BarSet
from apps.markets.services import import_bars
from tests.factories import workspace_of

ROWS = b"Date,Open,High,Low,Close,Volume\n2020-01-02,1,2,1,2,3\n2020-01-03,2,3,1,2.1,4\n"


def upload(web: Client, data: bytes = ROWS, **values: str):
    file = SimpleUploadedFile("mine.csv", data)
    form = {"symbol": "TEST", "asset_class": "stock", "timezone": "UTC", **values, "file": file}
    return web.post(reverse("markets:bars-import"), form)


def test_upload_shows_the_instrument_and_its_quality(web: Client, workspace: Workspace):
    response = upload(web)
    bar_set = BarSet.objects.get()
    assert response.status_code == 302
    page = web.get(response["Location"]).content.decode()
    assert "TEST" in page
    assert bar_set.quality["summary"] in page
    assert "survivorship" in page
    assert reverse("markets:bars-chart", args=[bar_set.uuid]) in page


def test_a_bad_file_names_its_line_and_keeps_what_was_typed(web: Client):
    response = upload(web, ROWS + b"2020-01-06,1,nonsense,1,2,3\n", venue="My broker")
    page = response.content.decode()
    assert response.status_code == 422
    assert "Line 4" in page
    assert "nonsense" in page
    assert 'value="My broker"' in page
    assert not BarSet.objects.exists()


@pytest.mark.parametrize(
    "values", [{"symbol": "a b"}, {"timeframe": "soon"}, {"timezone": "Mars"}, {"symbol": ""}]
)
def test_wrong_fields_are_refused(web: Client, values: dict[str, str]):
    assert upload(web, **values).status_code == 422
    assert not BarSet.objects.exists()


def test_the_list_is_searched(web: Client):
    upload(web)
    address = reverse("markets:instrument-list")
    assert "TEST" in web.get(address, {"q": "tes"}).content.decode()
    assert (
        reverse("markets:instrument-detail", args=[BarSet.objects.get().instrument.uuid])
        not in web.get(address, {"q": "zzz"}).content.decode()
    )


def test_the_list_is_filtered_by_kind(web: Client):
    upload(web)
    link = reverse("markets:instrument-detail", args=[BarSet.objects.get().instrument.uuid])
    address = reverse("markets:instrument-list")
    assert link in web.get(address, {"kind": "stock"}).content.decode()
    assert link not in web.get(address, {"kind": "crypto"}).content.decode()
    assert link in web.get(address, {"kind": "no such kind"}).content.decode()


def test_the_list_costs_the_same_for_many(
    web: Client, workspace: Workspace, user: User, django_assert_max_num_queries
):
    for at in range(6):
        import_bars(workspace, symbol=f"S{at}", file=io.BytesIO(ROWS), actor=user)
    with django_assert_max_num_queries(10):
        web.get(reverse("markets:instrument-list"))


def test_the_export_reads_back_as_the_same_bars(web: Client):
    upload(web)
    bar_set = BarSet.objects.get()
    response = web.get(reverse("markets:bars-export", args=[bar_set.uuid]))
    assert 'filename="TEST-1d.csv"' in response["Content-Disposition"]
    assert response.content.startswith(b"time,open,high,low,close,volume\n2020-01-02T00:00:00Z,1.0,")
    assert read_bars(io.BytesIO(response.content), symbol="TEST").content_hash() == bar_set.content_hash


def test_the_chart_s_data(web: Client):
    upload(web)
    body = web.get(reverse("markets:bars-chart", args=[BarSet.objects.get().uuid])).json()
    assert body["close"] == [2.0, 2.1]


def test_own_bars_are_deleted_by_post_only(web: Client):
    upload(web)
    address = reverse("markets:bars-delete", args=[BarSet.objects.get().uuid])
    assert web.get(address).status_code == 405
    assert web.post(address).status_code == 302
    assert not BarSet.objects.exists()


def test_foreign_data_is_not_there(web: Client, stranger: User):
    foreign = import_bars(workspace_of(stranger), symbol="X", file=io.BytesIO(ROWS), actor=stranger)
    for name in ("bars-chart", "bars-export"):
        assert web.get(reverse(f"markets:{name}", args=[foreign.uuid])).status_code == 404
    assert web.post(reverse("markets:bars-delete", args=[foreign.uuid])).status_code == 404
    assert web.get(reverse("markets:instrument-detail", args=[foreign.instrument.uuid])).status_code == 404
    assert BarSet.objects.exists()


def test_strangers_are_sent_to_log_in(db: None):
    for name in ("instrument-list", "bars-import"):
        assert Client().get(reverse(f"markets:{name}")).status_code == 302
