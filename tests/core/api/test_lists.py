"""Lists: sparse fields, parameters that exist, pages by cursor; bodies with members that exist."""

from __future__ import annotations

import pytest

from apps.formulas.services import create_formula
from tests.factories import CROSS

URL = "/api/v1/formulas/"


@pytest.fixture
def three(workspace, user) -> None:
    for name in ("One", "Two", "Three"):
        create_formula(workspace, name=name, text=CROSS, actor=user)


def test_only_the_fields_asked_for(api, three):
    rows = api.get(URL, {"fields": "uuid,name"}).json()["results"]
    assert [set(row) for row in rows] == [{"uuid", "name"}] * 3
    one = api.get(f"{URL}{rows[0]['uuid']}/", {"fields": "name"})
    assert one.json() == {"name": "Three"}
    assert one["ETag"] == api.get(f"{URL}{rows[0]['uuid']}/")["ETag"]  # good for If-Match as well


def test_an_unknown_field_is_refused_naming_those_there_are(api, three):
    answer = api.get(URL, {"fields": "uuid,nam"})
    assert answer.status_code == 400
    assert "'nam'" in answer.json()["errors"]["fields"][0]
    assert "name" in answer.json()["errors"]["fields"][0].partition("Allowed:")[2]


def test_a_misspelt_parameter_is_refused_naming_the_nearest(api):
    answer = api.get("/api/v1/backtests/", {"statu": "done"})
    assert answer.status_code == 400
    assert "'status'" in answer.json()["errors"]["statu"][0]


def test_a_misspelt_member_is_refused_naming_the_nearest(api):
    answer = api.post(URL, {"name": "One", "txt": CROSS})
    assert answer.status_code == 400
    assert "'text'" in answer.json()["errors"]["txt"][0]


def test_what_was_read_may_be_sent_back(api, three):
    row = api.get(URL).json()["results"][0]
    path = f"{URL}{row['uuid']}/"
    assert api.put(path, row, headers={"If-Match": api.get(path)["ETag"]}).status_code == 200


def test_pages_follow_the_cursor_and_are_linked(api, three):
    first = api.get(URL, {"page_size": 2})
    assert [row["name"] for row in first.json()["results"]] == ["Three", "Two"]
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = api.get(first.json()["next"])
    assert [row["name"] for row in second.json()["results"]] == ["One"]
    assert second["Link"].endswith('rel="prev"')


@pytest.mark.parametrize("size", ["0", "201", "-1", "many", "", "²"])
def test_a_wrong_page_size_is_refused(api, size):
    assert api.get(URL, {"page_size": size}).status_code == 400


@pytest.mark.parametrize("cursor", ["x", "cD1mb28=", "!"])
def test_a_made_up_cursor_is_refused(api, three, cursor):
    answer = api.get(URL, {"cursor": cursor})
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid_cursor"
